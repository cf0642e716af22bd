"use client";

import { createConnectQueryKey } from "@connectrpc/connect-query";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { usePathname, useSearchParams } from "next/navigation";
import { useEffect, useSyncExternalStore } from "react";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import type { Game } from "@/gen/ops/v1/game_service_pb";
import { type Drill, type DrillStep, drillOf, isPassedOver } from "./drills";
import { useDrillStore } from "./drill-store";

const LOOKS_AHEAD = [
  createConnectQueryKey({ schema: ActionService.method.previewAction, cardinality: "finite" }),
  createConnectQueryKey({ schema: ActionService.method.previewIncident, cardinality: "finite" }),
];

export interface DrillProgress {
  readonly drill: Drill;
  readonly done: readonly string[];
  /** The first that can be done and is not; nothing when none is left. */
  readonly current: DrillStep | undefined;
}

/** How far a drill has come, as it was noticed. Nothing when the game is no drill of this tab. */
export function useDrillProgress({ gameId }: Pick<Game, "gameId">): DrillProgress | undefined {
  const kept = useDrillStore(({ byGame }) => byGame[gameId]);
  const drill = drillOf(kept?.drill);
  if (!drill || !kept) return undefined;
  return { drill, done: kept.done, current: drill.steps.find((step) => !kept.done.includes(step.id) && !isPassedOver(step, kept.done)) };
}

/** Notices what was done of a drill. To be used once in a tab. */
export function useDrillWatch({ gameId }: Pick<Game, "gameId">): void {
  const pathname = usePathname();
  const params = useSearchParams();
  const previewed = usePreviewed();
  const { incidents, actions, known } = useCalmCloud((state) => ({ incidents: state.incidents, actions: state.actions, known: state.snapshots > 0 }));
  const note = useDrillStore((store) => store.note);
  const kept = useDrillStore(({ byGame }) => byGame[gameId]);
  useEffect(() => {
    const facts = { pathname, params, previewed, incidents, actions, known, done: kept?.done ?? [] };
    const done = drillOf(kept?.drill)?.steps.filter(({ isDone }) => isDone(facts)).map(({ id }) => id) ?? [];
    if (done.length > 0) note(gameId, done);
  }, [kept, gameId, note, pathname, params, previewed, incidents, actions, known]);
}

/** Whether the page holds a look ahead at anything. */
function usePreviewed(): boolean {
  const queries = useQueryClient();
  return useSyncExternalStore(
    (notify) => queries.getQueryCache().subscribe(notify),
    () => hasPreview(queries),
    () => false,
  );
}

function hasPreview(queries: QueryClient): boolean {
  return LOOKS_AHEAD.some((queryKey) => queries.getQueryCache().findAll({ queryKey }).some(({ state }) => state.data !== undefined));
}
