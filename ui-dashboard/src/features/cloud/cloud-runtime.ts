/**
 * Connects the store to the world for as long as a page is open: the stream, the topology that the stream does not
 * repeat, and the stored past that charts and lists of events begin with.
 */
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { type MetricName } from "@/format/format";
import { StreamClient } from "@/features/stream/stream-client";
import type { StreamEvent } from "@/features/stream/stream-event";
import { TelemetryAggregate, TelemetryService } from "@/gen/ops/v1/telemetry_service_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { answers } from "./answers";
import { MAX_EVENTS } from "./cloud-state";
import type { CloudStore } from "./cloud-store";
import type { StoredSeries } from "./history";

const CHARTED: readonly MetricName[] = ["request_rate", "error_rate", "latency_p99", "cpu_usage"];
/** Events come in bursts; the topology is asked for once per burst. */
const TOPOLOGY_DELAY_MS = 400;

/** After these the topology is not what it was. */
const CHANGES_TOPOLOGY: ReadonlySet<SimulationEventKind> = new Set([
  SimulationEventKind.RUN_STARTED,
  SimulationEventKind.SCENARIO_SET,
  SimulationEventKind.SERVICE_DEGRADED,
  SimulationEventKind.SERVICE_RECOVERED,
  SimulationEventKind.REPLICA_CRASHED,
  SimulationEventKind.REPLICA_READY,
  SimulationEventKind.NODE_DOWN,
  SimulationEventKind.NODE_READY,
  SimulationEventKind.NODE_DRAINED,
  SimulationEventKind.ACTION_EXECUTING,
  SimulationEventKind.ACTION_SUCCEEDED,
]);

export interface CloudRuntime {
  readonly retryNow: () => void;
  readonly stop: () => void;
}

export function startCloud(cloud: CloudStore, transport: Transport, streamUrl: string): CloudRuntime {
  const control = createClient(ControlService, transport);
  const telemetry = createClient(TelemetryService, transport);
  const over = new AbortController();
  let topologyTimer: ReturnType<typeof setTimeout> | undefined;
  let owed = false;

  const refreshTopology = () => {
    topologyTimer ??= setTimeout(() => {
      topologyTimer = undefined;
      owed = !answers(cloud.getState());
      if (!owed) void loadTopology(control, cloud, over.signal);
    }, TOPOLOGY_DELAY_MS);
  };
  const onEvent = (event: StreamEvent) => {
    cloud.enqueue(event);
    if (event.kind === "event" && CHANGES_TOPOLOGY.has(event.message.kind)) refreshTopology();
  };
  const stream = new StreamClient({
    url: streamUrl,
    onEvent,
    onStatus: (status) => cloud.setConnection(status),
    onMalformed: (problem) => cloud.noteMalformed(problem),
  });
  const wake = () => {
    if (document.visibilityState === "visible") stream.retryNow();
  };
  const unsubscribe = cloud.subscribe((state, before) => {
    const firstSample = state.sample && state.sample.runId !== before.sample?.runId;
    if (firstSample) void loadHistory(telemetry, cloud, over.signal);
    const answersAgain = answers(state) && !answers(before);
    const isNew = state.snapshots !== before.snapshots;
    const isNewRun = state.simulation?.runId !== before.simulation?.runId;
    if (state.simulation && (isNew || isNewRun)) void loadEvents(telemetry, cloud, over.signal);
    if ((isNew && !state.topology) || (answersAgain && (owed || !state.topology))) refreshTopology();
  });
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  stream.start();

  return {
    retryNow: () => stream.retryNow(),
    stop: () => {
      over.abort();
      clearTimeout(topologyTimer);
      unsubscribe();
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      stream.stop();
    },
  };
}

async function loadTopology(control: Client<typeof ControlService>, cloud: CloudStore, signal: AbortSignal): Promise<void> {
  try {
    const { topology } = await control.getTopology({}, { signal });
    if (topology && !signal.aborted) cloud.noteTopology(topology);
  } catch {
    // The page keeps what it knows; the next change or snapshot asks again.
  }
}

/** What happened in the run before the page listened, or while it was cut off. Without it the lists are only shorter. */
async function loadEvents(telemetry: Client<typeof TelemetryService>, cloud: CloudStore, signal: AbortSignal): Promise<void> {
  const runId = cloud.getState().simulation?.runId;
  if (runId === undefined) return;
  try {
    const { events } = await telemetry.events({ runId, limit: MAX_EVENTS }, { signal });
    if (!signal.aborted) cloud.noteStoredEvents(events);
  } catch {
    // As above.
  }
}

/** The last ten minutes from the store. Charts are complete without them, only shorter, so a failure is not an error. */
async function loadHistory(telemetry: Client<typeof TelemetryService>, cloud: CloudStore, signal: AbortSignal): Promise<void> {
  const sample = cloud.getState().sample;
  if (!sample) return;
  try {
    const answers = await Promise.all(CHARTED.map((metric) => loadMetric(telemetry, metric, sample.intervalMs / 1_000, signal)));
    if (!signal.aborted && cloud.getState().sample?.runId === sample.runId) cloud.backfill(answers.flat());
  } catch {
    // As above.
  }
}

async function loadMetric(telemetry: Client<typeof TelemetryService>, metric: MetricName, stepS: number, signal: AbortSignal): Promise<StoredSeries[]> {
  const request = { metric, stepS: Math.max(1, stepS), aggregate: TelemetryAggregate.AVG };
  const { series } = await telemetry.query(request, { signal });
  return series.flatMap(({ target, timeMs, values }) =>
    target ? [{ kind: "service" as const, metric, id: target.id, timesMs: timeMs.map(Number), values }] : [],
  );
}
