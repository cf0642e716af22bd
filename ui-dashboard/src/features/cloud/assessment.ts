/** The answer to "is the cloud well?", from what is known. Not knowing is an answer of its own. */
import { plural } from "@/format/format";
import { Severity } from "@/gen/common/v1/severity_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import type { CloudState } from "./cloud-state";
import { nodeRows, serviceRows } from "./rows";
import { families } from "./leads";

export type CloudLevel = "unknown" | "healthy" | "degraded" | "critical";

export interface Assessment {
  readonly level: CloudLevel;
  readonly headline: string;
  readonly detail: string;
}

type Known = Pick<CloudState, "topology" | "sample" | "incidents">;

export function assessCloud({ topology, sample, incidents }: Known): Assessment {
  const services = serviceRows(topology, sample);
  if (services.length === 0) {
    return { level: "unknown", headline: "No data yet", detail: "Nothing has been heard from the simulation." };
  }
  const open = burningIncidents(incidents);
  const down = services.filter(({ health }) => health === "down").length;
  const degraded = services.filter(({ health }) => health === "degraded").length;
  const unknown = services.filter(({ health }) => health === "unknown").length;
  const nodesDown = nodeRows(topology, sample).filter(({ state }) => state === "down").length;
  const facts = [
    down > 0 && `${plural(down, "service")} down`,
    degraded > 0 && `${plural(degraded, "service")} degraded`,
    nodesDown > 0 && `${plural(nodesDown, "node")} down`,
    unknown > 0 && `health of ${plural(unknown, "service")} unknown`,
    open.length > 0 && plural(open.length, "open incident"),
  ].filter((fact) => fact !== false);
  const detail = facts.join(" · ");
  const worst = open.reduce((severity, incident) => Math.max(severity, incident.severity), 0);
  if (worst >= Severity.CRITICAL || down > 0) return { level: "critical", headline: "The cloud is failing", detail };
  if (worst >= Severity.WARNING || degraded > 0 || nodesDown > 0) {
    return { level: "degraded", headline: "The cloud is degraded", detail };
  }
  if (!sample || unknown === services.length) {
    return { level: "unknown", headline: "Health unknown", detail: detail || "No telemetry has arrived yet." };
  }
  if (unknown > 0) return { level: "unknown", headline: "Health partly unknown", detail };
  return { level: "healthy", headline: "The cloud is well", detail: detail || `All ${plural(services.length, "service")} healthy` };
}

/**
 * What somebody should look at: open, and not silenced. Worst first, then newest first; each cause once, also when the incident that it
 * was first seen by is over before its symptoms are.
 */
export function burningIncidents(incidents: ReadonlyMap<string, Incident>): Incident[] {
  // A silenced lead speaks for its symptoms, so that they are silent, too; a silenced symptom speaks for nobody.
  const open = [...incidents.values()].filter(({ resolved, silencedBy, symptomOf }) => !resolved && (silencedBy === "" || symptomOf === ""));
  const burning = families(open).map(({ head }) => head).filter(({ silencedBy }) => silencedBy === "");
  return burning.sort((a, b) => b.severity - a.severity || Number(b.tick - a.tick));
}
