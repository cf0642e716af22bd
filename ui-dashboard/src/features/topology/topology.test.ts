import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { ActionType } from "@/gen/ops/v1/action_pb";
import { SuspectKind } from "@/gen/ops/v1/incident_pb";
import { TopologySchema } from "@/gen/sim/v1/state_pb";
import { SampleAssembler } from "@/features/cloud/sample";
import { anAction, anIncident, aSample, aTopology } from "@/testing/fixtures";
import { actionFocus, incidentFocus } from "./focus";
import { callKey, callersOf, graphOf, shapeOf } from "./graph";
import { arrange, keepPlaces, NODE_HEIGHT, NODE_WIDTH } from "./layout";
import { flowsOf, vitalsOf } from "./vitals";

const service = (id: string, nodeId = "node-a1") => ({ id, profile: "api_server", desiredReplicas: 1, health: "healthy", version: 1n, replicas: [{ nodeId, state: "running" }] });
const calls = (...pairs: string[]) => pairs.map((pair) => ({ fromServiceId: pair.split(">")[0], toServiceId: pair.split(">")[1], callsPerRequest: 2 }));
const SERVICES = ["gateway", "orders", "payment", "db"].map((id) => service(id));
const EDGES = calls("gateway>orders", "orders>payment", "orders>db", "payment>db");
const shop = aTopology({ services: SERVICES, edges: EDGES });

describe("the map", () => {
  it("is the same shape until something is added or connected anew", () => {
    const sick = aTopology({ services: SERVICES.map((one) => ({ ...one, health: "down", replicas: [] })), edges: EDGES });
    expect(shapeOf(sick)).toBe(shapeOf(shop));
    expect(shapeOf(aTopology({ services: SERVICES, edges: calls("gateway>orders") }))).not.toBe(shapeOf(shop));
  });

  it("puts callees behind their callers, the way that fills the canvas better, also in a circle", () => {
    const graph = graphOf(shapeOf(shop));
    const wide = arrange({ graph, aspect: 6 });
    expect(wide.direction).toBe("LR");
    expect(wide.places.get("gateway")?.x).toBeLessThan(wide.places.get("orders")?.x ?? 0);
    expect(arrange({ graph, aspect: 0.2 }).direction).toBe("TB");
    const circle = graphOf(shapeOf(aTopology({ services: SERVICES, edges: calls("gateway>orders", "orders>gateway", "db>db") })));
    expect(arrange({ graph: circle, aspect: 1 }).places.size).toBe(4);
  });

  it("folds the ranks of a large cloud, so that it fits and nobody covers another", () => {
    const ids = Array.from({ length: 200 }, (_, i) => `s${i}`);
    const graph = { services: ids.map((id) => ({ id, entry: false })), calls: ids.slice(1).map((to) => ({ from: "s0", to })) };
    const places = [...arrange({ graph, aspect: 1.5 }).places.values()];
    const [width, height] = [Math.max(...places.map(({ x }) => x)), Math.max(...places.map(({ y }) => y))];
    expect(width / height).toBeGreaterThan(0.75);
    expect(width / height).toBeLessThan(3);
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(200);
  });

  it("does not jump when a component is added, and gives that a place of its own", () => {
    const before = arrange({ graph: graphOf(shapeOf(shop)), aspect: 2 });
    const grown = graphOf(shapeOf(aTopology({ services: [...SERVICES, service("db-cache")], edges: [...EDGES, ...calls("orders>db-cache", "db-cache>db")] })));
    const after = keepPlaces(before.places, arrange({ graph: grown, aspect: 2, direction: before.direction }).places, grown.calls);
    for (const [id, place] of before.places) expect(after.get(id)).toEqual(place);
    const cache = after.get("db-cache");
    for (const [id, place] of before.places) {
      const overlaps = Math.abs(place.x - (cache?.x ?? 0)) < NODE_WIDTH && Math.abs(place.y - (cache?.y ?? 0)) < NODE_HEIGHT;
      expect(overlaps, id).toBe(false);
    }
  });

  it("forgets who is gone, and begins anew in another cloud", () => {
    const standing = new Map([["gone", { x: 0, y: 0 }]]);
    const fresh = new Map([["here", { x: 5, y: 5 }]]);
    expect(keepPlaces(standing, fresh, [])).toBe(fresh);
  });
});

