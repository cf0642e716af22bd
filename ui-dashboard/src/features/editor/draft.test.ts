import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { aTopology } from "@/testing/fixtures";
import { PROFILES, SPEC_NAMES, TEMPLATES } from "./catalogue";
import { check, circleOf, wouldCircle } from "./checks";
import { cloudOf, planOf } from "./cloud";
import type { Draft } from "./draft";
import { addCall, addNode, addService, addSource, addZone, removeCalls, removeNode, removeServices, removeZone, renameDraft, renameNode, renameService, renameZone, setCall, setEngine, setNode, setScenario, setService, setShape, setText } from "./edits";
import { partAt } from "./problems";
import { draftOfBundle, draftOfRunning, draftOfSketch, SKETCHES } from "./starts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const text = (path: string) => readFileSync(join(ROOT, path), "utf8");

function shipped(name: string, topology: string, folder = "scenarios"): Draft {
  return draftOfBundle({ name, files: { [`${name}.yaml`]: text(`${folder}/${name}.yaml`), [`topologies/${topology}.yaml`]: text(`${folder}/topologies/${topology}.yaml`) } });
}

const shop = () => shipped("cascade_failure", "shop");
const linesOf = (draft: Draft, path: string) => (draft.files[path] ?? "").split("\n");
/** The lines that differ. */
const changed = (before: Draft, after: Draft, path: string) => linesOf(after, path).filter((line) => !linesOf(before, path).includes(line));
const TOPOLOGY = "topologies/shop.yaml";

describe("the catalogue is that of the engine", () => {
  const docs = readdirSync(join(ROOT, "docs/model")).map((file) => text(`docs/model/${file}`));
  const number = (cell: string | undefined) => Number((cell ?? "").replaceAll(/[\s_`]/g, ""));

  it.each(PROFILES.map((profile) => [profile.name, profile] as const))("%s", (name, { specs }) => {
    const doc = docs.find((page) => page.split("\n").some((line) => line.startsWith("| parameter | unit |") && line.includes(`\`${name}\``)));
    const rows = (doc ?? "").split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    const column = rows.find((cells) => cells[1] === "parameter" && cells.includes(`\`${name}\``))?.indexOf(`\`${name}\``) ?? -1;
    for (const spec of SPEC_NAMES) {
      const row = rows.find((cells) => cells[1] === `\`${spec}\``);
      expect(number(row?.[column]), `${name}.${spec}`).toBe(specs[spec]);
    }
  });

  it("knows every template, and what it changes", () => {
    const rows = text("docs/model/templates.md").split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows.map((cells) => cells[1])).toEqual(TEMPLATES.map(({ name }) => `\`${name}\``));
    TEMPLATES.forEach(({ profile, description, specs }, i) => {
      expect([rows[i]?.[2], rows[i]?.[3]]).toEqual([`\`${profile}\``, description]);
      const changes = [...(rows[i]?.[4] ?? "").matchAll(/`(\w+)` ([\d ._]+)/g)].map(([, spec, value]) => [spec, number(value)]);
      expect(Object.fromEntries(changes)).toEqual(specs);
    });
  });

  it("has the names that the schema of the files has", () => {
    const schema = JSON.parse(text("scenarios/schema/topology.schema.json")) as { definitions: { ServiceFile: { properties: Record<string, { oneOf: { const: string }[] }> }; SpecsFile: { properties: object } } };
    const { profile, template } = schema.definitions.ServiceFile.properties;
    expect(PROFILES.map(({ name }) => name)).toEqual(profile?.oneOf.map((one) => one.const));
    expect(TEMPLATES.map(({ name }) => name)).toEqual(template?.oneOf.map((one) => one.const));
    expect([...SPEC_NAMES].toSorted()).toEqual(Object.keys(schema.definitions.SpecsFile.properties).toSorted());
  });
});

describe("what ships", () => {
  const bundles = readdirSync(join(ROOT, "scenarios")).filter((file) => file.endsWith(".yaml")).map((file) => file.replace(".yaml", ""));

  it.each(bundles)("%s has nothing wrong with it", (name) => {
    const topology = /^topology: topologies\/(\w+)\.yaml/m.exec(text(`scenarios/${name}.yaml`))?.[1] ?? "";
    expect(check(shipped(name, topology))).toEqual([]);
  });

  it.each(SKETCHES.map((sketch) => [sketch.title, sketch] as const))("the sketch “%s” neither", (_, sketch) => expect(check(draftOfSketch(sketch))).toEqual([]));
});

