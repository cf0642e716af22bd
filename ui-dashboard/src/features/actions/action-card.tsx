"use client";

import { ArrowUpRight, Bot, ChevronRight } from "lucide-react";
import Link from "next/link";
import { useId, useState } from "react";
import { formatCount, formatSimulatedTime, keepUnits } from "@/format/format";
import type { Action } from "@/gen/ops/v1/action_pb";
import { useIsPaused } from "@/features/automation/use-automation";
import { useServerNow } from "@/features/clock/use-server-now";
import { PreviewSection } from "@/features/preview/preview-section";
import { PreviewVerdict } from "@/features/preview/preview-verdict";
import { usePreview } from "@/features/preview/use-preview";
import { useSeen } from "@/features/preview/use-seen";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { actionTitle } from "./action-words";
import type { Conflict } from "./conflicts";
import { ConflictNotice } from "./conflict-notice";
import { ApprovalNote } from "./approval-note";
import { Expiry, remainingMs } from "./expiry";
import { RejectDialog } from "./reject-dialog";
import { hasReplicas, readReplicas, ReplicasField } from "./replicas-field";
import { useDecision } from "./use-decision";

interface ActionCardProps {
  readonly action: Action;
  readonly conflict?: Conflict;
  readonly highlighted?: boolean;
  /** Within an incident's page the way there is not needed. */
  readonly withIncident?: boolean;
  /** What would come of it is computed as soon as the card is in view, else when it is asked for. */
  readonly initiallyAhead?: boolean;
}

const EXPIRED = "This proposal has expired: nothing is computed for it any more.";

/** One proposal: what, why, until when, the two answers, and what would come of it. */
export function ActionCard({ action, conflict, highlighted = false, withIncident = true, initiallyAhead = false }: ActionCardProps) {
  const { decide, busy } = useDecision(action);
  const [rejecting, setRejecting] = useState(false);
  const paused = useIsPaused();
  // What was typed for another version is forgotten: somebody else may have changed the number meanwhile.
  const [typed, setTyped] = useState({ version: action.version, text: String(action.replicas) });
  const replicas = typed.version === action.version ? typed.text : String(action.replicas);
  const wanted = hasReplicas(action.type) ? readReplicas(replicas) : action.replicas;
  const now = useServerNow();
  const over = remainingMs(action, now) <= 0;
  const title = actionTitle(action);
  const [ahead, setAhead] = useState(initiallyAhead);
  const { seen, ref } = useSeen();
  const preview = usePreview({ kind: "action", id: action.id }, ahead && seen && !over && !conflict);
  const verdictId = useId();
  const aheadId = useId();
  const known = preview.data !== undefined;
  return (
    <article
      ref={ref}
      aria-label={title}
      data-testid={`action-${action.id}`}
      data-incident={action.incidentId}
      className={cx("flex min-w-0 flex-col gap-3 rounded-lg border bg-surface p-4 shadow-card", ahead && !conflict && "xl:col-span-2", highlighted ? "border-accent-ink" : "border-line")}
    >
      <div className="flex items-start gap-3">
        <h3 className="min-w-0 text-[15px] font-semibold break-words">{title}</h3>
        {!conflict && <Expiry action={action} now={now} />}
      </div>
      <p className="text-[13px] break-words">{keepUnits(action.reason) || "The agent gave no reason."}</p>
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
        <Link href={`/topology/?action=${action.id}`} className="flex items-center gap-0.5 rounded text-accent-ink hover:underline">
          On the map
          <ArrowUpRight aria-hidden className="size-3" />
        </Link>
      </p>
      <ApprovalNote action={action} />
      {conflict ? (
        <ConflictNotice conflict={conflict} />
      ) : (
        <>
          {hasReplicas(action.type) && <ReplicasField value={replicas} proposed={action.replicas} onChange={(text) => setTyped({ version: action.version, text })} />}
          <div className="grid grid-cols-2 gap-2 sm:flex sm:items-start">
            <Button tone="primary" className="max-sm:h-11" disabled={over || paused || wanted === undefined} busy={busy === "approve"} onClick={() => decide({ kind: "approve", replicas: wanted === action.replicas ? undefined : wanted })} aria-label={`Approve: ${title}`} aria-describedby={known ? verdictId : undefined}>
              Approve
            </Button>
            <Button className="max-sm:h-11" disabled={over} busy={busy === "reject"} onClick={() => setRejecting(true)} aria-label={`Reject: ${title}`}>
              Reject…
            </Button>
            <PreviewVerdict id={verdictId} query={preview} className={cx("col-span-2 sm:min-h-8 sm:flex-1 sm:pt-1.5 sm:pl-2", ahead && "max-sm:min-h-15")} />
          </div>
          <div className="border-t border-line pt-3">
            <h4>
              <button type="button" aria-expanded={ahead} aria-controls={aheadId} onClick={() => setAhead(!ahead)} className="flex items-center gap-1 rounded text-[13px] font-semibold hover:underline">
                <ChevronRight aria-hidden className={cx("size-4 transition-transform", ahead && "rotate-90")} />
                What would come of it
              </button>
            </h4>
            <div id={aheadId} className="mt-2" hidden={!ahead}>
              {ahead && <PreviewSection query={preview} incidentId={action.incidentId} waiting={action} closed={over ? EXPIRED : undefined} />}
            </div>
          </div>
        </>
      )}
      <RejectDialog open={rejecting} onOpenChange={setRejecting} title={title} onReject={(reason) => decide({ kind: "reject", reason })} />
    </article>
  );
}
