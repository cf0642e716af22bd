/** The past of a run, as it was computed again: samples with the map of their moment, and what happened. Pure. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { told } from "@/features/cloud/blind";
import { type Sample, SampleAssembler } from "@/features/cloud/sample";
import type { SimulationEvent } from "@/gen/sim/v1/event_pb";
import type { CloudMap, MetricSnapshot } from "@/gen/sim/v1/metrics_pb";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import type { SimulationServiceReplayRequestSchema, SimulationServiceReplayResponse } from "@/gen/sim/v1/simulation_service_pb";
import { instantMs } from "@/format/format";

/** Ticks of a run, both included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A sample, and what the cloud looked like when it was taken. */
export interface Frame {
  readonly tick: number;
  readonly sample: Sample;
  readonly map: CloudMap | undefined;
}

export interface Past extends Span {
  readonly simulation: Simulation;
  readonly runId: string;
  /** Simulated time of tick 0, ms since the epoch. */
  readonly startMs: number;
  /** Length of a tick, simulated ms. */
  readonly tickMs: number;
  /** By tick. */
  readonly frames: readonly Frame[];
  /** In order. */
  readonly events: readonly SimulationEvent[];
  readonly eventsLeftOut: number;
}

/** Which past: of the whole run when no part is given. */
export interface Wanted {
  readonly simulationId: string;
  readonly part: Span | undefined;
}

export type AskReplay = (request: MessageInitShape<typeof SimulationServiceReplayRequestSchema>) => Promise<SimulationServiceReplayResponse>;

/** More than a chart has pixels for would only be waited for. */
const FRAMES = 300;
/** Every page is computed from the beginning of the run: of a large cloud fewer samples are asked for, so that few pages hold them. */
const FEW_PAGES = 6;
/** Never that many. */
const MAX_PAGES = 20;
/** Of engines that do not say. */
const USUAL_TICK_MS = 50;

/** Asks until everything is there: what does not fit in one answer comes in the next. */
export async function loadPast(ask: AskReplay, { simulationId, part }: Wanted): Promise<Past> {
  const begin = part?.from ?? 0;
  const page = (from: number, to: number, frames: number) => ask({ simulationId, fromTick: BigInt(from), toTick: BigInt(to), frames });
  let frames = FRAMES;
  let latest = await page(begin, part?.to ?? 0, frames);
  // The end stays where it was when the first page was computed.
  const end = part?.to ?? Number(latest.simulation?.state?.tick ?? 0);
  if (latest.nextTick > 0n && latest.frames.length > 0 && latest.frames.length * FEW_PAGES < frames) {
    frames = latest.frames.length * (FEW_PAGES - 1);
    latest = await page(begin, end, frames);
  }
  const pages = [latest];
  while (latest.nextTick > 0n && latest.frames.length > 0 && frames > latest.frames.length) {
    if (pages.length === MAX_PAGES) throw new ConnectError("There is too much to look at in this stretch of the run: look at a shorter one.", Code.ResourceExhausted);
    frames -= latest.frames.length;
    latest = await page(Number(latest.nextTick), end, frames);
    pages.push(latest);
  }
  return assemble(pages, part);
}

/** Pages of one answer as one past. What happened twice at their borders is told once. */
export function assemble(pages: readonly SimulationServiceReplayResponse[], part?: Span): Past {
  const simulation = pages.at(-1)?.simulation;
  if (!simulation) throw new ConnectError("The answer names no simulation.", Code.Internal);
  const frames = framesOf(pages.flatMap((page) => page.frames));
  const runs = new Set(frames.map(({ sample }) => sample.runId));
  if (runs.size > 1) throw new ConnectError("The simulation began a new run meanwhile. Try again.", Code.Aborted);
  const { state } = simulation;
  const events = new Map(pages.flatMap((page) => page.events).map((event) => [event.id, event]));
  const stands = frames.at(-1)?.tick ?? Number(state?.tick ?? 0);
  return {
    simulation,
    runId: frames[0]?.sample.runId ?? state?.runId ?? "",
    startMs: instantMs(state?.startedAt) ?? 0,
    tickMs: state?.tickMs || USUAL_TICK_MS,
    from: part?.from ?? 0,
    to: part ? Math.min(part.to, Math.max(stands, Number(state?.tick ?? 0))) : stands,
    frames,
    events: told(state, [...events.values()]),
    eventsLeftOut: pages.reduce((sum, page) => sum + Number(page.eventsLeftOut), 0),
  };
}

/** Every sample once, in order. A map holds until the next one. */
function framesOf(snapshots: readonly MetricSnapshot[]): Frame[] {
  const assembler = new SampleAssembler();
  const frames: Frame[] = [];
  let map: CloudMap | undefined;
  for (const snapshot of snapshots) {
    const sample = assembler.add(snapshot);
    map = snapshot.map ?? map;
    if (sample) frames.push({ tick: Number(sample.tick), sample, map });
  }
  return frames;
}

/** Simulated seconds since the run began. */
export function secondsOf({ tickMs }: Pick<Past, "tickMs">, tick: number): number {
  return (tick * tickMs) / 1_000;
}

export function tickOf({ tickMs }: Pick<Past, "tickMs">, seconds: number): number {
  return Math.round((seconds * 1_000) / tickMs);
}

/** What happened in the run as far as it is known from both: the whole run has the beginning, a part of it has more of itself. */
export function mergeEvents(whole: readonly SimulationEvent[], part: readonly SimulationEvent[]): readonly SimulationEvent[] {
  if (part.length === 0 || whole === part) return whole;
  const all = new Map([...whole, ...part].map((event) => [event.id, event]));
  return [...all.values()].sort((a, b) => Number(a.tick - b.tick));
}
