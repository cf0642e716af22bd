import { describe, expect, it } from "vitest";
import { ActionType } from "@/gen/ops/v1/action_pb";
import { anOption, aPreview } from "@/testing/fixtures";
import { best, optionTitle, ranked, verdict } from "./preview-words";

const action = { type: ActionType.SCALE_UP, targetId: "orders", replicas: 0 };

describe("the verdict on a proposal", () => {
  it("names what is better", () => {
    expect(verdict(aPreview())).toEqual({
      tone: "warning",
      text: "Not the best: place 2 of 3 options (12 % of requests fail or are slow). Better: Restart orders (0.5 % of requests fail or are slow).",
    });
  });

  it("says how good the best one is, beside doing nothing", () => {
    const preview = aPreview({ options: [anOption(40, { rank: 2 }), anOption(0.5, { rank: 1, action, helps: 1 })] });
    expect(verdict(preview)).toEqual({ tone: "ok", text: "Best of 2 options: helps in 8 of 8 futures (0.5 % of requests fail or are slow, 40 % if nothing is done)." });
  });

  it("says plainly that it harms in most futures, even where nothing is better", () => {
    const harmful = anOption(50, { rank: 2, action, harms: 0.75 });
    expect(verdict(aPreview({ options: [anOption(40, { rank: 1 }), harmful] }))).toEqual({
      tone: "critical",
      text: "Probably does harm: harms in 6 of 8 futures. Better: Do nothing (40 % of requests fail or are slow).",
    });
    expect(verdict(aPreview({ options: [anOption(40, { rank: 2 }), { ...harmful, rank: 1 }] })).tone).toBe("critical");
  });

  it("says that it would be refused, and why", () => {
    expect(verdict(aPreview({ options: [anOption(40, { rank: 1 }), { action, refused: "orders has changed" }] }))).toEqual({
      tone: "critical",
      text: "The cloud would refuse it now: orders has changed",
    });
  });

  it("tells a saving from a help", () => {
    const cheaper = anOption(0, { rank: 1, action, coreHours: { low: 1, mid: 1, high: 1 } });
    expect(verdict(aPreview({ options: [anOption(0, { rank: 2 }), cheaper] })).text).toBe("Best of 2 options: no difference to users, cost −0.5 core h.");
  });
});

describe("options", () => {
  it("come best first, refused ones last", () => {
    expect(ranked(aPreview()).map(optionTitle)).toEqual(["Restart orders", "Scale orders up by 2 replicas", "Do nothing", "Drain node node-a1"]);
    expect(best(aPreview({ options: [] }))).toBeUndefined();
  });
});
