"use client";

import { ArrowLeft, History, Waypoints } from "lucide-react";
import Link from "next/link";
import { useEffect, useMemo, useRef } from "react";
import { instantMs, keepUnits } from "@/format/format";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { SilenceAction } from "@/features/silences/silence-action";
import { SilenceNote } from "@/features/silences/silence-note";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { Acknowledge } from "./acknowledge";
import { IncidentActions } from "./incident-actions";
import { IncidentAffected } from "./incident-affected";
import { IncidentEvidence } from "./incident-evidence";
import { IncidentFacts } from "./incident-facts";
import { IncidentImpact } from "./incident-impact";
import { IncidentNotes } from "./incident-notes";
import { IncidentSuspects } from "./incident-suspects";
import { IncidentSymptoms } from "./incident-symptoms";
import { IncidentTimeline } from "./incident-timeline";
import { PostMortemExport } from "./post-mortem-export";
import { SeverityBadge } from "./severity";
import { timelineOf } from "./timeline";
import { useBreach } from "./use-evidence";
import { useFaultsAround } from "./use-faults-around";
import { useIncidentActions } from "./use-incident-actions";
import { useIncident, useSymptoms } from "./use-incidents";
import { useNotes } from "./use-notes";

interface Props {
  readonly id: string;
  readonly onClose: () => void;
  readonly onSelect: (id: string) => void;
}

/** The page of one incident: what, since when, what it may come from, what it cost, what happened, and what is done about it. */
export function IncidentDetail({ id, onClose, onSelect }: Props) {
  const { incident, isError, error, refetch } = useIncident(id);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  return (
    <section ref={panel} tabIndex={-1} aria-label="Incident" data-testid="incident-detail" data-resolved={incident?.resolved} className="min-w-0 rounded-lg border border-line bg-surface shadow-card outline-none">
      <div className="flex min-h-10 items-center gap-2 border-b border-line px-2 py-1.5">
        <Button tone="quiet" size="sm" onClick={onClose}>
          <ArrowLeft aria-hidden className="size-4" />
          All incidents
        </Button>
        {incident && <SeverityBadge severity={incident.severity} />}
        {incident && <Badge tone={incident.resolved ? "ok" : "high"}>{incident.resolved ? "Resolved" : "Open"}</Badge>}
      </div>
      {incident && <Content incident={incident} onSelect={onSelect} />}
      {!incident && isError && <ErrorState error={error} what="This incident could not be loaded." onRetry={() => void refetch()} />}
      {!incident && !isError && <SkeletonRows rows={6} label="Loading the incident" />}
    </section>
  );
}

/** Ticks are this long unless the simulation says otherwise, ms. */
const USUAL_TICK_MS = 50;

function Content({ incident, onSelect }: { incident: Incident; onSelect: (id: string) => void }) {
  const { symptoms } = useSymptoms(incident);
  const { actions } = useIncidentActions(incident);
  const { notes } = useNotes(incident.id);
  const events = useFaultsAround(incident);
  const tickMs = useCloud(({ simulation }) => simulation?.tickMs ?? USUAL_TICK_MS);
  const isThisRun = useCloud(({ simulation }) => simulation?.simulationId === incident.simulationId && simulation.runId === incident.runId);
  const nowMs = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  const breachMs = useBreach(incident);
  const steps = useMemo(() => timelineOf({ incident, symptoms, actions, events, breachMs, tickMs }), [incident, symptoms, actions, events, breachMs, tickMs]);
  return (
    <div className="flex flex-col gap-5 p-4 lg:p-5">
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <h2 className="text-lg leading-snug font-semibold tracking-tight break-words">{keepUnits(incident.title)}</h2>
          <p className="mt-1 text-[13px] break-words text-ink-muted">{keepUnits(incident.description)}</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Acknowledge incident={incident} />
          <SilenceAction incident={incident} />
          <Link href={`/topology/?incident=${incident.id}`} className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line px-3 text-[13px] font-medium hover:bg-raised">
            <Waypoints aria-hidden className="size-4" />
            On the map
          </Link>
          {isThisRun && (
            <Link href={`/replay/?at=${incident.tick}`} className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line px-3 text-[13px] font-medium hover:bg-raised">
              <History aria-hidden className="size-4" />
              Look back
            </Link>
          )}
          <PostMortemExport sources={{ incident, symptoms, actions, notes, steps, nowMs }} />
        </div>
      </div>
      <SilenceNote incident={incident} />
      <div className="grid gap-x-8 gap-y-6 xl:grid-cols-[minmax(0,2fr)_minmax(19rem,1fr)]">
        <div className="flex min-w-0 flex-col gap-6">
          <IncidentActions incident={incident} />
          <IncidentEvidence incident={incident} />
          <IncidentNotes incident={incident} />
          <IncidentSymptoms incident={incident} onSelect={onSelect} />
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          <IncidentSuspects incident={incident} />
          <IncidentTimeline steps={steps} />
          <IncidentImpact incident={incident} />
          <IncidentAffected incident={incident} symptoms={symptoms} />
          <IncidentFacts incident={incident} />
        </div>
      </div>
    </div>
  );
}
