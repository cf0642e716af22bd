import { describe, expect, it } from "vitest";
import { stepAbove, timeRange } from "./chart-options";

describe("the axes of a live chart", () => {
  it("grow with the history in steps, and end with ten minutes", () => {
    const lengths = [0, 59, 60, 61, 250, 301, 600, 4_000].map((age) => {
      const [from, to] = timeRange(undefined, 1_000, 1_000 + age);
      expect(to).toBe(1_000 + age);
      return to - from;
    });
    expect(lengths).toEqual([60, 60, 60, 120, 300, 600, 600, 600]);
    expect(timeRange(undefined, null, null)).toEqual([0, 60]);
  });

  it("end at round numbers", () => {
    const ceilings = [0.011, 1, 1.1, 62.7, 100, 110, 847, 9_100].map((value) => Number(stepAbove(value).toPrecision(6)));
    expect(ceilings).toEqual([0.012, 1, 1.2, 80, 100, 120, 1_000, 10_000]);
  });
});
