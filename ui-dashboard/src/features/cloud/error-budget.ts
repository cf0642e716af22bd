/** What users may lose, and how much of that was lost. Pure. */
import type { Standing } from "./objectives";
import type { TrafficStatistics } from "./traffic";

/** The objective of the built-in burn-rate rules: so many requests of users may fail, %. */
export const ALLOWED_FAILED_PCT = 0.1;
/** A budget of 30 days that burns this many times too fast is gone in two: somebody is called (Site Reliability Workbook, chapter 5). */
export const FAST_BURN = 14.4;

export interface ErrorBudget {
  /** Share of what may fail in the window that did fail, %; above 100 more was lost than may be. */
  readonly usedPct: number | undefined;
  readonly standing: Standing;
}

export function errorBudget({ requests, failed }: Pick<TrafficStatistics, "requests" | "failed">): ErrorBudget {
  if (requests === undefined || failed === undefined || requests === 0) return { usedPct: undefined, standing: "unknown" };
  const usedPct = ((failed / requests) * 100 * 100) / ALLOWED_FAILED_PCT;
  return { usedPct, standing: usedPct > 100 * FAST_BURN ? "critical" : usedPct > 100 ? "warning" : "ok" };
}
