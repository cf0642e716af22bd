/**
 * What the cloud is measured against: the first thresholds of the built-in detection rules. A chart draws them, a
 * number is coloured by them; whether something is an incident is decided by signal-service alone.
 */
import type { MetricName } from "@/format/format";

interface Objective {
  readonly warning: number;
  readonly critical?: number;
}

export const OBJECTIVES: Readonly<Partial<Record<MetricName, Objective>>> = {
  error_rate: { warning: 5, critical: 10 },
  cpu_usage: { warning: 85, critical: 95 },
  memory_usage: { warning: 90 },
  latency_p99: { warning: 500 },
};

export type Standing = "unknown" | "ok" | "warning" | "critical";

/** How a value stands against its objective; without a value or an objective it is unknown, not fine. */
export function standing(metric: MetricName, value: number | undefined): Standing {
  const objective = OBJECTIVES[metric];
  if (value === undefined || !objective) return "unknown";
  if (objective.critical !== undefined && value > objective.critical) return "critical";
  return value > objective.warning ? "warning" : "ok";
}
