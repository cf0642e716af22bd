import { describe, expect, it } from "vitest";
import { aSample, aTopology } from "@/testing/fixtures";
import { SampleAssembler } from "./sample";
import { zoneRows } from "./zones";

const node = (id: string, zoneId: string, state: string, cpuCores = 8) => ({ id, zoneId, cpuCores, memoryGb: 32, networkMbps: 1000, state, version: 1n });
const replica = (nodeId: string, state: string) => ({ id: `replica on ${nodeId}`, nodeId, state });

describe("zones", () => {
  it("add up their nodes and the replicas on them, CPU by cores", () => {
    const topology = aTopology({
      nodes: [node("b1", "zone-b", "ready"), node("a1", "zone-a", "ready", 4), node("a2", "zone-a", "draining", 12)],
      services: [{ id: "orders", replicas: [replica("a1", "running"), replica("a2", "starting"), replica("b1", "running")] }],
    });
    const sample = new SampleAssembler().add(aSample(1, {}, { nodes: { ids: ["a1", "a2"], versions: [1n, 1n], columns: [{ metric: "cpu_usage", values: [80, 40] }] } }));
    const [a, b, ...others] = zoneRows(topology, sample);
    expect(a).toEqual({ id: "zone-a", state: "degraded", nodes: 2, readyNodes: 1, replicas: 2, runningReplicas: 1, cpuPercent: 50 });
    expect(b).toMatchObject({ id: "zone-b", state: "ready", cpuPercent: undefined });
    expect(others).toEqual([]);
  });

  it("are down when none of their nodes runs, and absent when nothing is known", () => {
    expect(zoneRows(aTopology({ nodes: [node("a1", "zone-a", "down"), node("a2", "zone-a", "down")] }), undefined)[0]?.state).toBe("down");
    expect(zoneRows(undefined, undefined)).toEqual([]);
  });
});
