"use client";

import { useQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { actionTitle } from "@/features/actions/action-words";
import { useCloud } from "@/features/cloud/use-cloud";
import { useIncident, useSymptoms } from "@/features/incidents/use-incidents";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import { actionFocus, type Focus, incidentFocus } from "./focus";

export interface Focused {
  readonly title: string;
  readonly href: string;
  readonly focus: Focus | undefined;
  readonly error: unknown;
}

/** What the URL asks to be drawn on the map; nothing when it asks for nothing. */
export function useFocus(incidentId: string | null, actionId: string | null): Focused | undefined {
  const topology = useCloud((state) => state.topology);
  const { incident, error: incidentError } = useIncident(incidentId ?? "");
  const { symptoms } = useSymptoms({ id: incident?.id ?? "" });
  const { data, error: actionError } = useQuery(ActionService.method.getAction, { actionId: actionId ?? "" }, { enabled: actionId !== null });
  const action = data?.action;
  const symptomText = symptoms.map(({ id }) => id).join();
  // Symptoms are a new array each time; which ones they are changes rarely.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const ofIncident = useMemo(() => incident && incidentFocus(incident, symptoms, topology), [incident, symptomText, topology]);
  const ofAction = useMemo(() => action && actionFocus(action, topology), [action, topology]);
  if (incidentId !== null) return { title: incident?.title ?? "Incident", href: `/incidents/?id=${incidentId}`, focus: ofIncident, error: incident ? null : incidentError };
  if (actionId !== null) return { title: action ? actionTitle(action) : "Action", href: `/actions/?id=${actionId}`, focus: ofAction, error: actionError };
  return undefined;
}
