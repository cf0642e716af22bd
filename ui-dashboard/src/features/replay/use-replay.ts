"use client";

import { throttle, useQueryStates } from "nuqs";
import { useCallback, useEffect, useMemo, useState } from "react";
import { instantMs } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { useChosenSimulation } from "@/features/simulation/use-chosen-simulation";
import type { SimulationEvent } from "@/gen/sim/v1/event_pb";
import { ticksOf } from "./moment";
import { mergeEvents, type Past, type Span } from "./past";
import { clipped, partOf, REPLAY_PARAMS } from "./replay-params";
import { usePast } from "./use-past";

/** A moment that moves goes into the URL this often. */
const URL_EVERY_MS = 500;

/** A run that is looked at: the part that is shown, and everything that is known to have happened. */
export interface Watched {
  readonly past: Past;
  readonly events: readonly SimulationEvent[];
}

/** The run of a simulation: the part in more detail once it is there, the whole until then. Of a run that is too long there is only a part. */
function useWatched(simulationId: string | null, part: Span | undefined) {
  const whole = usePast(simulationId);
  const own = useMemo(() => part && clipped(part, whole.data?.to), [part, whole.data]);
  const closer = usePast(own && !whole.isPending ? simulationId : null, own);
  const known = whole.data ?? closer.data;
  const isCloser = own !== undefined && closer.data?.from === own.from && closer.data.runId === known?.runId && !(whole.data && closer.isPlaceholderData);
  const past = isCloser ? closer.data : whole.data;
  const events = useMemo(() => (known ? mergeEvents(known.events, past?.events ?? []) : []), [known, past]);
  const watched = useMemo(() => (past ? { past, events } : undefined), [past, events]);
  const failed = own && closer.isError ? closer : whole.isError && !known && !(own && closer.isPending) ? whole : undefined;
  return { watched, whole: known, isPending: simulationId !== null && !watched && !failed, isFetching: whole.isFetching || closer.isFetching, error: failed?.error, refetch: whole.refetch, retry: failed?.refetch };
}

/** Everything that the page shows and does: from the URL, the chosen simulation, and the one beside it. */
export function useReplay() {
  const chosen = useChosenSimulation();
  const [params, set] = useQueryStates(REPLAY_PARAMS);
  const part = useMemo(() => partOf({ from: params.from, to: params.to }), [params.from, params.to]);
  const other = params.with === chosen ? null : params.with;
  const main = useWatched(chosen, part);
  const beside = useWatched(other, part);
  const { watched } = main;
  const renewed = useNewRun(chosen, main.whole, main.refetch, useCallback(() => void set({ at: null, from: null, to: null }), [set]));
  const pasts = useMemo(() => [watched?.past, beside.watched?.past].filter((past) => past !== undefined), [watched, beside.watched]);
  const end = Math.max(main.whole?.to ?? 0, beside.whole?.to ?? 0);
  const shown = useMemo(() => part && clipped(part, main.whole && end), [part, main.whole, end]);
  const span = useMemo(() => shown ?? { from: 0, to: end }, [shown, end]);
  const ticks = useMemo(() => ticksOf(pasts).filter((tick) => tick >= span.from && tick <= span.to), [pasts, span]);
  const present = useCalmCloud(({ simulation }) => (simulation?.simulationId === chosen && simulation.runId === main.whole?.runId ? Number(simulation.tick) : undefined));
  const seek = useCallback((at: number | null) => void set({ at }, { limitUrlUpdates: throttle(URL_EVERY_MS) }), [set]);
  const show = useCallback((next: Span | undefined) => void set({ from: next?.from ?? null, to: next?.to ?? null }, { history: "push" }), [set]);
  // Without a moment, the latest one that both runs have.
  const latest = Math.min(span.to, ...pasts.map(({ to }) => to));
  const at = Math.min(Math.max(params.at ?? latest, span.from), span.to);
  return {
    chosen,
    other,
    service: params.service,
    main,
    beside,
    renewed,
    end,
    span,
    ticks,
    /** The tick that is looked at. */
    at,
    /** Where the simulation stands now. */
    present: present ?? Number(main.whole?.simulation.state?.tick ?? end),
    isZoomed: shown !== undefined,
    seek,
    show,
    compareWith: useCallback((id: string | null) => void set({ with: id }, { history: "push" }), [set]),
    drawService: useCallback((id: string | null) => void set({ service: id }), [set]),
  };
}

export type Replay = ReturnType<typeof useReplay>;

/** Notices that the simulation began a new run: what was looked at is asked for anew, and `onNew` told. Says so afterwards. */
function useNewRun(simulationId: string, past: Past | undefined, refetch: () => unknown, onNew: () => void): boolean {
  const startedMs = useCalmCloud(({ simulation }) => (simulation?.simulationId === simulationId ? instantMs(simulation.startedAt) : undefined));
  const isOver = past !== undefined && startedMs !== undefined && startedMs > past.startMs;
  const [runs, setRuns] = useState<readonly string[]>([]);
  if (past && past.runId !== "" && !runs.includes(past.runId)) setRuns([...runs, past.runId]);
  const renewed = runs.length > 1;
  useEffect(() => {
    if (isOver) refetch();
  }, [isOver, refetch]);
  useEffect(() => {
    if (renewed) onNew();
  }, [renewed, runs, onNew]);
  return renewed;
}
