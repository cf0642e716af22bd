"use client";

import { Users } from "lucide-react";
import Link from "next/link";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
import { useServerNow } from "@/features/clock/use-server-now";
import { Button } from "@/ui/button";
import { whatBecameOfYours, whoWasFirst } from "./conflict-words";
import { type Conflict, useConflicts } from "./conflicts";

/** Somebody was faster, or the moment has passed: who, what, when, and what to do now. */
export function ConflictNotice({ conflict }: { conflict: Conflict }) {
  const dismiss = useConflicts((state) => state.dismiss);
  const now = useServerNow();
  const { id, incidentId, status } = conflict.action;
  return (
    <div role="alert" className="flex items-start gap-3 rounded-md bg-raised p-3 text-[13px]">
      <Users aria-hidden className="mt-0.5 size-4 shrink-0 text-info" />
      <div className="min-w-0">
        <p className="font-medium break-words">{whoWasFirst(conflict, now)}</p>
        <p className="text-xs text-ink-muted">
          {whatBecameOfYours(conflict)}
          {status === ActionStatus.EXPIRED && incidentId !== "" && (
            <>
              {" While "}
              <Link href={`/incidents/?id=${incidentId}`} className="text-accent-ink underline" onClick={() => dismiss(id)}>
                its incident
              </Link>
              {" is open, the agent may propose again, and you can propose something there yourself."}
            </>
          )}
        </p>
      </div>
      <Button size="sm" className="ml-auto" onClick={() => dismiss(id)}>
        Got it
      </Button>
    </div>
  );
}
