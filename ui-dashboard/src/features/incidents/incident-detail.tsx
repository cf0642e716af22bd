"use client";

import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { SilenceAction } from "@/features/silences/silence-action";
import { SilenceNote } from "@/features/silences/silence-note";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { Acknowledge } from "./acknowledge";
import { IncidentActions } from "./incident-actions";
import { IncidentEvidence } from "./incident-evidence";
import { IncidentFacts } from "./incident-facts";
import { IncidentImpact } from "./incident-impact";
import { IncidentSuspects } from "./incident-suspects";
import { IncidentSymptoms } from "./incident-symptoms";
import { SeverityBadge } from "./severity";
import { useIncident } from "./use-incidents";

interface Props {
  readonly id: string;
  readonly onClose: () => void;
  readonly onSelect: (id: string) => void;
}

/** One incident: what, since when, what it may come from, what it cost, the evidence, and what is done about it. */
export function IncidentDetail({ id, onClose, onSelect }: Props) {
  const { incident, isError, error, refetch } = useIncident(id);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  return (
    <section ref={panel} tabIndex={-1} aria-label="Incident" data-testid="incident-detail" data-resolved={incident?.resolved} className="min-w-0 rounded-lg border border-line bg-surface shadow-card outline-none xl:sticky xl:top-17">
      <div className="flex min-h-10 items-center gap-2 border-b border-line py-1.5 pr-1.5 pl-4">
        {incident && <SeverityBadge severity={incident.severity} />}
        {incident && <Badge tone={incident.resolved ? "ok" : "high"}>{incident.resolved ? "Resolved" : "Open"}</Badge>}
        <Button tone="quiet" size="icon" className="ml-auto" aria-label="Close the incident" title="Back to the list" onClick={onClose}>
          <X aria-hidden className="size-4" />
        </Button>
      </div>
      {incident && <Content incident={incident} onSelect={onSelect} />}
      {!incident && isError && <ErrorState error={error} what="This incident could not be loaded." onRetry={() => void refetch()} />}
      {!incident && !isError && <SkeletonRows rows={6} label="Loading the incident" />}
    </section>
  );
}

function Content({ incident, onSelect }: { incident: Incident; onSelect: (id: string) => void }) {
  return (
    <div className="flex flex-col gap-5 p-4 lg:p-5">
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <h2 className="text-lg leading-snug font-semibold tracking-tight break-words">{incident.title}</h2>
          <p className="mt-1 text-[13px] break-words text-ink-muted">{incident.description}</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Acknowledge incident={incident} />
          <SilenceAction incident={incident} />
        </div>
      </div>
      <SilenceNote incident={incident} />
      <IncidentFacts incident={incident} />
      <IncidentSuspects incident={incident} />
      <IncidentEvidence incident={incident} />
      <IncidentActions incident={incident} />
      <IncidentImpact incident={incident} />
      <IncidentSymptoms incident={incident} onSelect={onSelect} />
    </div>
  );
}
