/** The report of `microcloud grade detectors` (`microcloud.grades/1`), as far as the page shows it; docs/grades.md has every key. Pure. */
import { formatNumber, formatPercent, formatSpread, NO_DATA } from "@/format/format";

export interface Score {
  readonly name?: string;
  readonly faults: number;
  readonly found: number;
  readonly incidents_per_fault: number | null;
  readonly symptoms_per_fault: number | null;
  readonly cause_top1: number | null;
  readonly cause_top3: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly time_to_detect_median_s: number | null;
  readonly time_to_detect_p95_s: number | null;
  readonly false_per_day: number | null;
  readonly false_per_day_at_most: number | null;
}

export interface GradeBar {
  readonly measure: string;
  readonly value: number | null;
  readonly at_least: number | null;
  readonly at_most: number | null;
  readonly passed: boolean;
}

export interface ForecastGrade {
  readonly stretch: string;
  readonly metric: string;
  readonly horizon_s: number;
  readonly made: number;
  readonly coverage: number | null;
  readonly below: number | null;
  readonly error: number | null;
  readonly naive_error: number | null;
}

export interface Grades {
  readonly schema: string;
  readonly model_version: number;
  readonly seeds: number;
  readonly after_onset_s: number;
  readonly benign_s: number;
  readonly bars: readonly GradeBar[];
  readonly overall: Score;
  readonly rules: readonly Score[];
  readonly detectors: readonly Score[];
  readonly families: readonly Score[];
  readonly difficulties: readonly Score[];
  readonly forecasts: readonly ForecastGrade[];
}

export const BY = ["rules", "detectors", "families", "difficulties"] as const;
export type By = (typeof BY)[number];

/** A share as a percentage with one decimal: between 99 and 100 it matters. */
export function shareWords(share: number | null): string {
  return share === null ? NO_DATA : formatPercent(share * 100);
}

/** `0.513 or less`, as nothing is ever certain; `0, at most 0.51`. */
export function falseWords({ false_per_day: rate, false_per_day_at_most: most }: Pick<Score, "false_per_day" | "false_per_day_at_most">): string {
  if (rate === null) return NO_DATA;
  return most === null ? formatNumber(rate) : `${formatNumber(rate)}, at most ${formatNumber(most)}`;
}

export function barWords({ at_least: least, at_most: most }: Pick<GradeBar, "at_least" | "at_most">): string {
  if (least !== null && most !== null) return formatSpread(least, most);
  if (least !== null) return `≥ ${formatNumber(least)}`;
  return most === null ? "–" : `≤ ${formatNumber(most)}`;
}
