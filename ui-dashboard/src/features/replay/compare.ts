/** Two runs side by side: where they part, and what each lost from there on. Pure. */
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import { MOST_FAILED_PCT, ofUsers, SLOWEST_MS } from "./lines";
import type { Past, Span } from "./past";

/** The first tick that the two did not have in common; nothing when they are not related. */
export function partingOf(one: Simulation, other: Simulation): number | undefined {
  const [own, theirs] = [one.forkedFrom, other.forkedFrom];
  if (own && isRun(own, other)) return Number(own.tick);
  if (theirs && isRun(theirs, one)) return Number(theirs.tick);
  const related = own && theirs && own.simulationId === theirs.simulationId && own.runId === theirs.runId;
  return related ? Math.min(Number(own.tick), Number(theirs.tick)) : undefined;
}

/** Whether a fork left this very run. One whose run is not known is believed. */
function isRun(point: { readonly simulationId: string; readonly runId: string }, { id, state }: Simulation): boolean {
  return point.simulationId === id && (state === undefined || point.runId === "" || state.runId === point.runId);
}

/** The stretch in which both can be compared: from where they part to where the shorter one ends. */
export function comparable(one: Past, other: Past): Span {
  const parting = partingOf(one.simulation, other.simulation) ?? 0;
  return { from: Math.max(parting, one.from, other.from), to: Math.min(one.to, other.to) };
}

/** What users got in a stretch of a run. Nothing where nothing was measured. */
export interface Totals {
  readonly requests: number | undefined;
  readonly failedPct: number | undefined;
  readonly meanP99Ms: number | undefined;
  readonly worstP99Ms: number | undefined;
  /** Minutes in which an objective was broken. */
  readonly brokenMin: number | undefined;
}

/** Each sample stands for the time since the one before it. */
export function totalsOf({ frames, tickMs, from: begin }: Past, { from, to }: Span): Totals {
  let [requests, failed, ratedS, p99Sum, p99S, brokenS, knownS] = [0, 0, 0, 0, 0, 0, 0];
  let worst: number | undefined;
  let before = begin;
  for (const frame of frames) {
    const seconds = (Math.max(0, Math.min(frame.tick, to) - Math.max(before, from)) * tickMs) / 1_000;
    before = frame.tick;
    if (seconds === 0 || frame.tick > to) continue;
    const [rate, errors, p99] = [ofUsers(frame, "request_rate"), ofUsers(frame, "error_rate"), ofUsers(frame, "latency_p99")];
    if (rate !== undefined) {
      requests += rate * seconds;
      failed += (rate * (errors ?? 0) * seconds) / 100;
      ratedS += seconds;
    }
    if (p99 !== undefined) {
      p99Sum += p99 * seconds;
      p99S += seconds;
      worst = Math.max(worst ?? 0, p99);
    }
    if (rate !== undefined || p99 !== undefined) knownS += seconds;
    if ((errors ?? 0) > MOST_FAILED_PCT || (p99 ?? 0) > SLOWEST_MS) brokenS += seconds;
  }
  return {
    requests: ratedS > 0 ? requests : undefined,
    failedPct: requests > 0 ? (failed / requests) * 100 : undefined,
    meanP99Ms: p99S > 0 ? p99Sum / p99S : undefined,
    worstP99Ms: worst,
    brokenMin: knownS > 0 ? brokenS / 60 : undefined,
  };
}
