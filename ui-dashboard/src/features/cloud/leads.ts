import { instantMs } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";

/** Incidents that were put down to one cause. */
export interface Family {
  /** Who speaks for all: the lead, or while that is not among them the worst of its symptoms, of these the first. */
  readonly head: Incident;
  /** How many others of them there are. */
  readonly others: number;
}

/** Each cause once. */
export function families(incidents: readonly Incident[]): Family[] {
  const byLead = new Map<string, Incident[]>();
  for (const incident of incidents) {
    const lead = incident.symptomOf || incident.id;
    const family = byLead.get(lead);
    if (family) family.push(incident);
    else byLead.set(lead, [incident]);
  }
  return [...byLead.values()].map((family) => ({ head: family.reduce((one, other) => (speaksFor(one, other) ? one : other)), others: family.length - 1 }));
}

function speaksFor(one: Incident, other: Incident): boolean {
  if ((one.symptomOf === "") !== (other.symptomOf === "")) return one.symptomOf === "";
  const order = other.severity - one.severity || (instantMs(one.detectedAt) ?? 0) - (instantMs(other.detectedAt) ?? 0) || one.id.localeCompare(other.id);
  return order <= 0;
}
