"use client";

import { Code, ConnectError } from "@connectrpc/connect";
import { skipToken, useQuery, useTransport } from "@connectrpc/connect-query";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import type { Preview } from "@/gen/ops/v1/preview_pb";
import { patiently } from "@/rpc/patient";

/** What is looked ahead at. */
export interface PreviewSubject {
  readonly kind: "action" | "incident";
  readonly id: string;
}

/**
 * What would come of a proposal, or of what could be done about an incident. It is computed once, when it is wanted for the first time,
 * and again only on demand: it costs the simulation's machine a second or some.
 */
export function usePreview({ kind, id }: PreviewSubject, wanted: boolean) {
  const options = {
    transport: patiently(useTransport()),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    select: inAnswer,
  };
  const ofAction = useQuery(ActionService.method.previewAction, kind === "action" ? { actionId: id } : skipToken, options);
  const ofIncident = useQuery(ActionService.method.previewIncident, kind === "incident" ? { incidentId: id } : skipToken, options);
  return kind === "action" ? ofAction : ofIncident;
}

export type PreviewQuery = ReturnType<typeof usePreview>;

function inAnswer({ preview }: { readonly preview?: Preview }): Preview {
  if (!preview) throw new ConnectError("The answer holds no preview. Try again.", Code.Internal);
  return preview;
}
