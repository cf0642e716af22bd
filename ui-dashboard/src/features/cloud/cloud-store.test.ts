import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { ActionStatus } from "@/gen/ops/v1/action_pb";
import { aHeartbeat, anAction, anEvent, anIncident, aNote, aSample, aSnapshot, aState, START_MS } from "@/testing/fixtures";
import { MAX_EVENTS, MAX_SETTLED } from "./cloud-state";
import { CloudStore } from "./cloud-store";
import { measured } from "./sample";

describe("the cloud store", () => {
  let cloud: CloudStore;
  const state = () => cloud.getState();

  beforeEach(() => {
    cloud = new CloudStore(() => START_MS);
    cloud.apply([{ kind: "snapshot", message: aSnapshot() }]);
  });

  it("takes everything from a snapshot", () => {
    const metrics = [aSample(1, { orders: { error_rate: 2 } })];
    cloud.apply([{ kind: "snapshot", message: aSnapshot({ metrics, openIncidents: [anIncident()], pendingActions: [anAction()] }) }]);
    expect(state().simulation?.scenario).toBe("normal");
    expect(state().topology?.services).toHaveLength(2);
    expect(measured(state().sample?.services, "orders", "error_rate")).toBe(2);
    expect(state().incidents.size).toBe(1);
    expect(state().actions.size).toBe(1);
    expect(state().snapshots).toBe(2);
  });

  it("believes a later snapshot about what is still open", () => {
    cloud.apply([
      { kind: "incident", message: anIncident({ id: "gone" }) },
      { kind: "incident", message: anIncident({ id: "settled", resolved: true }) },
      { kind: "action", message: anAction({ id: "gone" }) },
      { kind: "resync", message: { $typeName: "ops.v1.StreamResync", reason: "too slow" } },
      { kind: "snapshot", message: aSnapshot({ openIncidents: [anIncident({ id: "open" })] }) },
    ]);
    expect([...state().incidents.keys()].sort()).toEqual(["open", "settled"]);
    expect(state().actions.size).toBe(0);
  });

  it("keeps the newest revision of an incident, in whatever order they come", () => {
    cloud.apply([
      { kind: "incident", message: anIncident({ revision: 3n, resolved: true }) },
      { kind: "incident", message: anIncident({ revision: 2n, severity: Severity.CRITICAL }) },
      { kind: "incident", message: anIncident({ revision: 3n }) },
    ]);
    expect([...state().incidents.values()].map(({ resolved }) => resolved)).toEqual([true]);
  });

  it("keeps the newest version of an action", () => {
    cloud.noteAction(anAction({ version: 2n, status: ActionStatus.APPROVED, decidedBy: "ana" }));
    cloud.apply([{ kind: "action", message: anAction({ version: 1n }) }]);
    expect(state().actions.get(anAction().id)?.decidedBy).toBe("ana");
  });

  it("shows an acknowledgement, which has no revision of its own", () => {
    cloud.apply([{ kind: "incident", message: anIncident() }]);
    cloud.noteIncident(anIncident({ acknowledgedBy: "ana" }));
    expect(state().incidents.get(anIncident().id)?.acknowledgedBy).toBe("ana");
  });

  it("shows somebody else's acknowledgement, which the stream tells", () => {
    cloud.apply([
      { kind: "incident", message: anIncident() },
      { kind: "incident", message: anIncident({ acknowledgedBy: "ben" }) },
    ]);
    expect(state().incidents.get(anIncident().id)?.acknowledgedBy).toBe("ben");
  });

  it("keeps a note until it is removed, and does not bring it back", () => {
    cloud.apply([{ kind: "note", message: aNote() }]);
    expect(state().notes.get(aNote().id)?.text).toBe(aNote().text);
    cloud.noteNote(aNote({ text: "", removed: true }));
    cloud.apply([{ kind: "note", message: aNote() }]);
    expect(state().notes.get(aNote().id)?.removed).toBe(true);
  });

  it("puts stored events of the run behind and between those that the stream told", () => {
    cloud.apply([{ kind: "event", message: anEvent({ id: "b", tick: 20n }) }]);
    const stored = [anEvent({ id: "b", tick: 20n }), anEvent({ id: "a", tick: 10n }), anEvent({ id: "old", runId: "another run" })];
    cloud.noteStoredEvents(stored);
    cloud.noteStoredEvents([anEvent({ id: "c", tick: 15n })]);
    expect(state().events.map(({ id }) => id)).toEqual(["b", "c", "a"]);
  });

  it("forgets settled things in time, but never an open one", () => {
    cloud.apply([{ kind: "incident", message: anIncident({ id: "open" }) }]);
    for (let i = 0; i < MAX_SETTLED + 50; i += 1) {
      cloud.apply([{ kind: "incident", message: anIncident({ id: `old-${i}`, resolved: true }) }]);
    }
    expect(state().incidents.size).toBe(MAX_SETTLED + 1);
    expect(state().incidents.has("open")).toBe(true);
    expect(state().incidents.has("old-0")).toBe(false);
  });

  it("lists events newest first, each once, and not for ever", () => {
    for (let i = 0; i < MAX_EVENTS + 10; i += 1) cloud.apply([{ kind: "event", message: anEvent({ id: `e${i}` }) }]);
    cloud.apply([{ kind: "event", message: anEvent({ id: `e${MAX_EVENTS + 9}` }) }]);
    expect(state().events).toHaveLength(MAX_EVENTS);
    expect(state().events[0]?.id).toBe(`e${MAX_EVENTS + 9}`);
  });

  it("puts shards together and ignores samples it has seen", () => {
    const shard = (n: number, id: string, cpu: number) => aSample(1, { [id]: { cpu_usage: cpu } }, { shard: n, shardCount: 2 });
    cloud.apply([{ kind: "metrics", message: shard(1, "orders", 20) }]);
    expect(state().sample).toBeUndefined();
    cloud.apply([{ kind: "metrics", message: shard(0, "gateway", 10) }]);
    expect(state().sample?.services.ids).toEqual(["gateway", "orders"]);
    cloud.apply([{ kind: "metrics", message: aSample(1, { orders: { cpu_usage: 99 } }) }]);
    expect(measured(state().sample?.services, "orders", "cpu_usage")).toBe(20);
  });

  it("takes NaN and absent columns as not measured", () => {
    cloud.apply([{ kind: "metrics", message: aSample(1, { orders: { cpu_usage: Number.NaN } }) }]);
    expect(measured(state().sample?.services, "orders", "cpu_usage")).toBeUndefined();
    expect(measured(state().sample?.services, "orders", "latency_p99")).toBeUndefined();
    expect(measured(state().sample?.services, "nobody", "cpu_usage")).toBeUndefined();
  });

  it("starts over with a new run, and is not thrown back by a late message of the last one", () => {
    const nextRun = { runId: "next", tick: 0n, startedAt: timestampFromMs(START_MS + 60_000) };
    cloud.apply([
      { kind: "metrics", message: aSample(1, { orders: { cpu_usage: 1 } }) },
      { kind: "event", message: anEvent() },
      { kind: "heartbeat", message: aHeartbeat({ state: aState(nextRun) }) },
    ]);
    expect(state().sample).toBeUndefined();
    expect(state().events).toEqual([]);
    expect(cloud.history.length).toBe(0);
    cloud.apply([{ kind: "heartbeat", message: aHeartbeat({ state: aState({ tick: 5_000n }) }) }]);
    expect(state().simulation?.runId).toBe("next");
    cloud.apply([
      { kind: "metrics", message: aSample(61, { orders: { cpu_usage: 2 } }, { runId: "next", tick: 20n }) },
      { kind: "metrics", message: aSample(30, { orders: { cpu_usage: 3 } }) },
    ]);
    expect(measured(state().sample?.services, "orders", "cpu_usage")).toBe(2);
    expect(cloud.history.length).toBe(1);
  });

  it("knows that the engine is silent, and how far our clock is off", () => {
    cloud.apply([{ kind: "heartbeat", message: aHeartbeat({ serverTime: timestampFromMs(START_MS + 1_500) }) }]);
    expect(state().engineSilent).toBe(true);
    expect(state().serverOffsetMs).toBe(1_500);
    expect(state().simulation?.scenario).toBe("normal");
    cloud.apply([{ kind: "heartbeat", message: aHeartbeat({ state: aState() }) }]);
    expect(state().engineSilent).toBe(false);
  });

  it("shows a burst of events in one change", () => {
    vi.useFakeTimers();
    const changes = vi.fn();
    cloud.subscribe(changes);
    for (let i = 1; i <= 50; i += 1) cloud.enqueue({ kind: "metrics", message: aSample(i, { orders: { cpu_usage: i } }) });
    expect(changes).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(changes).toHaveBeenCalledTimes(1);
    expect(cloud.history.length).toBe(50);
    vi.useRealTimers();
  });
});
