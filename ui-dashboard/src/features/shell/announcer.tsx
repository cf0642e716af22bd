"use client";

import { useEffect, useState } from "react";
import { useCloudStore } from "@/features/cloud/use-cloud";
import { severityLook } from "@/features/incidents/severity";

/** Tells a screen reader what a glance tells everybody else: something new is burning, something is over. */
export function Announcer() {
  const cloud = useCloudStore();
  const [words, setWords] = useState("");

  useEffect(
    () =>
      cloud.subscribe((state, before) => {
        if (state.incidents === before.incidents || state.snapshots !== before.snapshots) return;
        for (const [id, incident] of state.incidents) {
          const known = before.incidents.get(id);
          if (known === incident) continue;
          if (incident.resolved && incident.silencedBy === "") setWords(`Resolved: ${incident.title}`);
          else if (!known && incident.silencedBy === "") setWords(`New incident, ${severityLook(incident.severity).word}: ${incident.title}`);
        }
      }),
    [cloud],
  );

  return (
    <p role="status" className="sr-only">
      {words}
    </p>
  );
}
