import type { Incident } from "@/gen/ops/v1/incident_pb";

/** A list shows a symptom only while it does not show its lead. */
export function withoutToldSymptoms(incidents: readonly Incident[]): Incident[] {
  const shown = new Set(incidents.map(({ id }) => id));
  return incidents.filter(({ symptomOf }) => !shown.has(symptomOf));
}
