/** Who calls whom, without what changes every second. Pure. */
import type { Topology } from "@/gen/sim/v1/state_pb";

export interface Call {
  readonly from: string;
  readonly to: string;
}

export interface Graph {
  readonly services: readonly { readonly id: string; readonly entry: boolean }[];
  readonly calls: readonly Call[];
}

const EMPTY: Graph = { services: [], calls: [] };

/** The shape of a topology as text: the same for as long as nothing is added, removed or connected anew. */
export function shapeOf(topology: Topology | undefined): string {
  if (!topology) return "";
  const services = topology.services.map(({ id, entry }) => ({ id, entry }));
  const known = new Set(services.map(({ id }) => id));
  const calls = new Map<string, Call>();
  for (const { fromServiceId: from, toServiceId: to } of topology.edges) {
    if (known.has(from) && known.has(to)) calls.set(callKey({ from, to }), { from, to });
  }
  return JSON.stringify({ services, calls: [...calls.values()] } satisfies Graph);
}

export function graphOf(shape: string): Graph {
  return shape === "" ? EMPTY : (JSON.parse(shape) as Graph);
}

export function callKey({ from, to }: Call): string {
  return `${from}\n${to}`;
}

/** Everybody who calls one of these, directly or by way of others; they themselves are not among them. */
export function callersOf(calls: readonly Call[], ids: Iterable<string>): Set<string> {
  const callers = new Map<string, string[]>();
  for (const { from, to } of calls) callers.set(to, [...(callers.get(to) ?? []), from]);
  const start = new Set(ids);
  const reached = new Set<string>();
  const open = [...start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const caller of callers.get(id) ?? []) {
      if (reached.has(caller) || start.has(caller)) continue;
      reached.add(caller);
      open.push(caller);
    }
  }
  return reached;
}
