"use client";

import { useQueryStates } from "nuqs";
import { useCloud } from "@/features/cloud/use-cloud";
import { IncidentDetail } from "./incident-detail";
import { IncidentFeed } from "./incident-feed";
import { INCIDENT_PARAMS } from "./incident-filter";

/** The feed, or the incident that the URL names. */
export function IncidentsPage() {
  const [{ status, severity, id }, set] = useQueryStates(INCIDENT_PARAMS);
  const loading = useCloud((state) => state.snapshots === 0);
  return (
    <div className="min-w-0" aria-busy={loading}>
      <h1 className="sr-only">Incidents</h1>
      {id === null && <IncidentFeed status={status} severity={severity} onFilter={(filter) => void set(filter)} onSelect={(chosen) => void set({ id: chosen }, { history: "push" })} />}
      {id !== null && <IncidentDetail key={id} id={id} onClose={() => void set({ id: null }, { history: "push" })} onSelect={(chosen) => void set({ id: chosen }, { history: "push" })} />}
    </div>
  );
}
