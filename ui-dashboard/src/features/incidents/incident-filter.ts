import { parseAsString, parseAsStringLiteral } from "nuqs";
import { Severity } from "@/gen/common/v1/severity_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { instantMs } from "@/format/format";

export const STATUSES = ["open", "resolved", "all"] as const;
export type IncidentStatus = (typeof STATUSES)[number];

export const SEVERITIES = ["info", "warning", "high", "critical"] as const;
export type SeverityName = (typeof SEVERITIES)[number];

const NUMBERS: Readonly<Record<SeverityName, Severity>> = {
  info: Severity.INFO,
  warning: Severity.WARNING,
  high: Severity.HIGH,
  critical: Severity.CRITICAL,
};

/** The page's state, all of it in the URL. */
export const INCIDENT_PARAMS = {
  status: parseAsStringLiteral(STATUSES).withDefault("open"),
  severity: parseAsStringLiteral(SEVERITIES).withDefault("info"),
  id: parseAsString,
};

export function minSeverity(name: SeverityName): Severity {
  return NUMBERS[name];
}

export function matches(incident: Incident, status: IncidentStatus, severity: SeverityName): boolean {
  if (incident.severity < minSeverity(severity)) return false;
  return status === "all" || incident.resolved === (status === "resolved");
}

export function newestFirst(a: Incident, b: Incident): number {
  return (instantMs(b.detectedAt) ?? 0) - (instantMs(a.detectedAt) ?? 0) || b.severity - a.severity || a.id.localeCompare(b.id);
}
