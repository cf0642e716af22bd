import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ActionEffect, ActionStatus } from "@/gen/ops/v1/action_pb";
import { SuspectKind } from "@/gen/ops/v1/incident_pb";
import { SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { anAction, anEvent, anIncident, aNote, START_MS } from "@/testing/fixtures";
import { postMortem } from "./post-mortem";
import { breachStart, timelineOf, type TimelineSources } from "./timeline";

const resolved = { resolved: true, resolvedAt: timestampFromMs(START_MS + 60_000), resolution: "metric clear for 10 s" };
const done = anAction({ status: ActionStatus.SUCCEEDED, effect: ActionEffect.EFFECTIVE, executedAtTick: 300n, completedAtTick: 400n, decidedBy: "ana", decidedAt: timestampFromMs(Date.UTC(2026, 10, 22)), outcome: "2 replicas run." });
const SOURCES: TimelineSources = {
  incident: anIncident(resolved),
  symptoms: [anIncident({ id: "s", detectedAt: timestampFromMs(START_MS + 12_000) })],
  actions: [done],
  events: [
    anEvent({ kind: SimulationEventKind.FAULT_STARTED, time: timestampFromMs(START_MS + 1_000), message: "node-a1 is slow" }),
    anEvent({ id: "other", kind: SimulationEventKind.FAULT_STARTED, runId: "another run", time: timestampFromMs(START_MS + 1_000) }),
  ],
  breachMs: START_MS + 4_000,
  tickMs: 50,
};

describe("the timeline of an incident", () => {
  it("tells fault, breach, incident, symptoms, proposal, decision, command, effect and end in order", () => {
    const steps = timelineOf(SOURCES);
    expect(steps.map(({ kind }) => kind)).toEqual(["fault", "breach", "incident", "proposal", "symptom", "decision", "command", "effect", "resolved"]);
    // 100 ticks of 50 ms after the incident.
    expect(steps.find(({ kind }) => kind === "command")?.atMs).toBe(START_MS + 15_000);
    expect(steps.find(({ kind }) => kind === "effect")?.title).toBe("Done: Scale orders up by 2 replicas (effective)");
  });

  it("of a proposal that waits tells no decision", () => {
    expect(timelineOf({ ...SOURCES, actions: [anAction()] }).some(({ kind }) => kind === "decision")).toBe(false);
  });
});

describe("the start of a breach", () => {
  const times = [0, 1, 2, 3, 4, 5].map((second) => START_MS + 6_000 + second * 1_000);

  it("is the first of the samples beyond the threshold that lead up to the detection", () => {
    expect(breachStart(times, [12, 3, 11, 12, 14, 2], anIncident())).toBe(times[2]);
    expect(breachStart(times, [12, 3, 11, 12, 14, 2], anIncident({ ...resolved, observedValue: 0.05 }))).toBe(times[2]);
  });

  it("is unknown when the samples of that moment are gone or were fine", () => {
    expect(breachStart([], [], anIncident())).toBeUndefined();
    expect(breachStart(times, [1, 1, 1, 1, 1, 2], anIncident())).toBeUndefined();
  });

  it("is looked for below the threshold when that is what the rule watches", () => {
    expect(breachStart(times, [9, 9, 1, 1, 1, 1], anIncident({ threshold: 2, observedValue: 1 }))).toBe(times[2]);
  });
});

describe("the post-mortem", () => {
  it("has everything that is known, and shows markup as text", () => {
    const incident = anIncident({
      ...resolved,
      title: "orders|<script>: error rate",
      impact: { requests: 1_000, failed: 50, slow: 10, worstPct: 8, budgetBurntPct: 2.5 },
      suspects: [{ kind: SuspectKind.SERVICE, id: "db_main", share: 0.8, reasons: ["its disk is full"], evidence: [{ metric: "error_rate", usual: 0.1, observed: 30 }] }],
    });
    const text = postMortem({ incident, symptoms: SOURCES.symptoms, actions: [done], notes: [aNote({ text: "restarted *twice*" })], steps: timelineOf(SOURCES), nowMs: undefined });
    expect(text).toContain("# orders\\|\\<script\\>: error rate");
    expect(text).toContain("50 of 1,000 requests failed (5 %)");
    expect(text).toContain("1. **db\\_main**, 80 % of the suspicion");
    expect(text).toContain("30 %, usually 0.1 % (+29.9)");
    expect(text).toContain("| Scale orders up by 2 replicas | Succeeded | Effective | ana |");
    expect(text).toContain("| 14:00:04 | Threshold crossed |");
    expect(text).toContain("| Lasted | 50 s of simulated time |");
    expect(text).toMatch(/## Notes\n\n- \*\*ana\*\*, .*: restarted \\\*twice\\\*/);
  });
});
