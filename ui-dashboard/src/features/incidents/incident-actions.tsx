"use client";

import { ActionCard } from "@/features/actions/action-card";
import { actionTitle, effectLook, outcomeSentence, statusLook } from "@/features/actions/action-words";
import { keepUnits } from "@/format/format";
import { useConflicts } from "@/features/actions/conflicts";
import { PredictionNote } from "@/features/actions/prediction-note";
import { IncidentPreview } from "@/features/preview/incident-preview";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { useIncidentActions } from "./use-incident-actions";

/** What was proposed, decided and achieved for this incident; while nothing waits for a decision, what could be done. */
export function IncidentActions({ incident }: { incident: Incident }) {
  const { actions, isPending, isError, error, refetch } = useIncidentActions(incident);
  const conflicts = useConflicts((state) => state.byAction);
  const waiting = actions.some(({ status }) => status === ActionStatus.PROPOSED);
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <div className="min-w-0">
        <h3 className="mb-2 text-[13px] font-semibold">Actions</h3>
        {isPending && actions.length === 0 && <SkeletonRows rows={2} label="Loading actions" />}
        {isError && actions.length === 0 && <ErrorState error={error} what="The actions could not be loaded." onRetry={() => void refetch()} />}
        {!isPending && !isError && actions.length === 0 && (
          <p className="text-xs text-ink-muted">{incident.resolved ? "It resolved without an action." : "No action has been proposed yet."}</p>
        )}
        <ul className="flex flex-col gap-2">
          {actions.map((action) => {
            const conflict = conflicts.get(action.id);
            const waits = action.status === ActionStatus.PROPOSED || conflict !== undefined;
            return <li key={action.id}>{waits ? <ActionCard action={conflict?.action ?? action} conflict={conflict} withIncident={false} initiallyAhead /> : <Settled action={action} />}</li>;
          })}
        </ul>
      </div>
      {!incident.resolved && !isPending && !waiting && <IncidentPreview incidentId={incident.id} />}
    </div>
  );
}

function Settled({ action }: { action: Action }) {
  const status = statusLook(action.status);
  const effect = effectLook(action);
  return (
    <div className="rounded-md border border-line px-3 py-2">
      <p className="flex flex-wrap items-center gap-2 text-[13px]">
        <span className="font-medium">{actionTitle(action)}</span>
        <Badge tone={status.tone}>{status.word}</Badge>
        {effect && <Badge tone={effect.tone}>{effect.word}</Badge>}
        {action.decidedBy !== "" && <span className="text-xs text-ink-muted">decided by {action.decidedBy}</span>}
      </p>
      <p className="mt-1 text-xs break-words text-ink-muted">{keepUnits(outcomeSentence(action) || action.reason)}</p>
      <PredictionNote actionId={action.id} />
    </div>
  );
}
