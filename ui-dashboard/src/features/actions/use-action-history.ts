"use client";

import { useInfiniteQuery } from "@connectrpc/connect-query";
import { instantMs } from "@/format/format";
import { mergeNewer } from "@/features/cloud/merge-newer";
import { useCloud } from "@/features/cloud/use-cloud";
import type { Action } from "@/gen/ops/v1/action_pb";
import { ActionService } from "@/gen/ops/v1/action_service_pb";

const PAGE = 50;

/** Whose actions; without an incident, everybody's. */
interface Whose {
  readonly incidentId: string;
  /** What is known to have been put down to it. */
  readonly symptomIds: readonly string[];
}

const EVERYBODY: Whose = { incidentId: "", symptomIds: [] };

/** Actions in any state, newest first: what the store has, kept current by the stream. */
export function useActionHistory({ incidentId, symptomIds }: Whose = EVERYBODY) {
  const live = useCloud((state) => state.actions);
  const query = useInfiniteQuery(
    ActionService.method.getActionHistory,
    { incidentId, withSymptoms: incidentId !== "", limit: PAGE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const listed = query.data?.pages.flatMap(({ actions }) => actions) ?? [];
  const family = new Set([incidentId, ...symptomIds]);
  const ours = [...live.values()].filter((action) => incidentId === "" || family.has(action.incidentId));
  const actions = mergeNewer(listed, ours, ({ version }) => version).sort(newestFirst);
  return { ...query, actions };
}

function newestFirst(a: Action, b: Action): number {
  return (instantMs(b.proposedAt) ?? 0) - (instantMs(a.proposedAt) ?? 0) || b.id.localeCompare(a.id);
}
