"use client";

import type { Incident } from "@/gen/ops/v1/incident_pb";
import { IncidentLink } from "./incident-link";
import { SymptomList } from "./symptom-list";
import { symptomWords } from "./symptom-words";

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
        <IncidentLink id={incident.symptomOf} onSelect={onSelect} className="rounded text-accent-ink underline">
          another incident
        </IncidentLink>
        , which has the suspected cause and the impact.
      </p>
    );
  }
  return incident.symptoms === 0 ? null : <Symptoms lead={incident} onSelect={onSelect} />;
}

function Symptoms({ lead, onSelect }: { lead: Incident; onSelect: (id: string) => void }) {
  return (
    <section aria-label="Symptoms" data-testid="symptoms">
      <h3 className="mb-2 text-[13px] font-semibold">
        Symptoms <span className="ml-2 text-xs font-normal text-ink-muted">{symptomWords(lead)}</span>
      </h3>
      <SymptomList lead={lead} onSelect={onSelect} />
    </section>
  );
}