describe("edits", () => {
  it("change what they are about and leave every other line, comments too", () => {
    const before = shop();
    const after = setService("catalog", ["specs", "cpu_cores"], 4)(setService("catalog", ["replicas"], 5)(before));
    expect(changed(before, after, TOPOLOGY)).toEqual(["    replicas: 5", "    specs: {min_latency_ms: 15, max_throughput: 130, queue_limit: 128, cpu_cores: 4}"]);
    expect(after.files[TOPOLOGY]).toContain("  # What the shop does.");
    expect(linesOf(after, TOPOLOGY).length).toBe(linesOf(before, TOPOLOGY).length);
  });

  it("take a field out again, and its map when it was the last", () => {
    const before = draftOfSketch(SKETCHES[0] ?? expect.fail());
    const there = setService("web", ["specs", "cpu_cores"], 4)(before);
    expect(there.files["topologies/my_cloud.yaml"]).toContain("specs:");
    expect(setService("web", ["specs", "cpu_cores"], undefined)(there).files).toEqual(before.files);
    expect(setService("web", ["specs", "cpu_cores"], undefined)(before).files).toEqual(before.files);
  });

  it("add a service and a call to it, and a policy to that", () => {
    let draft = addCall("checkout", "ledger")(addService("ledger", { kind: "template", name: "small_postgresql" }, { x: 10, y: 20 })(shop()));
    draft = setCall({ from: "checkout", at: 4 }, ["timeout_ms"], 800)(draft);
    const call = () => cloudOf(draft).services.find(({ id }) => id === "checkout")?.calls.find(({ to }) => to === "ledger");
    const at = call()?.at ?? -1;
    draft = setCall({ from: "checkout", at }, ["breaker"], {})(draft);
    draft = setCall({ from: "checkout", at }, ["connections", "per_replica"], 10)(draft);
    expect(call()?.fields).toMatchObject({ to: "ledger", breaker: {}, connections: { per_replica: 10 } });
    expect(draft.places).toEqual({ ledger: { x: 10, y: 20 } });
    expect(check(draft)).toEqual([]);
    expect(addCall("checkout", "ledger")(draft)).toBe(draft);
    expect(cloudOf(removeCalls([{ from: "checkout", to: "ledger" }])(draft)).calls.some(({ to }) => to === "ledger")).toBe(false);
  });

  it("rename a service wherever it is named", () => {
    const draft = renameService("payment", "pay")(shop());
    expect(check(draft)).toEqual([]);
    expect(Object.values(draft.files).join("\n")).not.toMatch(/\bpayment\b(?![- ])/);
  });

  it("rename nodes and zones with what stands on them", () => {
    const draft = renameZone("zone-a", "east")(renameNode("node-a1", "east-1")(shop()));
    expect(check(draft)).toEqual([]);
    expect(cloudOf(draft).nodes.find(({ id }) => id === "east-1")?.zone).toBe("east");
  });

  it("remove a service with the calls to it and the traffic at it", () => {
    const draft = removeServices(["cdn", "catalog-cache"])(shop());
    expect(cloudOf(draft).calls.filter(({ to, fields }) => to === "catalog-cache" || fields["cache"] === "catalog-cache")).toEqual([]);
    expect(planOf(draft).sources).toEqual([]);
    expect(check(draft).map(({ message }) => message)).toEqual([expect.stringContaining("there is no traffic")]);
  });

  it("add and remove zones and machines", () => {
    let draft = addNode("zone-d")(addZone(shop()));
    expect(cloudOf(draft).nodes.at(-1)).toMatchObject({ id: "node-d1", zone: "zone-d", fields: { cpu_cores: 16 } });
    draft = setNode(cloudOf(draft).nodes.length - 1, ["cpu_cores"], 32)(draft);
    expect(draft.files[TOPOLOGY]).toContain("  - {id: node-d1, zone: zone-d, cpu_cores: 32, memory_gb: 48");
    expect(removeZone("zone-d")(draft).files).toEqual(shop().files);
    expect(removeNode("node-d1")(draft).files[TOPOLOGY]).toContain("zones: [zone-a, zone-b, zone-c, zone-d]");
  });

  it("change traffic, settings and engines", () => {
    let draft = setShape(1, "constant", "spike")(addSource("cdn")(shop()));
    draft = setScenario(["chaos"], 0.2)(setEngine("web", { kind: "template", name: "small_web_server" })(draft));
    expect(planOf(draft).sources[1]).toMatchObject({ service: "cdn", shapes: ["spike"] });
    expect(planOf(draft).fields["chaos"]).toBe(0.2);
    expect(cloudOf(draft).services.find(({ id }) => id === "web")?.engine).toEqual({ kind: "template", name: "small_web_server" });
    expect(check(draft)).toEqual([]);
    expect(Object.keys(renameDraft("mine")(draft).files)).toEqual(["mine.yaml", TOPOLOGY]);
  });

  it("leave a file alone that cannot be read", () => {
    const broken = setText(TOPOLOGY, "services: [")(shop());
    expect(addService("x", { kind: "profile", name: "redis" })(broken).files).toEqual(broken.files);
    expect(check(broken)).toEqual([expect.objectContaining({ file: TOPOLOGY, line: 1, part: { kind: "file", path: TOPOLOGY } })]);
  });
});

