/** The faults that a timeline can begin: those of `libs/sim`, by name; and what of a cloud they can strike. Pure. */
import { specsOf } from "./catalogue";
import type { Cloud, DraftService } from "./cloud";
import { asRecord } from "./draft";

export const STRUCK = ["service", "node", "zone", "simulation"] as const;
export type Struck = (typeof STRUCK)[number];

export interface Target {
  readonly kind: Struck;
  /** Empty for the simulation as a whole. */
  readonly id: string;
}

export interface FaultKind {
  readonly name: string;
  readonly targets: readonly Struck[];
  /** What holds when a file gives none. */
  readonly severity: number;
  readonly says: string;
}

export const TRAFFIC_SPIKE = "traffic_spike";
const TRAFFIC_DROP = "traffic_drop";

/** More or fewer users: nothing is broken. */
export const isTraffic = (kind: string) => kind === TRAFFIC_SPIKE || kind === TRAFFIC_DROP;

export const FAULT_KINDS: readonly FaultKind[] = [
  { name: "node_crash", targets: ["node"], severity: 1, says: "The node stops and its replicas with it; they start again when it ends. Severity has no grades." },
  { name: "slow_node", targets: ["node"], severity: 0.7, says: "The node's CPUs run slower though it looks healthy; severity 1 leaves 5 % of their speed." },
  { name: "zone_outage", targets: ["zone"], severity: 1, says: "Every node of the zone stops. Severity has no grades." },
  { name: "service_crash", targets: ["service"], severity: 1, says: "Replicas die and stay down; severity is their share, at least one. A restart brings them back." },
  { name: "memory_leak", targets: ["service"], severity: 0.5, says: "Memory fills to 96 % of the limit and the service pages; severity 1 takes 2 s, 0.1 takes 20 s. A restart ends it." },
  { name: "cpu_hog", targets: ["service", "node"], severity: 0.7, says: "A runaway job eats CPU; severity 1 leaves 10 % of it. A restart of the service ends it." },
  { name: "slow_dependency", targets: ["service"], severity: 0.5, says: "The service's own work takes longer without using CPU; severity 1 means 40 times as long." },
  { name: "error_burst", targets: ["service"], severity: 0.3, says: "Processes in a bad state answer with errors; severity is their share. A restart ends it." },
  { name: "network_latency", targets: ["service", "node", "zone"], severity: 0.5, says: "Every call to the target takes longer on the network; severity 1 adds 500 ms." },
  { name: "cache_flush", targets: ["service"], severity: 1, says: "The cache loses its content and warms up again after the end; severity is the share lost." },
  { name: TRAFFIC_SPIKE, targets: ["simulation", "service"], severity: 0.5, says: "More traffic from outside, in all or at one entry service; severity 1 means five times as much." },
  { name: "connection_pool_exhaustion", targets: ["service"], severity: 1, says: "Worker slots leak away: n become n to the power of 1 - severity, so that 1 leaves one. A restart ends it." },
  { name: "crash_loop", targets: ["service"], severity: 1, says: "Replicas die about every 8 s and start again; severity is their share, at least one. A restart from a clean state ends it." },
  { name: "packet_loss", targets: ["service", "node", "zone"], severity: 0.5, says: "Segments of calls to the target are lost and sent again after 200 ms, 400 ms …; severity 1 loses 20 %." },
  { name: "network_partition", targets: ["zone", "node", "service"], severity: 1, says: "Calls between the target and the rest get no answer and time out; severity is the share of them." },
  { name: "disk_full", targets: ["service"], severity: 1, says: "Temporary files fill the disk of a service that stores data; severity is the share of the free space they take, and at 1 writes fail. A restart removes them." },
  { name: "configuration_error", targets: ["service"], severity: 0.5, says: "Wrong settings make the service refuse requests at once; severity is their share. A restart reads the same settings again." },
  { name: "retry_storm", targets: ["service"], severity: 0.5, says: "Callers send every request again without waiting and without regard to their retry budgets; severity 1 sends each four times." },
  { name: "gc_pause", targets: ["service"], severity: 0.5, says: "Every 5 s the processes stop to collect garbage; severity 1 stops them for 2 s. A restart ends it." },
  { name: TRAFFIC_DROP, targets: ["simulation", "service"], severity: 0.5, says: "Less traffic from outside, in all or at one entry service; severity 1 means none." },
];

export function faultKind(name: string): FaultKind | undefined {
  return FAULT_KINDS.find((kind) => kind.name === name);
}

/** `{service: cart}` and so on: exactly one of them. */
export function readTarget(value: unknown): Target | undefined {
  const given = Object.entries(asRecord(value));
  const [kind, id] = given[0] ?? [];
  const known = STRUCK.find((struck) => struck === kind);
  if (!known || given.length !== 1) return undefined;
  if (known === "simulation") return id === true ? { kind: known, id: "" } : undefined;
  return typeof id === "string" || typeof id === "number" ? { kind: known, id: String(id) } : undefined;
}

export function writtenTarget({ kind, id }: Target): Readonly<Record<string, unknown>> {
  return { [kind]: kind === "simulation" ? true : id };
}

export function targetWords({ kind, id }: Target): string {
  return kind === "simulation" ? "the whole simulation" : id;
}

export function isThere({ kind, id }: Target, cloud: Cloud): boolean {
  return kind === "simulation" || idsOf(kind, cloud).includes(id);
}

function idsOf(kind: Struck, { services, nodes, zones }: Cloud): readonly string[] {
  switch (kind) {
    case "service":
      return services.map(({ id }) => id);
    case "node":
      return nodes.map(({ id }) => id);
    case "zone":
      return zones;
    case "simulation":
      return [""];
  }
}

/** Everything in a cloud to which a kind of fault makes a difference. */
export function targetsIn(cloud: Cloud, kind: FaultKind): Target[] {
  return kind.targets.flatMap((struck) => idsOf(struck, cloud).map((id) => ({ kind: struck, id }))).filter((target) => idleOn(kind.name, target, cloud) === undefined);
}

/** Why a fault makes no difference to a target, as what it "is" or "has"; nothing when it does. */
export function idleOn(kind: string, { kind: struck, id }: Target, cloud: Cloud): string | undefined {
  if (struck === "zone") return cloud.zones.includes(id) && !cloud.nodes.some(({ zone }) => zone === id) ? "has no nodes" : undefined;
  const service = struck === "service" ? cloud.services.find((known) => known.id === id) : undefined;
  if (!service) return undefined;
  if (isTraffic(kind) && !service.entry) return "is not an entry service";
  if (kind === "disk_full" && !stores(service)) return "stores nothing";
  return kind === "cache_flush" && !caches(service, cloud) ? "caches nothing" : undefined;
}

function stores({ engine, fields }: DraftService): boolean {
  const own = asRecord(fields["specs"])["storage_gb"];
  return (typeof own === "number" ? own : ((engine && specsOf(engine)?.storage_gb) ?? 0)) > 0;
}

/** Calls name the service that answers for their callee; without one the caller does. */
function caches({ id }: DraftService, { calls }: Cloud): boolean {
  return calls.some(({ from, fields }) => (fields["cache"] ?? from) === id && (Number(fields["cache_hit_ratio"]) > 0 || Number(fields["static_hit_ratio"]) > 0));
}
