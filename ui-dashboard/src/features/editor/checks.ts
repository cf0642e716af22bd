/**
 * What can be known to be wrong without asking: references to nothing, circles, ids used twice, numbers out of range. The engine
 * has the last word (`SimulationService.Validate`); this is there while one types. Pure.
 */
import { type Call, callersOf } from "@/features/topology/graph";
import { BALANCINGS, profileOf, specsOf } from "./catalogue";
import { type Cloud, cloudOf, type DraftCall, type DraftService, planOf } from "./cloud";
import { asRecord, type Draft, type File, MAX_BUNDLE_BYTES, type Path, readFile, scenarioFile, scenarioPath, topologyFile, valueAt } from "./draft";
import { BREAKER_FIELDS, CACHE_FIELDS, CALL_FIELDS, LIVENESS_FIELDS, NODE_FIELDS, NOISE, POOL_FIELDS, REPLICAS, RETRY_FIELDS, SCENARIO_FIELDS, SHAPE_FIELDS, SPEC_FIELDS } from "./fields";
import { Findings } from "./findings";
import type { Part, Problem } from "./problems";
import { timelineOf } from "./timeline";
import { checkTimeline } from "./timeline-checks";

const ID = /^[A-Za-z0-9._-]{1,63}$/;
const SCENARIO_NAME = /^[A-Za-z0-9_-]+$/;
const MAX_WORKERS = 1_024;

/** What is wrong with an id; nothing when it can be used. */
export function idProblem(id: string, taken: readonly string[]): string | undefined {
  if (!ID.test(id)) return "Use 1 to 63 letters, digits, “-”, “_” and “.”.";
  return taken.includes(id) ? `${id} is there already; choose another name.` : undefined;
}

export function nameProblem(name: string): string | undefined {
  return SCENARIO_NAME.test(name) ? undefined : "Use letters, digits, “_” and “-”.";
}

/** In the order of the files; syntax first, and nothing else while there is a mistake in it. */
export function check(draft: Draft): Problem[] {
  const mistakes = Object.entries(draft.files).flatMap(([path, text]) => (path.endsWith(".csv") ? [] : readFile(path, text).mistakes.map((mistake) => ({ ...mistake, file: path, part: { kind: "file", path } as const }))));
  if (mistakes.length > 0) return mistakes;
  const file = topologyFile(draft);
  const scenario = new Findings(scenarioFile(draft));
  const named = valueAt(scenarioFile(draft).value, ["topology"]);
  if (!file || named === undefined) scenario.add({ kind: "scenario" }, ["topology"], `topology names ${named === undefined ? "no file" : `${String(named)}, which is not there`}`);
  const topology = file ? checkTopology(draft, file) : [];
  checkPlan(draft, scenario);
  const bytes = new TextEncoder().encode(Object.values(draft.files).join("")).length;
  if (bytes > MAX_BUNDLE_BYTES) scenario.add({ kind: "scenario" }, [], `the files have ${Math.ceil(bytes / 1_024)} KiB; at most ${MAX_BUNDLE_BYTES / 1_024} KiB are taken`);
  return [...scenario.problems, ...topology];
}

function checkTopology(draft: Draft, file: File): Problem[] {
  const found = new Findings(file);
  const cloud = cloudOf(draft);
  cloud.zones.forEach((id, at) => checkId(found, { kind: "zone", id }, ["zones", at], id, cloud.zones.slice(0, at)));
  const nodeIds = cloud.nodes.map(({ id }) => id);
  for (const { at, id, zone, fields } of cloud.nodes) {
    const part = { kind: "node", id } as const;
    checkId(found, part, ["nodes", at, "id"], id, nodeIds.slice(0, at));
    if (!cloud.zones.includes(zone)) found.add(part, ["nodes", at, "zone"], `there is no zone "${zone}"`);
    for (const needed of ["cpu_cores", "memory_gb"]) if (fields[needed] === undefined) found.add(part, ["nodes", at], `${needed} is missing`);
    found.numbers(part, ["nodes", at], fields, NODE_FIELDS);
  }
  if (cloud.nodes.length === 0 || cloud.services.length === 0) found.add({ kind: "file", path: file.path }, [], "a topology needs at least one node and one service");
  const ids = cloud.services.map(({ id }) => id);
  cloud.services.forEach((service, position) => checkService(found, service, ids.slice(0, position), cloud));
  const circle = circleOf(cloud);
  if (circle) found.add({ kind: "service", id: circle[0] ?? "" }, ["services", ids.indexOf(circle[0] ?? "")], `services call in a circle: ${circle.join(" → ")}; remove one of these calls`);
  return found.problems;
}

