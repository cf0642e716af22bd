"use client";

import { formatCount, instantMs } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { IncidentRow } from "./incident-row";
import { useSymptoms } from "./use-incidents";

/** What was put down to a lead. */
export function SymptomList({ lead, onSelect }: { lead: Incident; onSelect: (id: string) => void }) {
  const { symptoms, isPending, isError, error, refetch } = useSymptoms(lead);
  const simulatedNow = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  return (
    <>
      {isPending && symptoms.length === 0 && <SkeletonRows rows={2} label="Loading symptoms" />}
      {isError && symptoms.length === 0 && <ErrorState error={error} what="The symptoms could not be loaded." onRetry={() => void refetch()} />}
      <ul aria-label="Symptoms" className="divide-y divide-line rounded-md border border-line">
        {symptoms.map((symptom) => (
          <IncidentRow key={symptom.id} incident={symptom} simulatedNow={simulatedNow} onSelect={onSelect} />
        ))}
      </ul>
      {!isPending && symptoms.length < lead.symptoms && (
        <p className="mt-1.5 text-xs text-ink-muted">
          The newest {formatCount(symptoms.length)} of {formatCount(lead.symptoms)} are listed.
        </p>
      )}
    </>
  );
}
