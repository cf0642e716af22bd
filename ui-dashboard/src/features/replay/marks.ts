/** What happened in a run, as marks on a timeline. Pure. */
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";
import type { Span } from "./past";

export const LANES = ["faults", "scenario", "actions", "health"] as const;
export type Lane = (typeof LANES)[number];

/** `begin` is something that goes wrong or starts, `end` something that is over or well again. */
export type MarkShape = "begin" | "end" | "failed";

export interface Mark {
  readonly lane: Lane;
  readonly tick: number;
  readonly shape: MarkShape;
}

const { RUN_STARTED, SCENARIO_SET, CHAOS_SET, FAULT_STARTED, FAULT_ENDED, ...KIND } = SimulationEventKind;

const LOOKS: ReadonlyMap<SimulationEventKind, Omit<Mark, "tick">> = new Map<SimulationEventKind, Omit<Mark, "tick">>([
  [FAULT_STARTED, { lane: "faults", shape: "begin" }],
  [FAULT_ENDED, { lane: "faults", shape: "end" }],
  [RUN_STARTED, { lane: "scenario", shape: "begin" }],
  [SCENARIO_SET, { lane: "scenario", shape: "begin" }],
  [CHAOS_SET, { lane: "scenario", shape: "begin" }],
  [KIND.ACTION_EXECUTING, { lane: "actions", shape: "begin" }],
  [KIND.ACTION_SUCCEEDED, { lane: "actions", shape: "end" }],
  [KIND.ACTION_FAILED, { lane: "actions", shape: "failed" }],
  [KIND.SERVICE_DEGRADED, { lane: "health", shape: "begin" }],
  [KIND.SERVICE_RECOVERED, { lane: "health", shape: "end" }],
  [KIND.REPLICA_CRASHED, { lane: "health", shape: "begin" }],
  [KIND.REPLICA_READY, { lane: "health", shape: "end" }],
  [KIND.NODE_DOWN, { lane: "health", shape: "begin" }],
  [KIND.NODE_READY, { lane: "health", shape: "end" }],
  [KIND.NODE_DRAINED, { lane: "health", shape: "begin" }],
  [KIND.CIRCUIT_OPENED, { lane: "health", shape: "begin" }],
  [KIND.CIRCUIT_CLOSED, { lane: "health", shape: "end" }],
]);

/** Worth a place on the timeline, and in the list beside the map. */
export function isTold({ kind }: Pick<SimulationEvent, "kind">): boolean {
  return LOOKS.has(kind);
}

/** Marks nearer to each other than this share of the timeline cannot be told apart. */
const SLOTS = 400;

/** Marks of a part of the run, one where several would cover each other. */
export function marksOf(events: readonly SimulationEvent[], { from, to }: Span): Mark[] {
  const marks = new Map<string, Mark>();
  for (const { kind, tick: at } of events) {
    const look = LOOKS.get(kind);
    const tick = Number(at);
    if (!look || tick < from || tick > to) continue;
    const slot = Math.floor(((tick - from) / Math.max(1, to - from)) * SLOTS);
    marks.set(`${look.lane} ${look.shape} ${slot}`, { ...look, tick });
  }
  return [...marks.values()];
}

/** How long faults lasted, within a part of the run. */
export function faultSpans(events: readonly SimulationEvent[], { from, to }: Span): Span[] {
  const open = new Map<string, number>();
  const spans: Span[] = [];
  for (const { kind, tick, attributes } of events) {
    const id = attributes.fault_id ?? "";
    if (kind === FAULT_STARTED) open.set(id, Number(tick));
    const since = open.get(id);
    if (kind !== FAULT_ENDED || since === undefined) continue;
    spans.push({ from: since, to: Number(tick) });
    open.delete(id);
  }
  for (const since of open.values()) spans.push({ from: since, to });
  return spans.filter((span) => span.to >= from && span.from <= to).map((span) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }));
}

/** The next thing that happened after a tick, or before it. */
export function neighbour(events: readonly SimulationEvent[], tick: number, direction: -1 | 1): number | undefined {
  const ticks = events.filter(isTold).map((event) => Number(event.tick));
  return direction > 0 ? ticks.find((at) => at > tick) : ticks.findLast((at) => at < tick);
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** Round times within a stretch, seconds: at most so many. */
export function roundTimes(fromS: number, toS: number, most: number): number[] {
  const step = STEPS_S.find((candidate) => (toS - fromS) / candidate <= most) ?? 86_400 * Math.ceil((toS - fromS) / most / 86_400);
  const first = Math.ceil(fromS / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((toS - first) / step) + 1) }, (_, i) => first + i * step);
}
