"use client";

import { useQueryStates } from "nuqs";
import { useCloud } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import { IncidentDetail } from "./incident-detail";
import { IncidentFeed } from "./incident-feed";
import { INCIDENT_PARAMS } from "./incident-filter";

/** The feed, and beside it (or instead of it, where there is no room) the incident that the URL names. */
export function IncidentsPage() {
  const [{ status, severity, id }, set] = useQueryStates(INCIDENT_PARAMS);
  const loading = useCloud((state) => state.snapshots === 0);
  return (
    <div className={cx("grid items-start gap-4", id !== null && "xl:grid-cols-[minmax(360px,2fr)_3fr]")} aria-busy={loading}>
      <h1 className="sr-only">Incidents</h1>
      <div className={cx("min-w-0", id !== null && "max-xl:hidden")}>
        <IncidentFeed status={status} severity={severity} selected={id ?? undefined} onFilter={(filter) => void set(filter)} onSelect={(chosen) => void set({ id: chosen }, { history: "push" })} />
      </div>
      {id !== null && <IncidentDetail key={id} id={id} onClose={() => void set({ id: null }, { history: "push" })} onSelect={(chosen) => void set({ id: chosen }, { history: "push" })} />}
    </div>
  );
}
