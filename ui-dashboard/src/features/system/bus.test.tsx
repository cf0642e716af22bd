import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { SystemService } from "@/gen/ops/v1/system_service_pb";
import { renderScene } from "@/testing/render";
import { BusCard } from "./bus-card";
import { DeadLettersCard } from "./dead-letters-card";

const timestamp = (agoMs: number) => ({ seconds: BigInt(Math.floor((Date.now() - agoMs) / 1_000)), nanos: 0 });

const routes = (router: ConnectRouter) =>
  router.service(SystemService, {
    listStreams: () => ({
      streams: [
        {
          name: "SIM_METRICS", description: "Samples", present: true, messages: 1_234n, bytes: 2_097_152n, maxBytes: 10_485_760n, oldest: timestamp(90_000),
          consumers: [
            { name: "store", waiting: 12n, inFlight: 3n, redelivered: 1n, reading: true, lastAcknowledged: timestamp(5_500) },
            { name: "gone", waiting: 7n, reading: false },
          ],
        },
        { name: "OPS_ACTIONS", description: "Decisions", present: false },
      ],
    }),
    listDeadLetters: () => ({
      counts: [{ stream: "SIM_METRICS", letters: 3n }],
      letters: [
        { sequence: 3n, reason: "<b>no sample</b>", subject: "sim.metrics.default", stream: "SIM_METRICS", consumer: "store", attempts: 5n, json: '{"tick":1}' },
        { sequence: 2n, reason: "cannot be read", subject: "sim.metrics.default", stream: "SIM_METRICS", consumer: "store", attempts: 1n },
      ],
    }),
  });

it("shows what streams hold and how far their readers are", async () => {
  renderScene(<BusCard />, { routes });
  const metrics = within(await screen.findByTestId("stream-SIM_METRICS"));
  expect(metrics.getByText("1,234")).toBeTruthy();
  expect(metrics.getByText("of 10 MiB")).toBeTruthy();
  expect(metrics.getByText(/^[12] min \d\d s ago$/)).toBeTruthy();
  expect(within(screen.getByTestId("stream-OPS_ACTIONS")).getByText(/^missing/)).toBeTruthy();
  expect(within(screen.getByTestId("reader-store")).getByText("reading")).toBeTruthy();
  const gone = within(screen.getByTestId("reader-gone"));
  expect(gone.getByText("nobody reads")).toBeTruthy();
  expect(gone.getByText("not yet")).toBeTruthy();
  expect(screen.getByText("19 messages waiting to be read")).toBeTruthy();
});

it("shows the newest dead letters, as text, and what they say", async () => {
  renderScene(<DeadLettersCard />, { routes });
  expect(await screen.findByText("the newest 2 of 3")).toBeTruthy();
  const first = within(screen.getByTestId("letter-3"));
  expect(first.getByText("<b>no sample</b>")).toBeTruthy();
  expect(first.getByText('{"tick":1}')).toBeTruthy();
  expect(first.getByText("store, after 5 attempts")).toBeTruthy();
  expect(within(screen.getByTestId("letter-2")).getByText(/cannot be shown/)).toBeTruthy();
});

it("tells nothing to do from not knowing", async () => {
  renderScene(<DeadLettersCard />, { routes: (router) => router.service(SystemService, { listDeadLetters: () => ({}) }) });
  expect(await screen.findByText("No dead letters")).toBeTruthy();
});

it("says when the bus does not answer", async () => {
  const away = () => {
    throw new ConnectError("NATS does not answer", Code.Unavailable);
  };
  renderScene(<><BusCard /><DeadLettersCard /></>, { routes: (router) => router.service(SystemService, { listStreams: away, listDeadLetters: away }) });
  expect(await screen.findByText("It is not known what the streams hold.")).toBeTruthy();
  expect(await screen.findByText("It is not known whether there are dead letters.")).toBeTruthy();
});
