/** Makes a draft of what was understood of somebody else's file. Pure. */
import { formatNames } from "@/format/format";
import { type Engine, specsOf } from "../catalogue";
import { wouldCircle } from "../checks";
import type { Draft } from "../draft";
import { freeName } from "../edits";
import { scenarioFor, topologyText, type Written } from "../starts";
import { isQueue, isStore, isWorker } from "./engines";
import { round } from "./quantities";

export interface Found {
  readonly id: string;
  readonly image: string;
  readonly engine: Engine;
  readonly sure: boolean;
  readonly replicas: number;
  readonly cpuCores: number | undefined;
  readonly memoryGb: number | undefined;
  /** Users reach it from outside. */
  readonly open: boolean;
  readonly liveness?: Readonly<Record<string, number>>;
  /** Whom it calls, most certain first. */
  readonly calls: readonly string[];
}

export interface Understood {
  readonly name: string;
  readonly services: readonly Found[];
  readonly notes: readonly string[];
}

interface Call {
  readonly from: string;
  readonly to: string;
  readonly asynchronous: boolean;
}

/** A machine of the size that most clouds are made of; larger where a single replica needs it. */
const NODE = { cpu_cores: 16, memory_gb: 64, disk_gb: 1_000 } as const;
const ZONES = ["zone-a", "zone-b"] as const;
/** Room that is left for what scaling adds. */
const FILLED = 0.6;
/** Share of what the weakest door can take that comes in at first. */
const LOAD = 0.3;
const FIRST_RPS = 50;

export function assemble({ name: wanted, services, notes }: Understood): Draft {
  const name = wanted.replaceAll(/[^A-Za-z0-9_-]+/g, "_").replaceAll(/^_+|_+$/g, "") || "imported";
  const { calls, left } = callsOf(services);
  const told = [...notes];
  if (left.length > 0) told.push(`Left out, as they would close a circle: ${formatNames(left, 5)}.`);
  const turned = calls.filter(({ from }) => isQueue(services.find(({ id }) => id === from)?.engine ?? { kind: "profile", name: "" }));
  if (turned.length > 0) told.push(`Workers are taken to get their work from the queue: ${formatNames(turned.map(({ from, to }) => `${from} → ${to}`), 5)}.`);
  const unsure = services.filter(({ sure }) => !sure);
  if (unsure.length > 0) told.push(`Neither image nor name tells what these are; they are taken for small microservices: ${formatNames(unsure.map(({ id }) => id), 8)}.`);
  const doors = doorsOf(services, calls);
  told.push("Throughput, latency, timeouts and traffic are in no such file: what is there is that of the engines, in proportion to the CPU limit. Measure your own and write them.");
  const path = `topologies/${name}.yaml`;
  const entries = services.map((service) => entryOf(service, calls.filter(({ from }) => from === service.id), doors));
  const rps = Math.max(1, Math.min(FIRST_RPS, ...doors.map((id) => LOAD * capacityOf(services.find((service) => service.id === id)))));
  const files = {
    [`${name}.yaml`]: scenarioFor(path, doors.map((id) => ({ id, rps })), `The cloud of ${wanted}, as it was imported.`),
    [path]: topologyText({ name, zones: ZONES, nodes: nodesFor(services), services: entries }),
  };
  return { name, files, places: {}, notes: told };
}

/** A worker behind a queue is called by it; whoever else knows the queue publishes to it. */
function callsOf(services: readonly Found[]): { readonly calls: readonly Call[]; readonly left: readonly string[] } {
  const byId = new Map(services.map((service) => [service.id, service]));
  const calls: Call[] = [];
  const left: string[] = [];
  for (const { id, engine, calls: callees } of services) {
    for (const callee of new Set(callees)) {
      const other = byId.get(callee);
      if (!other || callee === id || isStore(engine)) continue;
      const work = isQueue(other.engine) && isWorker(engine);
      const call = { from: work ? callee : id, to: work ? id : callee, asynchronous: isQueue(other.engine) };
      if (wouldCircle({ calls }, call.from, call.to)) left.push(`${call.from} → ${call.to}`);
      else calls.push(call);
    }
  }
  return { calls, left };
}

