import { instantMs } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";

/** How long it lasted, or has lasted so far, in simulated time. */
export function incidentLengthMs({ detectedAt, resolved, resolvedAt }: Incident, simulatedNow: number | undefined): number | undefined {
  const from = instantMs(detectedAt);
  const to = resolved ? instantMs(resolvedAt) : simulatedNow;
  return from === undefined || to === undefined ? undefined : to - from;
}
