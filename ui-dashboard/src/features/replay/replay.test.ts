import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { CloudMapSchema } from "@/gen/sim/v1/metrics_pb";
import { type Simulation, SimulationSchema } from "@/gen/sim/v1/simulation_pb";
import { SimulationServiceReplayResponseSchema } from "@/gen/sim/v1/simulation_service_pb";
import { aMap, aReplay, aSample, aState, anEvent, RUN } from "@/testing/fixtures";
import { comparable, partingOf, totalsOf } from "./compare";
import { doorsOf, lineOf } from "./lines";
import { faultSpans, marksOf, neighbour, roundTimes } from "./marks";
import { faultsAt, frameAt, momentOf, tickAfterKey, topologyAt } from "./moment";
import { assemble, loadPast, mergeEvents, type Past } from "./past";
import { pastData } from "./past-options";
import { clipped, partOf, stretched, zoomed } from "./replay-params";

const WELL = { gateway: { request_rate: 100, error_rate: 0, latency_p99: 100, replicas: 1, replicas_missing: 0 }, orders: { request_rate: 300, error_rate: 0, latency_p99: 50, replicas: 2, replicas_missing: 0 } };
const ILL = { ...WELL, gateway: { ...WELL.gateway, error_rate: 20, latency_p99: 900 }, orders: { ...WELL.orders, replicas: 0, replicas_missing: 2 } };

const fault = (tick: number, id: string, kind: SimulationEventKind) => anEvent({ id: `${id} ${kind}`, tick: BigInt(tick), kind, target: { kind: TargetKind.SERVICE, id: "orders" }, attributes: { fault_id: id, fault: "memory_leak", severity: "0.6" } });
const { FAULT_STARTED, FAULT_ENDED, SERVICE_DEGRADED, CLOCK_CHANGED } = SimulationEventKind;

/** A run of so many seconds, ill from one of them on. */
function run(seconds: number, illFromS = Number.POSITIVE_INFINITY, init: Exclude<MessageInitShape<typeof SimulationSchema>, Simulation> = {}): Past {
  const frames = Array.from({ length: seconds }, (_, i) => aSample(i + 1, i + 1 >= illFromS ? ILL : WELL, i === 0 ? { map: aMap() } : {}));
  return assemble([aReplay({ frames, simulation: { id: "default", displayName: "default", state: aState({ tick: BigInt(seconds * 20) }), ...init } })]);
}

