/** What a draft can begin with. Pure. */
import type { ScenarioBundle } from "@/gen/sim/v1/journal_pb";
import type { Edge, Topology } from "@/gen/sim/v1/state_pb";
import { Document, isMap, isSeq } from "yaml";
import { cloudOf } from "./cloud";
import type { Draft, Fields } from "./draft";
import { addCall, addService, removeCalls, setService } from "./edits";

const SCHEMA = (name: string, up = "") => ` yaml-language-server: $schema=${up}schema/${name}.schema.json`;

export interface Sketch {
  readonly name: string;
  readonly title: string;
  readonly says: string;
  readonly topology: string;
  readonly scenario: string;
}

const NODES = `zones: [zone-a, zone-b]

nodes:
  - {id: node-a1, zone: zone-a, cpu_cores: 16, memory_gb: 64}
  - {id: node-b1, zone: zone-b, cpu_cores: 16, memory_gb: 64}
`;

const scenarioText = (name: string, says: string, door: string, rps: number) => `# yaml-language-server: $schema=schema/scenario.schema.json
description: ${says}
family: own
topology: topologies/${name}.yaml
traffic:
  - service: ${door}
    constant: {rps: ${rps}}
    noise: 0.03
`;

/** Small clouds to go on from. */
export const SKETCHES: readonly Sketch[] = [
  {
    name: "my_cloud",
    title: "A single service",
    says: "one web server on two nodes, to build on",
    topology: `# yaml-language-server: $schema=../schema/topology.schema.json
name: my_cloud
${NODES}
services:
  - id: web
    template: small_web_server
    entry: true
    replicas: 2
`,
    scenario: scenarioText("my_cloud", "A cloud of my own.", "web", 100),
  },
  {
    name: "three_tiers",
    title: "Three tiers",
    says: "a load balancer, an API with its cache, a database",
    topology: `# yaml-language-server: $schema=../schema/topology.schema.json
name: three_tiers
${NODES}
services:
  - id: balancer
    template: internal_load_balancer
    entry: true
    calls:
      - {to: api, timeout_ms: 3000, retries: 0}
  - id: api
    template: interpreted_api_server
    replicas: 3
    calls:
      - {to: cache, timeout_ms: 100, retries: 0, required: false}
      - {to: db, calls_per_request: 1.5, read_ratio: 0.9, cache_hit_ratio: 0.8, cache: cache, timeout_ms: 800}
  - {id: cache, template: redis_cache}
  - {id: db, template: small_postgresql}
`,
    scenario: scenarioText("three_tiers", "An API with a cache and a database behind a load balancer.", "balancer", 250),
  },
];

export function draftOfSketch({ name, topology, scenario }: Sketch): Draft {
  return { name, files: { [`${name}.yaml`]: scenario, [`topologies/${name}.yaml`]: topology }, places: {}, notes: [] };
}

export function draftOfBundle({ name, files }: Pick<ScenarioBundle, "name" | "files">): Draft {
  return { name, files: { ...files }, places: {}, notes: [] };
}

/** A scenario for a topology that came without one: the same traffic at every door. */
export function scenarioFor(topologyPath: string, doors: readonly { readonly id: string; readonly rps: number }[], description: string): string {
  const doc = new Document({ description, family: "own", topology: topologyPath, traffic: doors.map(({ id, rps }) => ({ service: id, constant: { rps: Math.max(1, Math.round(rps)) } })) });
  doc.commentBefore = SCHEMA("scenario");
  const traffic = doc.get("traffic");
  for (const source of isSeq(traffic) ? traffic.items : []) {
    const shape = isMap(source) ? source.get("constant") : undefined;
    if (isMap(shape)) shape.flow = true;
  }
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false });
}

export interface Written {
  /** Stands above it. */
  readonly comment?: string;
  readonly [field: string]: unknown;
}