describe("checks", () => {
  it("name references to nothing, ids used twice, numbers out of range and engines nobody knows, with the line", () => {
    let draft = setService("web", ["replicas"], 0)(shop());
    draft = setService("cart", ["profile"], "toaster")(draft);
    draft = setService("user", ["id"], "web")(draft);
    draft = setCall({ from: "checkout", at: 0 }, ["retries"], 99)(draft);
    const found = check(draft);
    const told = found.map(({ part, message }) => `${part.kind}: ${message}`);
    expect(told).toContain("service: replicas is 0; use a number from 1 to 100000");
    expect(told).toContain('service: there is no profile "toaster"');
    expect(told).toContain('service: id "web" is used twice; choose another');
    expect(told).toContain('call: there is no service "user"');
    expect(told).toContain("call: retries is 99; use a number from 0 to 10");
    for (const { file, line, part } of found.filter(({ part: { kind } }) => kind === "call")) expect(partAt(draft, file, line)).toEqual(part);
  });

  it("tell a circle by its path, and whether a call would close one", () => {
    const draft = addCall("payment-db", "checkout")(shop());
    expect(check(draft).map(({ message }) => message)).toEqual([expect.stringMatching(/^services call in a circle: .*checkout.*; remove one of these calls$/)]);
    const cloud = cloudOf(shop());
    expect(wouldCircle(cloud, "payment-db", "cdn")).toBe(true);
    expect(wouldCircle(cloud, "cdn", "payment-db")).toBe(false);
    expect(wouldCircle(cloud, "cdn", "cdn")).toBe(true);
    expect(circleOf(cloud)).toBeUndefined();
  });

  it("know that throughput and latency must be a number of workers that there can be", () => {
    const draft = setService("web", ["specs"], { max_throughput: 1_000_000, min_latency_ms: 50 })(shop());
    expect(check(draft)[0]?.message).toContain("takes 50000 workers");
  });

  it("find the part that a line belongs to", () => {
    const draft = shop();
    const line = (path: string, words: string) => linesOf(draft, path).findIndex((known) => known.includes(words)) + 1;
    expect(partAt(draft, TOPOLOGY, line(TOPOLOGY, "to: payment,"))).toEqual({ kind: "call", from: "checkout", to: "payment" });
    expect(partAt(draft, TOPOLOGY, line(TOPOLOGY, "id: search"))).toEqual({ kind: "service", id: "search" });
    expect(partAt(draft, TOPOLOGY, line(TOPOLOGY, "id: node-b2"))).toEqual({ kind: "node", id: "node-b2" });
    expect(partAt(draft, "cascade_failure.yaml", line("cascade_failure.yaml", "service: cdn"))).toEqual({ kind: "traffic", at: 0 });
    expect(partAt(draft, "cascade_failure.yaml", 0)).toEqual({ kind: "scenario" });
  });
});

describe("a running cloud", () => {
  it("without its files is what the engine tells of it", () => {
    const draft = draftOfRunning(aTopology(), undefined, "mine", new Map([["gateway", 42]]));
    expect(cloudOf(draft).services.map(({ id, entry }) => [id, entry])).toEqual([["gateway", true], ["orders", false]]);
    expect(planOf(draft).sources[0]).toMatchObject({ service: "gateway", fields: { constant: { rps: 42 } } });
    expect(draft.notes).toHaveLength(1);
    expect(check(draft)).toEqual([]);
  });

  it("with its files has what was changed since, and keeps the rest", () => {
    const base = shop();
    const { services, calls, nodes } = cloudOf(base);
    const running = aTopology({
      nodes: nodes.map(({ id, zone }) => ({ id, zoneId: zone })),
      services: [
        ...services.map(({ id, entry, fields }) => ({ id, entry, profile: "api_server", desiredReplicas: id === "catalog" ? 7 : Number(fields["replicas"] ?? 1) })),
        { id: "catalog-db-replica", profile: "postgresql", desiredReplicas: 1 },
      ],
      edges: [...calls.filter(({ from }) => from !== "search").map(({ from, to }) => ({ fromServiceId: from, toServiceId: to, callsPerRequest: 1, timeoutMs: 1_000 })), { fromServiceId: "search", toServiceId: "catalog-db-replica", callsPerRequest: 0.2, timeoutMs: 600, maxRetries: 1 }],
    });
    const draft = draftOfRunning(running, { name: "cascade_failure", files: { ...base.files } }, "cascade_failure", new Map());
    expect(check(draft)).toEqual([]);
    expect(changed(base, draft, TOPOLOGY)).toEqual(["    replicas: 7", "      - {to: catalog-db-replica, calls_per_request: 0.2, timeout_ms: 600, retries: 1}", "  - id: catalog-db-replica"]);
  });
});
