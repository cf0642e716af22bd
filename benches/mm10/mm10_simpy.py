"""M/M/10 at 80 % load in SimPy, request by request: 200 simulated seconds."""

import random
import time

import simpy

WORKERS = 10
SERVICE_S = 0.01
RATE_RPS = 0.8 * WORKERS / SERVICE_S
DURATION_S = 200.0


def main() -> None:
    random.seed(42)
    env = simpy.Environment()
    workers = simpy.Resource(env, capacity=WORKERS)
    sojourns: list[float] = []

    def request():
        arrived = env.now
        with workers.request() as turn:
            yield turn
            yield env.timeout(random.expovariate(1.0 / SERVICE_S))
        sojourns.append(env.now - arrived)

    def source():
        while True:
            yield env.timeout(random.expovariate(RATE_RPS))
            env.process(request())

    env.process(source())
    start = time.process_time()
    env.run(until=DURATION_S)
    seconds = time.process_time() - start
    mean_ms = sum(sojourns) / len(sojourns) * 1000.0
    print(
        f"mm10: SimPy: {DURATION_S / seconds:.0f} × real time ({2 * len(sojourns) / seconds / 1e6:.2f} M events/s), "
        f"mean sojourn {mean_ms:.3f} ms"
    )


main()