function checkId(found: Findings, part: Part, path: Path, id: string, before: readonly string[]): void {
  if (!ID.test(id)) found.add(part, path, `id "${id}": use 1 to 63 letters, digits, '-', '_' and '.'`);
  else if (before.includes(id)) found.add(part, path, `id "${id}" is used twice; choose another`);
}

function checkService(found: Findings, service: DraftService, before: readonly string[], cloud: Cloud): void {
  const { at, id, engine, placement, fields } = service;
  const part = { kind: "service", id } as const;
  const path = ["services", at] as const;
  checkId(found, part, [...path, "id"], id, before);
  if (!engine || (fields["profile"] !== undefined && fields["template"] !== undefined)) found.add(part, path, `${id} needs either a profile or a template`);
  else if (!profileOf(engine)) found.add(part, [...path, engine.kind], `there is no ${engine.kind} "${engine.name}"`);
  found.numbers(part, path, fields, [REPLICAS]);
  found.numbers(part, [...path, "specs"], asRecord(fields["specs"]), SPEC_FIELDS);
  found.numbers(part, [...path, "liveness"], asRecord(fields["liveness"]), LIVENESS_FIELDS);
  const { balancing } = fields;
  if (balancing !== undefined && !BALANCINGS.some((known) => known === balancing)) found.add(part, [...path, "balancing"], `there is no balancing "${String(balancing)}"`);
  for (const node of placement) if (!cloud.nodes.some((known) => known.id === node)) found.add(part, [...path, "placement"], `there is no node "${node}"`);
  checkSpecs(found, service);
  for (const call of service.calls) checkCall(found, call, [...path, "calls", call.at], cloud);
}

/** Throughput and latency together must be a number of workers that a replica can have, and memory at rest must fit. */
function checkSpecs(found: Findings, { at, id, engine, fields }: DraftService): void {
  const defaults = engine && specsOf(engine);
  if (!defaults) return;
  const own = asRecord(fields["specs"]);
  const value = (name: keyof typeof defaults) => (typeof own[name] === "number" ? own[name] : defaults[name]);
  const part = { kind: "service", id } as const;
  const path = ["services", at, "specs"] as const;
  const workers = (value("max_throughput") * value("min_latency_ms")) / 1_000;
  if (workers < 0.5) found.add(part, [...path, "max_throughput"], `max_throughput ${value("max_throughput")} at min_latency_ms ${value("min_latency_ms")} takes ${workers} workers: one worker alone does more; raise one of them`);
  if (workers > MAX_WORKERS + 0.5) found.add(part, [...path, "max_throughput"], `max_throughput ${value("max_throughput")} at min_latency_ms ${value("min_latency_ms")} takes ${workers} workers: a replica has at most ${MAX_WORKERS}; lower one of them`);
  const scaled = typeof own["memory_gb"] === "number" && own["base_memory_gb"] === undefined ? defaults.base_memory_gb * (own["memory_gb"] / defaults.memory_gb) : value("base_memory_gb");
  if (scaled >= value("memory_gb")) found.add(part, [...path, "base_memory_gb"], `base_memory_gb is ${scaled}; it must be below memory_gb, ${value("memory_gb")}`);
}