/** Those that are open to the outside; of none that is, those that nobody calls. */
function doorsOf(services: readonly Found[], calls: readonly Call[]): string[] {
  const front = services.filter(({ engine }) => !isStore(engine));
  const called = new Set(calls.map(({ to }) => to));
  const open = front.filter(({ open: reachable }) => reachable);
  const uncalled = front.filter(({ id, engine }) => !called.has(id) && !isWorker(engine));
  const doors = open.length > 0 ? open : uncalled.length > 0 ? uncalled : front.length > 0 ? front.slice(0, 1) : services.slice(0, 1);
  return doors.map(({ id }) => id);
}

function entryOf(service: Found, calls: readonly Call[], doors: readonly string[]): Written {
  const { id, image, engine, replicas, liveness } = service;
  const specs = specsFor(service);
  const written = calls.map(({ to, asynchronous }) => ({ to, ...(asynchronous && { asynchronous }) }));
  return {
    ...(image !== "" && { comment: `image: ${image.replaceAll(/\s+/g, " ")}` }),
    id,
    [engine.kind]: engine.name,
    ...(doors.includes(id) && { entry: true }),
    ...(replicas > 1 && { replicas }),
    ...(Object.keys(specs).length > 0 && { specs }),
    ...(liveness && { liveness }),
    ...(written.length > 0 && { calls: written }),
  };
}

/** What the limits say, and throughput in proportion to the CPU, as long as there is a worker left. */
function specsFor({ engine, cpuCores, memoryGb }: Found): Record<string, number> {
  const usual = specsOf(engine);
  const specs: Record<string, number> = {};
  if (cpuCores !== undefined && cpuCores > 0) {
    specs["cpu_cores"] = Math.max(0.01, cpuCores);
    if (usual && cpuCores !== usual.cpu_cores) specs["max_throughput"] = round(Math.min(1e6 / usual.min_latency_ms, Math.max(1_000 / usual.min_latency_ms, (usual.max_throughput * cpuCores) / usual.cpu_cores)));
  }
  if (memoryGb !== undefined && memoryGb > 0) specs["memory_gb"] = Math.max(0.01, memoryGb);
  return specs;
}

function capacityOf(service: Found | undefined): number {
  if (!service) return FIRST_RPS;
  return (specsFor(service)["max_throughput"] ?? specsOf(service.engine)?.max_throughput ?? FIRST_RPS) * service.replicas;
}

/** As many machines in two zones as everything fits on with room to spare. */
function nodesFor(services: readonly Found[]): object[] {
  const wants = services.flatMap((service) => {
    const usual = specsOf(service.engine);
    const own = specsFor(service);
    const want = { cpu: own["cpu_cores"] ?? usual?.cpu_cores ?? 1, memory: own["memory_gb"] ?? usual?.memory_gb ?? 1, disk: usual?.storage_gb ?? 0 };
    return [{ ...want, replicas: service.replicas }];
  });
  const most = (key: "cpu" | "memory" | "disk") => Math.max(...wants.map((want) => want[key]), 0);
  const sum = (key: "cpu" | "memory" | "disk") => wants.reduce((total, want) => total + want[key] * want.replicas, 0);
  const size = { cpu: Math.max(NODE.cpu_cores, Math.ceil(most("cpu") / FILLED)), memory: Math.max(NODE.memory_gb, Math.ceil(most("memory") / FILLED)), disk: Math.max(NODE.disk_gb, Math.ceil(most("disk") / FILLED)) };
  const count = Math.max(2, ...(["cpu", "memory", "disk"] as const).map((key) => Math.ceil(sum(key) / (size[key] * FILLED))));
  return Array.from({ length: count }, (_, i) => {
    const zone = ZONES[i % ZONES.length] ?? ZONES[0];
    return { id: `node-${zone.slice(-1)}${Math.floor(i / ZONES.length) + 1}`, zone, cpu_cores: size.cpu, memory_gb: size.memory, disk_gb: size.disk };
  });
}

/** A name that the engine takes, and that no other service has. */
export function idFrom(name: string, taken: readonly string[]): string {
  return freeName(name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 60) || "service", taken);
}
