"use client";

import { Users } from "lucide-react";
import { formatAgo, instantMs } from "@/format/format";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import { useServerNow } from "@/features/clock/use-server-now";
import { Button } from "@/ui/button";
import { statusLook } from "./action-words";
import { type Conflict, useConflicts } from "./conflicts";

/** Somebody was faster, or the moment has passed: who, what, when, and that nothing more is needed. */
export function ConflictNotice({ conflict }: { conflict: Conflict }) {
  const dismiss = useConflicts((state) => state.dismiss);
  const now = useServerNow();
  return (
    <div role="alert" className="flex items-start gap-3 rounded-md bg-raised p-3 text-[13px]">
      <Users aria-hidden className="mt-0.5 size-4 shrink-0 text-info" />
      <div className="min-w-0">
        <p className="font-medium">{whoWasFirst(conflict.action, now)}</p>
        <p className="text-xs break-words text-ink-muted">{conflict.message}</p>
      </div>
      <Button size="sm" className="ml-auto" onClick={() => dismiss(conflict.action.id)}>
        Got it
      </Button>
    </div>
  );
}

/** `Ana rejected this 2 s ago.` */
export function whoWasFirst({ status, decidedBy, decidedAt, decisionReason }: Action, now: number): string {
  const at = instantMs(decidedAt);
  const when = at === undefined ? "" : ` ${formatAgo(now - at)}`;
  const why = decisionReason === "" ? "." : `: ${decisionReason}`;
  switch (status) {
    case ActionStatus.PROPOSED:
      return "This proposal has changed since it was shown. Look at it again.";
    case ActionStatus.REJECTED:
      return `${decidedBy || "Somebody"} rejected this${when}${why}`;
    case ActionStatus.EXPIRED:
      return "This proposal expired before the decision arrived.";
    case ActionStatus.SUPERSEDED:
    case ActionStatus.CANCELLED:
      return `This proposal is ${statusLook(status).word.toLowerCase()}${why}`;
    default:
      return decidedBy === "" ? `This action is already ${statusLook(status).word.toLowerCase()}.` : `${decidedBy} approved this${when}.`;
  }
}