/** A topology as text in the manner of those that ship: short things on a line of their own. */
export function topologyText(topology: { readonly name: string; readonly zones: readonly string[]; readonly nodes: readonly object[]; readonly services: readonly Written[] }): string {
  const services = topology.services.map(({ comment: _comment, ...service }) => service);
  const doc = new Document({ ...topology, services });
  doc.commentBefore = SCHEMA("topology", "../");
  const flow = (node: unknown) => {
    if (isMap(node) || isSeq(node)) node.flow = true;
  };
  flow(doc.get("zones"));
  const nodes = doc.get("nodes");
  if (isSeq(nodes)) nodes.items.forEach(flow);
  const list = doc.get("services");
  (isSeq(list) ? list.items : []).forEach((service, i) => {
    if (!isMap(service)) return;
    const comment = topology.services[i]?.comment;
    if (comment !== undefined) service.commentBefore = ` ${comment}`;
    for (const key of ["specs", "liveness", "placement"]) flow(service.get(key));
    const calls = service.get("calls");
    if (isSeq(calls)) calls.items.forEach(flow);
  });
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** What cannot be seen of a running cloud. */
const UNSEEN = "The engine tells neither specs nor policies of a running cloud: services have those of their profile.";

/**
 * The cloud that runs: the files it was made of, with the replicas, services and calls that there are now. Without the files,
 * what the engine tells of it.
 */
export function draftOfRunning(topology: Topology, bundle: Pick<ScenarioBundle, "name" | "files"> | undefined, scenario: string, ratesRps: ReadonlyMap<string, number>): Draft {
  if (!bundle) return draftOfTopology(topology, scenario, ratesRps);
  let draft = draftOfBundle(bundle);
  if (cloudOf(draft).services.length === 0) return draftOfTopology(topology, scenario, ratesRps);
  for (const { id, profile, desiredReplicas, entry } of topology.services) {
    const written = cloudOf(draft).services.find((service) => service.id === id);
    if (!written) {
      draft = addService(id, { kind: "profile", name: profile })(draft);
      if (entry) draft = setService(id, ["entry"], true)(draft);
    }
    const replicas = Number(written?.fields["replicas"] ?? 1);
    if (replicas !== desiredReplicas && desiredReplicas > 0) draft = setService(id, ["replicas"], desiredReplicas)(draft);
  }
  return withRunningCalls(draft, topology);
}

function withRunningCalls(draft: Draft, { edges, services }: Topology): Draft {
  const runs = new Set(edges.map(({ fromServiceId, toServiceId }) => `${fromServiceId} ${toServiceId}`));
  const gone = cloudOf(draft).calls.filter(({ from, to }) => services.some(({ id }) => id === from) && !runs.has(`${from} ${to}`));
  const without = gone.length === 0 ? draft : removeCalls(gone)(draft);
  return edges.reduce((next, edge) => addCall(edge.fromServiceId, edge.toServiceId, fieldsOf(edge))(next), without);
}

function fieldsOf({ callsPerRequest, timeoutMs, maxRetries }: Edge): Fields {
  return { calls_per_request: callsPerRequest, ...(timeoutMs > 0 && { timeout_ms: timeoutMs }), retries: maxRetries };
}

function draftOfTopology(topology: Topology, scenario: string, ratesRps: ReadonlyMap<string, number>): Draft {
  const name = scenario.replaceAll(/[^A-Za-z0-9_-]/g, "_") || "running";
  const path = `topologies/${name}.yaml`;
  const services = topology.services.map(({ id, profile, desiredReplicas, entry }) => {
    const calls = topology.edges
      .filter(({ fromServiceId }) => fromServiceId === id)
      .map((edge) => ({ to: edge.toServiceId, ...fieldsOf(edge) }));
    return { id, profile, ...(entry && { entry }), ...(desiredReplicas > 1 && { replicas: desiredReplicas }), ...(calls.length > 0 && { calls }) };
  });
  const nodes = topology.nodes.map(({ id, zoneId, cpuCores, memoryGb, networkMbps }) => ({ id, zone: zoneId, cpu_cores: cpuCores, memory_gb: memoryGb, ...(networkMbps > 0 && { network_mbps: networkMbps }) }));
  const doors = topology.services.filter(({ entry }) => entry).map(({ id }) => ({ id, rps: ratesRps.get(id) ?? 100 }));
  const files = { [`${name}.yaml`]: scenarioFor(path, doors, `As ${scenario} ran.`), [path]: topologyText({ name: topology.name, zones: topology.zones.map(({ id }) => id), nodes, services }) };
  return { name, files, places: {}, notes: [UNSEEN] };
}