describe("what an incident means for the map", () => {
  it("marks the cause, who suffers, and everybody who calls the cause", () => {
    const lead = anIncident({ target: { kind: TargetKind.SERVICE, id: "orders" }, suspects: [{ kind: SuspectKind.SERVICE, id: "db", share: 0.9 }] });
    const symptom = anIncident({ target: { kind: TargetKind.SERVICE, id: "payment" } });
    const { services } = incidentFocus(lead, [symptom], shop);
    expect([...services].map(([id, { role }]) => `${id} ${role}`).sort()).toEqual(["db suspect", "gateway caller", "orders suffers", "payment symptom"]);
    expect(incidentFocus(lead, [symptom, anIncident({ target: symptom.target }), symptom], shop).services.get("payment")?.words).toBe("3 symptoms");
    expect(services.get("db")?.words).toBe("suspected cause 90 %");
  });

  it("says both when the cause is who suffers", () => {
    const lead = anIncident({ target: { kind: TargetKind.SERVICE, id: "db" }, suspects: [{ kind: SuspectKind.SERVICE, id: "db", share: 1 }] });
    expect(incidentFocus(lead, [], shop).services.get("db")).toEqual({ role: "suspect", words: "suspected cause 100 % · suffers" });
  });

  it("marks a node and what runs on it", () => {
    const drain = actionFocus(anAction({ type: ActionType.DRAIN_NODE, targetId: "node-a1" }), shop);
    expect(drain.nodes.get("node-a1")?.role).toBe("touched");
    expect(drain.services.get("db")?.words).toBe("runs on node-a1");
  });

  it("finds callers of callers, once, in a circle", () => {
    expect([...callersOf([{ from: "a", to: "b" }, { from: "b", to: "a" }, { from: "c", to: "a" }], ["b"])].sort()).toEqual(["a", "c"]);
  });
});

describe("flows", () => {
  const flows = (entry: boolean, rates: Record<string, number>) =>
    flowsOf(create(TopologySchema, { services: [{ id: "c", entry }], edges: calls("a>c", "b>c") }), new Map(Object.entries(rates))).map(({ perSecond }) => perSecond);

  it("add up to what the callee gets, by what each caller would send", () => {
    expect(flows(false, { a: 30, b: 10, c: 20 })).toEqual([15, 5]);
  });

  it("leave the rest to the users where traffic enters", () => {
    expect(flows(true, { a: 30, b: 10, c: 500 })).toEqual([60, 20]);
  });

  it("are nothing where nobody calls, and unknown where somebody is silent", () => {
    expect(flows(false, { a: 0, b: 0, c: 20 })).toEqual([0, 0]);
    expect(flows(false, { a: 30, c: 20 })).toEqual([20, undefined]);
    expect(flows(false, { a: 30, b: 10 })).toEqual([undefined, undefined]);
  });
});

describe("vitals", () => {
  const sampleOf = (second: number, values: Record<string, Record<string, number>>) => new SampleAssembler().add(aSample(second, values));
  const incidents = new Map([["1", anIncident()]]);

  it("stay the same object while they read the same", () => {
    const first = vitalsOf({ topology: shop, sample: sampleOf(1, { gateway: { request_rate: 100.01 }, orders: { error_rate: 12 } }), incidents });
    const second = vitalsOf({ topology: shop, sample: sampleOf(2, { gateway: { request_rate: 100.02 }, orders: { error_rate: 13 } }), incidents }, first);
    expect(second.services.get("gateway")).toBe(first.services.get("gateway"));
    expect(second.services.get("orders")).not.toBe(first.services.get("orders"));
    expect(second.calls.get(callKey({ from: "orders", to: "db" }))).toBe(first.calls.get(callKey({ from: "orders", to: "db" })));
  });

  it("tell flow, failures and open incidents, and do not take silence for health", () => {
    const { services, calls: flows } = vitalsOf({ topology: shop, sample: sampleOf(1, { gateway: { request_rate: 100 }, orders: { request_rate: 180, error_rate: 12, latency_p99: 850 } }), incidents });
    expect(flows.get(callKey({ from: "gateway", to: "orders" }))).toMatchObject({ rate: "180 req/s", failing: "12 %", failingLevel: "critical", p99: "850 ms", p99Level: "warning", level: "critical" });
    expect(services.get("orders")).toMatchObject({ level: "critical", severity: Severity.CRITICAL });
    expect(services.get("payment")).toMatchObject({ rate: "no data", errorLevel: "unknown", load: undefined });
  });
});
