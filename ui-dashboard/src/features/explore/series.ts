/** Stored series as the page shows them: figures, and as a file. Pure. */
import { csvText } from "@/format/csv";
import { formatChange, type MetricName, METRICS } from "@/format/format";
import type { RangeSeries } from "@/features/range/range-options";
import type { TelemetryDescription } from "@/gen/ops/v1/telemetry_service_pb";

export interface Figures {
  readonly last: number | undefined;
  readonly min: number | undefined;
  readonly mean: number | undefined;
  readonly max: number | undefined;
}

export function figuresOf(values: readonly number[]): Figures {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { last: undefined, min: undefined, mean: undefined, max: undefined };
  const [min, max, sum] = known.reduce(([least, most, total], value) => [Math.min(least, value), Math.max(most, value), total + value], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]);
  return { last: known.at(-1), min, mean: sum / known.length, max };
}

/** Below this chance that it is none, a trend is one. */
const SIGNIFICANT = 0.05;

/** `+0.4 % a minute`; what may as well be chance is no trend. */
export function trendText(metric: MetricName, { slopePerS, trendPValue }: Pick<TelemetryDescription, "slopePerS" | "trendPValue">): string {
  if (slopePerS === undefined || trendPValue === undefined || trendPValue >= SIGNIFICANT) return "none";
  return `${formatChange(slopePerS * 60, METRICS[metric].unit)} a minute`;
}

/** The highest come first and are drawn; of the others it is said how many there are. */
export function highest(series: readonly RangeSeries[], shown: number): RangeSeries[] {
  if (series.length <= shown) return [...series];
  return series.toSorted((a, b) => (figuresOf(b.values).max ?? Number.NEGATIVE_INFINITY) - (figuresOf(a.values).max ?? Number.NEGATIVE_INFINITY)).slice(0, shown);
}

/** One line a moment, one column a series (RFC 4180); what was not measured stays empty. */
export function csvOf(metric: string, series: readonly RangeSeries[]): string {
  const times = [...new Set(series.flatMap(({ timesMs }) => timesMs))].sort((a, b) => a - b);
  const columns = series.map(({ timesMs, values }) => new Map(timesMs.map((time, i) => [time, values[i]])));
  const head = ["time", ...series.map(({ id }) => `${metric} ${id}`)];
  const lines = times.map((time) => [new Date(time).toISOString(), ...columns.map((column) => numberText(column.get(time)))]);
  return csvText([head, ...lines]);
}

function numberText(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : String(value);
}
