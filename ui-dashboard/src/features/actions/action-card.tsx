"use client";

import { ArrowUpRight, Bot } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { formatSimulatedTime, formatCount } from "@/format/format";
import type { Action } from "@/gen/ops/v1/action_pb";
import { useServerNow } from "@/features/clock/use-server-now";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { actionTitle } from "./action-words";
import type { Conflict } from "./conflicts";
import { ConflictNotice } from "./conflict-notice";
import { Expiry, remainingMs } from "./expiry";
import { RejectDialog } from "./reject-dialog";
import { useDecision } from "./use-decision";

interface ActionCardProps {
  readonly action: Action;
  readonly conflict?: Conflict;
  readonly highlighted?: boolean;
  /** Within an incident's page the way there is not needed. */
  readonly withIncident?: boolean;
}

/** One proposal: what, why, until when, and the two answers. */
export function ActionCard({ action, conflict, highlighted = false, withIncident = true }: ActionCardProps) {
  const { decide, busy } = useDecision(action);
  const [rejecting, setRejecting] = useState(false);
  const now = useServerNow();
  const over = remainingMs(action, now) <= 0;
  const title = actionTitle(action);
  return (
    <article
      aria-label={title}
      data-testid={`action-${action.id}`}
      data-incident={action.incidentId}
      className={cx("flex flex-col gap-3 rounded-lg border bg-surface p-4 shadow-card", highlighted ? "border-accent-ink" : "border-line")}
    >
      <div className="flex items-start gap-3">
        <h3 className="min-w-0 text-[15px] font-semibold break-words">{title}</h3>
        {!conflict && <Expiry action={action} now={now} />}
      </div>
      <p className="text-[13px] break-words">{action.reason || "The agent gave no reason."}</p>
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-muted">
        <span className="flex items-center gap-1">
          <Bot aria-hidden className="size-3.5" />
          {action.proposedBy || "unknown agent"}
        </span>
        <span>
          proposed {formatSimulatedTime(action.proposedAt)} sim, tick {formatCount(action.proposedAtTick)}
        </span>
        <span>attempt {formatCount(action.attempt)}</span>
        {withIncident && action.incidentId !== "" && (
          <Link href={`/incidents/?id=${action.incidentId}`} className="flex items-center gap-0.5 rounded text-accent-ink hover:underline">
            Incident
            <ArrowUpRight aria-hidden className="size-3" />
          </Link>
        )}
      </p>
      {conflict ? (
        <ConflictNotice conflict={conflict} />
      ) : (
        <div className="grid grid-cols-2 gap-2 sm:flex">
          <Button tone="primary" className="max-sm:h-11" disabled={over} busy={busy === "approve"} onClick={() => decide({ kind: "approve" })} aria-label={`Approve: ${title}`}>
            Approve
          </Button>
          <Button className="max-sm:h-11" disabled={over} busy={busy === "reject"} onClick={() => setRejecting(true)} aria-label={`Reject: ${title}`}>
            Reject…
          </Button>
        </div>
      )}
      <RejectDialog open={rejecting} onOpenChange={setRejecting} title={title} onReject={(reason) => decide({ kind: "reject", reason })} />
    </article>
  );
}
