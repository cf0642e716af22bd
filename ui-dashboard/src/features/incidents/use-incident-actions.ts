"use client";

import { useActionHistory } from "@/features/actions/use-action-history";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { useSymptoms } from "./use-incidents";

/** What was proposed about an incident, or about what was put down to it: a cause shows as a symptom, too, and is healed there. Newest first. */
export function useIncidentActions(incident: Incident) {
  const { symptoms } = useSymptoms(incident);
  return useActionHistory({ incidentId: incident.id, symptomIds: symptoms.map(({ id }) => id) });
}
