import { expect, it } from "vitest";
import { errorBudget } from "./error-budget";

it("is used up when one request in a thousand fails, and burns fast at 14.4 times that", () => {
  expect(errorBudget({ requests: 10_000, failed: 5 })).toEqual({ usedPct: 50, standing: "ok" });
  expect(errorBudget({ requests: 10_000, failed: 20 })).toEqual({ usedPct: 200, standing: "warning" });
  expect(errorBudget({ requests: 10_000, failed: 150 })).toEqual({ usedPct: 1_500, standing: "critical" });
});

it("is unknown where nothing was asked for or measured", () => {
  expect(errorBudget({ requests: undefined, failed: undefined }).standing).toBe("unknown");
  expect(errorBudget({ requests: 0, failed: 0 })).toEqual({ usedPct: undefined, standing: "unknown" });
});
