"use client";

import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { families } from "@/features/cloud/leads";
import { mergeNewer } from "@/features/cloud/merge-newer";
import { useCloud } from "@/features/cloud/use-cloud";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { IncidentService } from "@/gen/ops/v1/incident_service_pb";
import { type IncidentStatus, matches, minSeverity, newestFirst, type SeverityName } from "./incident-filter";

const PAGE = 50;

export function useIncidents(status: IncidentStatus, severity: SeverityName) {
  const live = useCloud((state) => state.incidents);
  const query = useInfiniteQuery(
    IncidentService.method.list,
    { openOnly: status === "open", minSeverity: minSeverity(severity), limit: PAGE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined },
  );
  const listed = query.data?.pages.flatMap((page) => page.incidents) ?? [];
  const matching = mergeIncidents(listed, live.values()).filter((incident) => matches(incident, status, severity));
  const causes = families(matching).sort((a, b) => newestFirst(a.head, b.head));
  return { ...query, causes };
}

const SYMPTOMS = 200;

/** What was put down to a lead, oldest last. */
export function useSymptoms({ id }: Pick<Incident, "id">) {
  const live = useCloud((state) => state.incidents);
  const query = useQuery(IncidentService.method.list, { symptomOf: id, limit: SYMPTOMS }, { enabled: id !== "" });
  const ours = [...live.values()].filter(({ symptomOf }) => id !== "" && symptomOf === id);
  return { ...query, symptoms: mergeIncidents(query.data?.incidents ?? [], ours).sort(newestFirst) };
}

/** One incident: from the stream when it is there, else asked for. Of an empty id, nothing. */
export function useIncident(id: string) {
  const live = useCloud((state) => state.incidents.get(id));
  const query = useQuery(IncidentService.method.get, { incidentId: id }, { enabled: id !== "" });
  const asked = query.data?.incident;
  const incident = asked ? mergeIncidents([asked], live ? [live] : [])[0] : live;
  return { ...query, incident };
}

/** The stream does not say who acknowledged; what a list said about that is kept. */
export function mergeIncidents(listed: readonly Incident[], live: Iterable<Incident>): Incident[] {
  const acknowledged = new Map(listed.filter(({ acknowledgedBy }) => acknowledgedBy !== "").map((incident) => [incident.id, incident]));
  return mergeNewer(listed, live, ({ revision }) => revision).map((incident) => {
    const said = incident.acknowledgedBy === "" ? acknowledged.get(incident.id) : undefined;
    return said ? { ...incident, acknowledgedBy: said.acknowledgedBy, acknowledgedAt: said.acknowledgedAt } : incident;
  });
}
