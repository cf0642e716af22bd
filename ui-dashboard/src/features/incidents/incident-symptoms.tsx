"use client";

import { useCalmCloud } from "@/features/cloud/use-cloud";
import { instantMs } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { IncidentRow } from "./incident-row";
import { symptomWords } from "./symptom-words";
import { useSymptoms } from "./use-incidents";

interface Props {
  readonly incident: Incident;
  readonly onSelect: (id: string) => void;
}

/** What follows from a lead; of a symptom, the way back to its lead. */
export function IncidentSymptoms({ incident, onSelect }: Props) {
  if (incident.symptomOf !== "") {
    return (
      <p className="text-[13px] text-ink-muted">
        This is a symptom of{" "}
        <a
          href={`?id=${incident.symptomOf}`}
          className="rounded text-accent-ink hover:underline"
          onClick={(event) => {
            event.preventDefault();
            onSelect(incident.symptomOf);
          }}
        >
          another incident
        </a>
        , which has the suspected cause and the impact.
      </p>
    );
  }
  return incident.symptoms === 0 ? null : <Symptoms lead={incident} onSelect={onSelect} />;
}

function Symptoms({ lead, onSelect }: { lead: Incident; onSelect: (id: string) => void }) {
  const { symptoms, isPending, isError, error, refetch } = useSymptoms(lead);
  const simulatedNow = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  return (
    <section aria-label="Symptoms" data-testid="symptoms">
      <h3 className="mb-2 text-[13px] font-semibold">
        Symptoms <span className="ml-2 text-xs font-normal text-ink-muted">{symptomWords(lead)}</span>
      </h3>
      {isPending && symptoms.length === 0 && <SkeletonRows rows={2} label="Loading symptoms" />}
      {isError && symptoms.length === 0 && <ErrorState error={error} what="The symptoms could not be loaded." onRetry={() => void refetch()} />}
      <ul className="divide-y divide-line rounded-md border border-line">
        {symptoms.map((symptom) => (
          <IncidentRow key={symptom.id} incident={symptom} simulatedNow={simulatedNow} selected={false} onSelect={onSelect} />
        ))}
      </ul>
    </section>
  );
}
