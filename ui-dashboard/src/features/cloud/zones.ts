/** Zones, from the rows of their nodes and services. Pure. */
import type { Topology } from "@/gen/sim/v1/state_pb";
import { nodeRows, type NodeState } from "./rows";
import type { Sample } from "./sample";

export interface ZoneRow {
  readonly id: string;
  /** `ready` when every node is, `down` when none runs; between them `degraded`. */
  readonly state: "ready" | "degraded" | "down" | "unknown";
  readonly nodes: number;
  readonly readyNodes: number;
  readonly replicas: number;
  readonly runningReplicas: number;
  /** Of the cores of its nodes, %. */
  readonly cpuPercent: number | undefined;
}

export function zoneRows(topology: Topology | undefined, sample: Sample | undefined): ZoneRow[] {
  const nodes = nodeRows(topology, sample).filter(({ zone }) => zone !== "");
  const replicas = (topology?.services ?? []).flatMap((service) => service.replicas);
  return [...new Set(nodes.map(({ zone }) => zone))]
    .sort((a, b) => a.localeCompare(b))
    .map((id) => {
      const members = nodes.filter(({ zone }) => zone === id);
      const ids = new Set(members.map((node) => node.id));
      const placed = replicas.filter(({ nodeId }) => ids.has(nodeId));
      const used = members.flatMap(({ cores = 0, metric }) => {
        const percent = metric("cpu_usage");
        return percent === undefined ? [] : [{ cores, percent }];
      });
      const cores = used.reduce((sum, node) => sum + node.cores, 0);
      return {
        id,
        state: stateOf(members.map(({ state }) => state)),
        nodes: members.length,
        readyNodes: members.filter(({ state }) => state === "ready").length,
        replicas: placed.length,
        runningReplicas: placed.filter(({ state }) => state === "running").length,
        cpuPercent: cores > 0 ? used.reduce((sum, node) => sum + node.percent * node.cores, 0) / cores : undefined,
      };
    });
}

function stateOf(states: readonly NodeState[]): ZoneRow["state"] {
  if (states.every((state) => state === "ready")) return "ready";
  if (states.every((state) => state === "unknown")) return "unknown";
  return states.every((state) => state === "down") ? "down" : "degraded";
}