function checkCall(found: Findings, { from, to, fields }: DraftCall, path: Path, cloud: Cloud): void {
  const part = { kind: "call", from, to } as const;
  const isThere = (id: unknown) => cloud.services.some((service) => service.id === id);
  if (!isThere(to)) found.add(part, [...path, "to"], `there is no service "${to}"`);
  if (fields["cache"] !== undefined && !isThere(fields["cache"])) found.add(part, [...path, "cache"], `there is no service "${String(fields["cache"])}"`);
  found.numbers(part, path, fields, [...CALL_FIELDS, ...RETRY_FIELDS, ...CACHE_FIELDS]);
  found.numbers(part, [...path, "breaker"], asRecord(fields["breaker"]), BREAKER_FIELDS);
  const pool = asRecord(fields["connections"]);
  found.numbers(part, [...path, "connections"], pool, POOL_FIELDS);
  if (fields["connections"] !== undefined && pool["per_replica"] === undefined) found.add(part, [...path, "connections"], "per_replica is missing");
}

function checkPlan(draft: Draft, found: Findings): void {
  const cloud = cloudOf(draft);
  const { services } = cloud;
  const { sources, fields } = planOf(draft);
  const scenario = { kind: "scenario" } as const;
  if (nameProblem(draft.name) !== undefined) found.add(scenario, [], `name "${draft.name}": use letters, digits, '_' and '-'`);
  for (const needed of ["description", "family"]) if (typeof fields[needed] !== "string") found.add(scenario, [], `${needed} is missing`);
  found.numbers(scenario, [], fields, SCENARIO_FIELDS);
  checkTimeline(timelineOf(draft), Number(fields["duration_s"]) || 0, cloud, found);
  if (sources.length === 0) found.add(scenario, ["traffic"], `there is no traffic; give at least one source (${scenarioPath(draft)})`);
  for (const source of sources) {
    const part = { kind: "traffic", at: source.at } as const;
    const path = ["traffic", source.at] as const;
    const service = services.find(({ id }) => id === source.service);
    if (!service) found.add(part, [...path, "service"], `there is no service "${source.service}"`);
    else if (!service.entry) found.add(part, [...path, "service"], `${source.service} is not an entry service; let traffic enter there, or name one that is`);
    if (source.shapes.length === 0 && source.fields["trace"] === undefined) found.add(part, path, "give at least one shape of traffic");
    found.numbers(part, path, source.fields, [NOISE]);
    for (const shape of source.shapes) {
      const own = asRecord(source.fields[shape]);
      for (const { name, fallback } of SHAPE_FIELDS[shape].fields) if (fallback === undefined && own[name] === undefined) found.add(part, [...path, shape], `${name} is missing`);
      found.numbers(part, [...path, shape], own, SHAPE_FIELDS[shape].fields);
    }
  }
}

/** Services that call each other in a circle, the first of them again at the end; nothing when there is none. */
export function circleOf({ services, calls }: Pick<Cloud, "services" | "calls">): string[] | undefined {
  const callees = new Map<string, string[]>();
  for (const { from, to } of calls) callees.set(from, [...(callees.get(from) ?? []), to]);
  const done = new Set<string>();
  for (const { id } of services) {
    const path: string[] = [];
    const open: { readonly id: string; next: number }[] = [{ id, next: 0 }];
    while (open.length > 0) {
      const top = open[open.length - 1];
      if (!top) break;
      if (top.next === 0) path.push(top.id);
      const callee = done.has(top.id) ? undefined : callees.get(top.id)?.[top.next];
      if (callee === undefined) {
        done.add(top.id);
        path.pop();
        open.pop();
        continue;
      }
      top.next += 1;
      const start = path.indexOf(callee);
      if (start >= 0) return [...path.slice(start), callee];
      if (!done.has(callee)) open.push({ id: callee, next: 0 });
    }
  }
  return undefined;
}

/** Whether a call would close a circle: the callee calls the caller already, directly or by way of others. */
export function wouldCircle({ calls }: { readonly calls: readonly Call[] }, from: string, to: string): boolean {
  return from === to || callersOf(calls, [from]).has(to);
}
