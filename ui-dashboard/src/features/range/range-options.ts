/** How stored series look in uPlot: any stretch of simulated time, with thresholds, moments, unusual points and what is forecast. */
import uPlot from "uplot";
import { formatNumber, formatSimulatedTick, isMetricName } from "@/format/format";
import { dashedLine, quietAxis, valueCeiling } from "@/features/charts/chart-options";
import { cssColor, seriesColor } from "@/features/charts/palette";

/** Parallel arrays; times in ms since the epoch, simulated time. */
export interface Forecast {
  readonly timesMs: readonly number[];
  readonly mid: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface RangeSeries {
  readonly id: string;
  /** Place in the palette. */
  readonly color: number;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  readonly forecast?: Forecast;
}

export interface Moment {
  readonly atMs: number;
  /** A colour variable, such as `--critical`. */
  readonly color: string;
}

export interface RangeMarks {
  /** In the unit of the values. */
  readonly limit?: number;
  readonly moments?: readonly Moment[];
  /** Places that were unusual. */
  readonly points?: readonly { readonly atMs: number; readonly value: number }[];
}

export interface RangeSetup {
  readonly metric: string;
  readonly series: readonly RangeSeries[];
  readonly marks: RangeMarks;
  readonly width: number;
  readonly height: number;
  /** Somebody drew a stretch of time, ms since the epoch. */
  readonly onStretch?: (fromMs: number, toMs: number) => void;
}

/** Hexadecimal opacity of the tint between low and high. */
const TINT = "24";
const SYNC_KEY = "range";
/** A drag that is shorter than this was a click, px. */
const SHORTEST_DRAG = 8;

export function rangeOptions({ metric, series, marks, width, height, onStretch }: RangeSetup): uPlot.Options {
  const axis = quietAxis();
  const forecasts = series.filter(({ forecast }) => forecast);
  const stretch = (chart: uPlot) => {
    const { left, width: dragged } = chart.select;
    if (dragged < SHORTEST_DRAG) return;
    onStretch?.(chart.posToVal(left, "x") * 1_000, chart.posToVal(left + dragged, "x") * 1_000);
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: onStretch !== undefined, y: false, setScale: false } },
    scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), ceiling(metric, high, marks.limit)] } },
    axes: [
      { ...axis, size: 26, space: 90, values: (_, ticks, __, ___, stepS) => ticks.map((tick) => formatSimulatedTick(tick * 1_000, stepS)) },
      { ...axis, size: 46, space: 32, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [
      {},
      ...series.map(({ id, color, timesMs }) => ({ label: id, stroke: seriesColor(color), width: 1.5, spanGaps: false, points: { show: timesMs.length === 1 } })),
      ...forecasts.flatMap(({ id, color }) => [
        { label: id, stroke: seriesColor(color), width: 1.5, dash: [4, 4], spanGaps: true, points: { show: false } },
        { label: id, width: 0, spanGaps: true, points: { show: false } },
        { label: id, width: 0, spanGaps: true, points: { show: false } },
      ]),
    ],
    bands: forecasts.map(({ color }, i) => ({ series: [series.length + 3 * i + 2, series.length + 3 * i + 3], fill: `${seriesColor(color)}${TINT}` })),
    hooks: { draw: [(chart) => draw(chart, marks)], setSelect: [stretch] },
  };
}

/** One time axis for everybody, `null` where a series has nothing. */
export function rangeData(series: readonly RangeSeries[]): uPlot.AlignedData {
  const times = [...new Set(series.flatMap(({ timesMs, forecast }) => [...timesMs, ...(forecast?.timesMs ?? [])]))].sort((a, b) => a - b);
  const position = new Map(times.map((time, i) => [time, i]));
  const line = (timesMs: readonly number[], values: readonly number[]) => {
    const row = new Array<number | null>(times.length).fill(null);
    timesMs.forEach((time, i) => {
      const value = values[i];
      row[position.get(time) ?? 0] = value === undefined || Number.isNaN(value) ? null : value;
    });
    return row;
  };
  return [
    times.map((time) => time / 1_000),
    ...series.map(({ timesMs, values }) => line(timesMs, values)),
    ...series.flatMap(({ forecast }) => (forecast ? [line(forecast.timesMs, forecast.mid), line(forecast.timesMs, forecast.high), line(forecast.timesMs, forecast.low)] : [])),
  ];
}

function ceiling(metric: string, high: number | null, limit: number | undefined): number {
  if (isMetricName(metric)) return valueCeiling(metric, high, limit);
  return (high ?? 0) <= 0 ? 1 : (high ?? 0) * 1.1;
}

function draw(chart: uPlot, { limit, moments = [], points = [] }: RangeMarks): void {
  const { left, top, width, height } = chart.bbox;
  const x = (ms: number) => Math.round(chart.valToPos(ms / 1_000, "x", true));
  const y = (value: number) => Math.round(chart.valToPos(value, "y", true));
  const isInside = (at: number) => at >= left && at <= left + width;
  if (limit !== undefined && limit <= (chart.scales.y?.max ?? 0)) dashedLine(chart.ctx, "--warning", [left, y(limit)], [left + width, y(limit)]);
  for (const { atMs, color } of moments) if (isInside(x(atMs))) dashedLine(chart.ctx, color, [x(atMs), top], [x(atMs), top + height]);
  chart.ctx.fillStyle = cssColor("--critical");
  for (const { atMs, value } of points) {
    if (!isInside(x(atMs))) continue;
    chart.ctx.beginPath();
    chart.ctx.arc(x(atMs), Math.min(Math.max(y(value), top), top + height), 3.5 * devicePixelRatio, 0, 2 * Math.PI);
    chart.ctx.fill();
  }
}
