"use client";

import { newestFirst, useActionHistory } from "@/features/actions/use-action-history";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { useSymptoms } from "./use-incidents";

/** What was proposed about an incident, or about what was put down to it: a cause shows as a symptom, too, and is healed there. Newest first. */
export function useIncidentActions(incident: Incident) {
  const { symptoms } = useSymptoms(incident);
  const own = useActionHistory(incident.id);
  const every = useActionHistory("", incident.symptoms > 0);
  const ids = new Set(symptoms.map(({ id }) => id));
  const ofSymptoms = every.actions.filter(({ incidentId }) => ids.has(incidentId));
  return { ...own, isPending: own.isPending || every.isLoading, actions: [...own.actions, ...ofSymptoms].sort(newestFirst) };
}
