/** How services and calls are doing, in the words of the map. Equal words are the same object, so that nobody draws them twice. */
import { formatMetric, formatNumber, NO_DATA } from "@/format/format";
import { burningIncidents } from "@/features/cloud/assessment";
import type { CloudState } from "@/features/cloud/cloud-state";
import { type Standing, standing } from "@/features/cloud/objectives";
import { serviceRows, type ServiceHealth } from "@/features/cloud/rows";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Topology } from "@/gen/sim/v1/state_pb";
import { type Call, callKey } from "./graph";

export interface ServiceVitals {
  readonly health: ServiceHealth;
  /** The worst of health, errors and latency. */
  readonly level: Standing;
  readonly rate: string;
  readonly p99: string;
  readonly p99Level: Standing;
  readonly errors: string;
  readonly errorLevel: Standing;
  readonly cpu: string;
  /** Busiest share of CPU for a bar, whole %. */
  readonly load: number | undefined;
  readonly loadLevel: Standing;
  readonly replicas: string;
  readonly short: boolean;
  /** Of the worst open incident that nobody silenced; unspecified when there is none. */
  readonly severity: Severity;
}

export interface CallVitals {
  /** About how many calls a second; see {@link flowsOf}. */
  readonly rate: string;
  /** Line width, px. */
  readonly width: number;
  /** Share of the callee's answers that are errors. */
  readonly failing: string;
  readonly failingLevel: Standing;
  /** How long the callee takes. */
  readonly p99: string;
  readonly p99Level: Standing;
  /** The worse of both. */
  readonly level: Standing;
}

export interface Vitals {
  readonly services: ReadonlyMap<string, ServiceVitals>;
  readonly calls: ReadonlyMap<string, CallVitals>;
}

export const NO_VITALS: Vitals = { services: new Map(), calls: new Map() };

const BY_HEALTH: Readonly<Record<ServiceHealth, Standing>> = { healthy: "ok", degraded: "warning", down: "critical", unknown: "unknown" };
const ORDER: readonly Standing[] = ["unknown", "ok", "warning", "critical"];

export function vitalsOf({ topology, sample, incidents }: Pick<CloudState, "topology" | "sample" | "incidents">, before: Vitals = NO_VITALS): Vitals {
  const severities = new Map<string, Severity>();
  for (const { target, severity } of burningIncidents(incidents)) {
    if (target?.kind === TargetKind.SERVICE) severities.set(target.id, Math.max(severity, severities.get(target.id) ?? 0));
  }
  const services = new Map<string, ServiceVitals>();
  const rates = new Map<string, number | undefined>();
  for (const { id, health, running, desired, metric } of serviceRows(topology, sample)) {
    const [rate, p99, errors, cpu] = [metric("request_rate"), metric("latency_p99"), metric("error_rate"), metric("cpu_usage")];
    rates.set(id, rate);
    const vitals: ServiceVitals = {
      health,
      level: worst(BY_HEALTH[health], standing("error_rate", errors), standing("latency_p99", p99)),
      rate: formatMetric("request_rate", rate),
      p99: formatMetric("latency_p99", p99),
      p99Level: standing("latency_p99", p99),
      errors: formatMetric("error_rate", errors),
      errorLevel: standing("error_rate", errors),
      cpu: formatMetric("cpu_usage", cpu),
      load: cpu === undefined ? undefined : Math.min(100, Math.round(cpu)),
      loadLevel: standing("cpu_usage", cpu),
      replicas: running === undefined ? NO_DATA : desired === undefined ? formatNumber(running) : `${running}/${desired}`,
      short: running !== undefined && desired !== undefined && running < desired,
      severity: severities.get(id) ?? Severity.UNSPECIFIED,
    };
    services.set(id, sameOr(before.services.get(id), vitals));
  }
  const calls = new Map<string, CallVitals>();
  for (const { from, to, perSecond } of flowsOf(topology, rates)) {
    const key = callKey({ from, to });
    const callee = services.get(to);
    const [failingLevel, p99Level] = [callee?.errorLevel ?? "unknown", callee?.p99Level ?? "unknown"];
    const vitals: CallVitals = {
      rate: formatMetric("request_rate", perSecond),
      width: lineWidth(perSecond),
      failing: callee?.errors ?? NO_DATA,
      failingLevel,
      p99: callee?.p99 ?? NO_DATA,
      p99Level,
      level: worst(failingLevel, p99Level),
    };
    calls.set(key, sameOr(before.calls.get(key), vitals));
  }
  return { services, calls };
}

interface Flow extends Call {
  /** Unknown when the callee's or the caller's rate is. */
  readonly perSecond: number | undefined;
}

/**
 * About how many calls go along each edge. They are not measured one by one: what a callee gets, retries and all, is shared among its callers
 * by what each would send (its requests times its calls per request), so that lines add up to what stands in the box they lead to.
 * Where traffic enters from outside, too, no caller has more than it would send.
 */
export function flowsOf(topology: Topology | undefined, rates: ReadonlyMap<string, number | undefined>): Flow[] {
  const doors = new Set(topology?.services.filter(({ entry }) => entry).map(({ id }) => id));
  const sends = (topology?.edges ?? []).map(({ fromServiceId: from, toServiceId: to, callsPerRequest }) => {
    const rate = rates.get(from);
    return { from, to, would: rate === undefined ? undefined : rate * callsPerRequest };
  });
  const asked = new Map<string, number>();
  for (const { to, would = 0 } of sends) asked.set(to, (asked.get(to) ?? 0) + would);
  return sends.map(({ from, to, would }) => {
    const gets = rates.get(to);
    if (would === undefined || gets === undefined) return { from, to, perSecond: undefined };
    const all = asked.get(to) ?? 0;
    const share = all > 0 ? (gets * would) / all : 0;
    return { from, to, perSecond: doors.has(to) ? Math.min(share, would) : share };
  });
}

/** From 1 px for almost nothing to 5 px for ten thousand calls a second, in half pixels. */
function lineWidth(perSecond: number | undefined): number {
  return perSecond === undefined ? 1 : Math.round(2 * Math.min(5, 1 + Math.log10(1 + perSecond))) / 2;
}

function worst(...levels: readonly Standing[]): Standing {
  return levels.reduce((worse, level) => (ORDER.indexOf(level) > ORDER.indexOf(worse) ? level : worse), "unknown");
}

function sameOr<T extends object>(before: T | undefined, now: T): T {
  if (!before) return now;
  const keys = Object.keys(now) as (keyof T)[];
  return keys.every((key) => before[key] === now[key]) ? before : now;
}
