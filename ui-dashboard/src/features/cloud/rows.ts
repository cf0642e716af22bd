/** Services and nodes as a table shows them: what the topology says joined with what was measured last. */
import type { MetricName } from "@/format/format";
import type { Topology } from "@/gen/sim/v1/state_pb";
import type { CloudState } from "./cloud-state";
import { measured, type Sample } from "./sample";

export type ServiceHealth = "healthy" | "degraded" | "down" | "unknown";
export type NodeState = "ready" | "draining" | "down" | "unknown";

export interface ServiceRow {
  readonly id: string;
  readonly profile: string;
  readonly health: ServiceHealth;
  readonly entry: boolean;
  readonly running: number | undefined;
  readonly desired: number | undefined;
  readonly metric: (name: MetricName) => number | undefined;
}

export interface NodeRow {
  readonly id: string;
  readonly zone: string;
  readonly state: NodeState;
  readonly cores: number | undefined;
  readonly memoryGb: number | undefined;
  readonly replicas: number | undefined;
  readonly metric: (name: MetricName) => number | undefined;
}

export function serviceRows(topology: Topology | undefined, sample: Sample | undefined): ServiceRow[] {
  const metricOf = (id: string) => (name: MetricName) => measured(sample?.services, id, name);
  const known = (topology?.services ?? []).map((service) => ({
    id: service.id,
    profile: service.profile,
    health: healthOf(service.health),
    entry: service.entry,
    running: service.replicas.filter((replica) => replica.state === "running").length,
    desired: service.desiredReplicas,
    metric: metricOf(service.id),
  }));
  const named = new Set(known.map(({ id }) => id));
  const unknown = (sample?.services.ids ?? []).filter((id) => !named.has(id));
  const measuredOnly = unknown.map((id) => ({
    id,
    profile: "",
    health: "unknown" as const,
    entry: false,
    running: measured(sample?.services, id, "replicas"),
    desired: undefined,
    metric: metricOf(id),
  }));
  return [...known, ...measuredOnly];
}

export function nodeRows(topology: Topology | undefined, sample: Sample | undefined): NodeRow[] {
  const metricOf = (id: string) => (name: MetricName) => measured(sample?.nodes, id, name);
  const replicasOn = new Map<string, number>();
  for (const { nodeId } of (topology?.services ?? []).flatMap((service) => service.replicas)) {
    replicasOn.set(nodeId, (replicasOn.get(nodeId) ?? 0) + 1);
  }
  const known = (topology?.nodes ?? []).map((node) => ({
    id: node.id,
    zone: node.zoneId,
    state: nodeStateOf(node.state),
    cores: node.cpuCores,
    memoryGb: node.memoryGb,
    replicas: replicasOn.get(node.id) ?? 0,
    metric: metricOf(node.id),
  }));
  const named = new Set(known.map(({ id }) => id));
  const measuredOnly = (sample?.nodes.ids ?? [])
    .filter((id) => !named.has(id))
    .map((id) => ({
      id,
      zone: "",
      state: "unknown" as const,
      cores: undefined,
      memoryGb: undefined,
      replicas: measured(sample?.nodes, id, "replicas"),
      metric: metricOf(id),
    }));
  return [...known, ...measuredOnly];
}

/** Rows by id, computed once for each state however many lines of a table ask. */
function byIdOnce<T extends { readonly id: string }>(rowsOf: (topology: Topology | undefined, sample: Sample | undefined) => T[]): (state: CloudState) => ReadonlyMap<string, T> {
  const known = new WeakMap<CloudState, ReadonlyMap<string, T>>();
  return (state) => {
    const before = known.get(state);
    if (before) return before;
    const rows = new Map(rowsOf(state.topology, state.sample).map((row) => [row.id, row]));
    known.set(state, rows);
    return rows;
  };
}

export const servicesById = byIdOnce(serviceRows);
export const nodesById = byIdOnce(nodeRows);

export function healthOf(word: string): ServiceHealth {
  return word === "healthy" || word === "degraded" || word === "down" ? word : "unknown";
}

function nodeStateOf(word: string): NodeState {
  return word === "ready" || word === "draining" || word === "down" ? word : "unknown";
}