describe("the past of a run", () => {
  it("is put together from pages, with the map of each moment, and what lies at their borders once", async () => {
    const both = anEvent({ id: "both", tick: 40n });
    const pages = [
      aReplay({ frames: Array.from({ length: 60 }, (_, i) => aSample(i + 1, WELL, i === 0 ? { map: aMap() } : {})), events: [both], eventsLeftOut: 2n, nextTick: 1_220n, simulation: { id: "default", state: aState({ tick: 1_300n }) } }),
      aReplay({ frames: [aSample(61, WELL, { map: aMap({ services: ["gateway", "orders", "cache"] }) }), aSample(64, ILL)], events: [both, anEvent({ id: "late", tick: 1_225n })], eventsLeftOut: 1n, simulation: { id: "default", state: aState({ tick: 1_350n }) } }),
    ];
    const ask = vi.fn((_: object) => Promise.resolve(pages.shift() ?? aReplay()));
    const past = await loadPast(ask, { simulationId: "default", part: undefined });
    expect(ask.mock.calls.map(([request]) => request)).toEqual([
      { simulationId: "default", fromTick: 0n, toTick: 0n, frames: 300 },
      { simulationId: "default", fromTick: 1_220n, toTick: 1_300n, frames: 240 },
    ]);
    expect(past.frames.slice(-4).map(({ tick, map }) => [tick, map?.services.length])).toEqual([[1_180, 2], [1_200, 2], [1_220, 3], [1_280, 3]]);
    expect(past.events.map(({ id }) => id)).toEqual(["both", "late"]);
    expect(past).toMatchObject({ eventsLeftOut: 3, runId: RUN, tickMs: 50, from: 0, to: 1_280 });
  });

  it("of a large cloud has fewer samples, spread over the whole run", async () => {
    const frame = (tick: bigint) => aSample(Number(tick) / 20, WELL);
    const ask = vi.fn(({ fromTick, frames }: { fromTick?: bigint; frames?: number }) => {
      const [from, left] = [fromTick ?? 0n, frames ?? 0];
      const shown = Math.min(left, 10);
      return Promise.resolve(aReplay({ frames: Array.from({ length: shown }, (_, i) => frame(from + 20n * BigInt(i + 1))), nextTick: left > shown ? from + 200n : 0n, simulation: { id: "default", state: aState({ tick: 9_000n }) } }));
    });
    const past = await loadPast(ask as Parameters<typeof loadPast>[0], { simulationId: "default", part: undefined });
    expect(ask.mock.calls.map(([{ frames }]) => frames)).toEqual([300, 50, 40, 30, 20, 10]);
    expect(past.frames).toHaveLength(50);
  });

  it("asks no further when a page is empty, or everything was given", async () => {
    const ask = vi.fn(() => Promise.resolve(aReplay({ nextTick: 60n })));
    expect((await loadPast(ask, { simulationId: "default", part: { from: 40, to: 80 } })).frames).toEqual([]);
    expect(ask).toHaveBeenCalledOnce();
  });

  it("is not that of two runs", () => {
    const pages = [aReplay({ frames: [aSample(1, WELL)] }), aReplay({ frames: [aSample(62, WELL, { runId: "next" })] })];
    expect(() => assemble(pages)).toThrow(new ConnectError("The simulation began a new run meanwhile. Try again.", Code.Aborted));
    expect(() => assemble([create(SimulationServiceReplayResponseSchema)])).toThrow(/names no simulation/);
  });

  it("tells of no faults in a blind game", () => {
    const past = assemble([aReplay({ events: [fault(20, "f", FAULT_STARTED), anEvent()], simulation: { id: "game-1", state: aState({ scenario: "game" }) } })]);
    expect(past.events.map(({ kind }) => kind)).toEqual([SERVICE_DEGRADED]);
  });

  it("keeps what is known of the whole when a part is looked at", () => {
    const [early, late, between] = [anEvent({ id: "a", tick: 1n }), anEvent({ id: "c", tick: 9n }), anEvent({ id: "b", tick: 5n })];
    expect(mergeEvents([early, late], [between, late]).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });
});

describe("a moment", () => {
  const past = run(5, 3);

  it("shows the last sample before it, and nothing beyond the end of the run", () => {
    expect(frameAt(past, 59)?.tick).toBe(40);
    expect(frameAt(past, 60)?.tick).toBe(60);
    expect(frameAt(past, 1)?.tick).toBe(20);
    expect(frameAt(past, 101)).toBeUndefined();
  });

  it.each([
    ["ArrowRight", 60],
    ["ArrowUp", 60],
    ["ArrowLeft", 20],
    ["ArrowDown", 20],
    ["PageUp", 100],
    ["PageDown", 20],
    ["Home", 20],
    ["End", 100],
    ["a", undefined],
  ])("goes with %s from 40 to %s", (key, tick) => {
    expect(tickAfterKey(key, [20, 40, 60, 80, 100], 40)).toBe(tick);
    expect(tickAfterKey(key, [], 40)).toBeUndefined();
  });

  it("knows how the services were, who called whom, and where traffic entered", () => {
    const [first, last] = [past.frames[0], past.frames.at(-1)];
    if (!first || !last) throw new Error("no frames");
    const topology = topologyAt(first);
    expect(topology.services.map(({ id, entry, health, desiredReplicas }) => [id, entry, health, desiredReplicas])).toEqual([["gateway", true, "healthy", 1], ["orders", false, "healthy", 2]]);
    expect(topology.edges).toMatchObject([{ fromServiceId: "gateway", toServiceId: "orders" }]);
    expect(topologyAt(last).services.map(({ health }) => health)).toEqual(["degraded", "down"]);
    const moment = momentOf(last, [fault(20, "f", FAULT_STARTED)], 100);
    expect(moment).toMatchObject({ unwell: 2, signals: { trafficRps: 100, errorRatePercent: 20, latencyP99Ms: { value: 900, who: "gateway" } } });
    expect([...moment.faults.values()].flat()).toEqual([{ id: "f", kind: "memory_leak", words: "memory_leak, severity 0.6" }]);
  });

  it("does not take silence for health", () => {
    const silent = assemble([aReplay({ frames: [aSample(1, {}, { map: aMap() })] })]).frames[0];
    if (!silent) throw new Error("no frame");
    expect(momentOf(silent, [], 20)).toMatchObject({ unwell: undefined, signals: { trafficRps: undefined } });
    expect(topologyAt({ ...silent, map: undefined }).services).toEqual([]);
    expect(doorsOf({ map: undefined })).toEqual([]);
  });

  it("has the faults that had begun and not ended", () => {
    const events = [fault(10, "a", FAULT_STARTED), fault(20, "b", FAULT_STARTED), fault(30, "a", FAULT_ENDED)];
    expect(faultsAt(events, 25).map(({ spec }) => spec?.id)).toEqual(["a", "b"]);
    expect(faultsAt(events, 30).map(({ spec }) => spec?.id)).toEqual(["b"]);
  });
});

describe("the timeline", () => {
  const events = [fault(10, "a", FAULT_STARTED), anEvent({ id: "1", tick: 20n }), anEvent({ id: "2", tick: 20n }), anEvent({ id: "3", tick: 25n, kind: CLOCK_CHANGED }), fault(30, "a", FAULT_ENDED), fault(40, "b", FAULT_STARTED)];

  it("has a mark for what is told, one where several would cover each other", () => {
    expect(marksOf(events, { from: 0, to: 100 }).map(({ lane, shape, tick }) => `${lane} ${shape} ${tick}`)).toEqual(["faults begin 10", "health begin 20", "faults end 30", "faults begin 40"]);
    expect(marksOf(events, { from: 15, to: 29 })).toHaveLength(1);
  });

  it("shows how long faults lasted, within what is shown", () => {
    expect(faultSpans(events, { from: 20, to: 100 })).toEqual([{ from: 20, to: 30 }, { from: 40, to: 100 }]);
    expect(faultSpans(events, { from: 50, to: 60 })).toEqual([{ from: 50, to: 60 }]);
  });

  it("leads from event to event", () => {
    expect([neighbour(events, 20, 1), neighbour(events, 20, -1), neighbour(events, 40, 1)]).toEqual([30, 10, undefined]);
  });

  it("has round times, not too many", () => {
    expect(roundTimes(0, 600, 6)).toEqual([0, 120, 240, 360, 480, 600]);
    expect(roundTimes(95, 130, 6)).toEqual([100, 110, 120, 130]);
    expect(roundTimes(0, 0, 6)).toEqual([0]);
    expect(roundTimes(0, 86_400 * 20, 6).length).toBeLessThanOrEqual(7);
  });

  it("is looked at closer around the moment, and never beyond the run", () => {
    expect(zoomed({ from: 0, to: 10_000 }, 5_000, 0.5, 10_000)).toEqual({ from: 2_500, to: 7_500 });
    expect(zoomed({ from: 0, to: 10_000 }, 10_000, 0.5, 10_000)).toEqual({ from: 5_000, to: 10_000 });
    expect(zoomed({ from: 9_000, to: 10_000 }, 9_500, 2, 10_000)).toEqual({ from: 8_000, to: 10_000 });
    expect(zoomed({ from: 0, to: 6_000 }, 0, 2, 10_000)).toBeUndefined();
    expect(stretched(990, 1_000, 10_000)).toEqual({ from: 895, to: 1_095 });
    expect(stretched(9_990, 10_000, 10_000)).toEqual({ from: 9_800, to: 10_000 });
    expect([clipped({ from: 10, to: 50 }, 30), clipped({ from: 10, to: 50 }, 10), clipped({ from: 10, to: 50 }, undefined)]).toEqual([{ from: 10, to: 30 }, undefined, { from: 10, to: 50 }]);
    expect([partOf({ from: 5, to: 5 }), partOf({ from: -5, to: 5 }), partOf({ from: null, to: 5 }), partOf({ from: 0, to: 5 })]).toEqual([undefined, undefined, undefined, { from: 0, to: 5 }]);
  });
});

describe("two runs", () => {
  const simulation = (id: string, parent?: string, tick = 0n, runId = RUN) => create(SimulationSchema, { id, state: aState(), ...(parent !== undefined && { forkedFrom: { simulationId: parent, runId, tick } }) });

  it("part where one left the other, or the first left the one that both come from", () => {
    const [parent, child, sibling] = [simulation("default"), simulation("a", "default", 40n), simulation("b", "default", 20n)];
    expect([partingOf(parent, child), partingOf(child, parent), partingOf(child, sibling)]).toEqual([40, 40, 20]);
    expect(partingOf(parent, simulation("c"))).toBeUndefined();
    expect(partingOf(parent, simulation("d", "default", 40n, "an earlier run"))).toBeUndefined();
  });

  it("are compared from there on, to where the shorter one ends", () => {
    const [parent, child] = [run(60, 31), run(40, 36, { id: "a", forkedFrom: { simulationId: "default", runId: RUN, tick: 400n } })];
    const stretch = comparable(parent, child);
    expect(stretch).toEqual({ from: 400, to: 800 });
    const [own, theirs] = [totalsOf(parent, stretch), totalsOf(child, stretch)];
    expect(own).toMatchObject({ requests: 2_000, failedPct: 10, worstP99Ms: 900, meanP99Ms: 500 });
    expect(own.brokenMin).toBeCloseTo(10 / 60);
    expect(theirs).toMatchObject({ requests: 2_000, failedPct: 5 });
  });

  it("lose nothing that is known where nothing was measured", () => {
    const silent = assemble([aReplay({ frames: [aSample(1, {}, { map: aMap() }), aSample(2, {})] })]);
    expect(totalsOf(silent, { from: 0, to: 40 })).toEqual({ requests: undefined, failedPct: undefined, meanP99Ms: undefined, worstP99Ms: undefined, brokenMin: undefined });
  });

  it("share an axis: a gap is a gap, and the shorter line ends", () => {
    const map = create(CloudMapSchema, aMap());
    const past = (seconds: number[], errors: number[]) => assemble([aReplay({ frames: seconds.map((second, i) => aSample(second, { gateway: { request_rate: 10, error_rate: errors[i] ?? 0 } }, { map })) })]);
    const lines = [past([1, 3], [2, Number.NaN]), past([1, 2], [4, 6])].map((one) => ({ name: "", line: lineOf(one, "error_rate", null) }));
    expect(pastData(lines)).toEqual([[1, 2, 3], [2, undefined, null], [4, 6, undefined]]);
    expect(lineOf(past([1], [7]), "error_rate", "gateway").values).toEqual([7]);
  });
});
