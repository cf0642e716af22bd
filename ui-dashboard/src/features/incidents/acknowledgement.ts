import { formatWallTime } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";

/** Who is on an incident, and since when by the clock on the wall: `ana, since 21 Nov 2026, 15:03:22`; empty while nobody is. */
export function acknowledgement({ acknowledgedBy, acknowledgedAt }: Pick<Incident, "acknowledgedBy" | "acknowledgedAt">): string {
  return acknowledgedBy === "" || !acknowledgedAt ? acknowledgedBy : `${acknowledgedBy}, since ${formatWallTime(acknowledgedAt)}`;
}
