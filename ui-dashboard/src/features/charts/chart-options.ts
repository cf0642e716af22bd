/** How our charts look in uPlot: quiet grid, simulated time in UTC, thresholds as a dashed line, one cursor for all. */
import uPlot from "uplot";
import { formatNumber, formatSimulatedTick, type MetricName, METRICS } from "@/format/format";
import { OBJECTIVES } from "@/features/cloud/objectives";
import { LineStrip } from "./line-strip";
import { LINE_WIDTH } from "./lines";
import { cssColor, seriesColor } from "./palette";

export interface ChartSeries {
  readonly id: string;
  /** Place in the palette. */
  readonly color: number;
}

export interface ChartSetup {
  readonly metric: MetricName;
  readonly series: readonly ChartSeries[];
  readonly width: number;
  readonly height: number;
  readonly onCursor: (chart: uPlot) => void;
  readonly marks?: ChartMarks;
}

/** What is drawn over the lines. */
export interface ChartMarks {
  /** A threshold other than the metric's objective, in the metric's unit. */
  readonly limit?: number;
  /** An instant, in seconds since the epoch, simulated time. */
  readonly instantS?: number;
}

/**
 * Simulated seconds that are seen: ten minutes, and less while the history is younger. In steps, as the ceilings below, so that the lines
 * can stay as they are drawn from one sample to the next (`LineStrip`), and that an axis is read at a glance.
 */
const WINDOWS_S = [60, 120, 300, 600] as const;
const CEILINGS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;
const SYNC_KEY = "telemetry";

export function chartOptions({ metric, series, width, height, onCursor, marks = {} }: ChartSetup): uPlot.Options {
  const limit = marks.limit ?? OBJECTIVES[metric]?.warning;
  const axis = quietAxis();
  const colors = series.map(({ color }) => seriesColor(color));
  const lines = new LineStrip(colors);
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: timeRange }, y: { range: (_, __, max) => [0, stepAbove(valueCeiling(metric, max, limit))] } },
    axes: [
      { ...axis, size: 26, space: 80, values: (_, ticks, __, ___, stepS) => ticks.map((tick) => formatSimulatedTick(tick * 1_000, stepS)) },
      { ...axis, size: 46, space: 32, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [
      {},
      ...series.map(({ id }, i) => ({ label: id, stroke: colors[i], width: LINE_WIDTH, paths: () => null, points: { show: false } })),
    ],
    hooks: { draw: [(chart) => lines.draw(chart), (chart) => drawMarks(chart, limit, marks.instantS)], setCursor: [onCursor] },
  };
}

export function quietAxis(): uPlot.Axis {
  return {
    stroke: cssColor("--ink-muted"),
    grid: { stroke: cssColor("--grid"), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
  };
}

export function timeRange(_: unknown, first: number | null, last: number | null): [number, number] {
  if (first === null || last === null) return [0, WINDOWS_S[0]];
  const length = WINDOWS_S.find((window) => last - first <= window) ?? WINDOWS_S.at(-1) ?? 0;
  return [last - length, last];
}

/** The next round number. */
export function stepAbove(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const step = CEILINGS.find((step) => value <= step * decade * (1 + 1e-9));
  return step === undefined ? value : step * decade;
}

/** Percentages of a resource end at 100; others a little over their maximum. A limit comes into view when it is near. */
export function valueCeiling(metric: MetricName, max: number | null, limit: number | undefined): number {
  if (METRICS[metric].unit === "%" && metric !== "error_rate") return 100;
  const top = Math.max(max ?? 0, metric === "error_rate" ? 1 : 0);
  if (limit !== undefined && top > limit / 2) return Math.max(top, limit) * 1.1;
  return top === 0 ? 1 : top * 1.1;
}

export function drawMarks(chart: uPlot, limit: number | undefined, instantS?: number): void {
  const { left, top, width, height } = chart.bbox;
  const ceiling = chart.scales.y?.max;
  if (limit !== undefined && ceiling !== undefined && limit <= ceiling) {
    const y = Math.round(chart.valToPos(limit, "y", true));
    dashedLine(chart.ctx, "--warning", [left, y], [left + width, y]);
  }
  const { min: first, max: last } = chart.scales.x ?? {};
  if (instantS !== undefined && first !== undefined && last !== undefined && instantS >= first && instantS <= last) {
    const x = Math.round(chart.valToPos(instantS, "x", true));
    dashedLine(chart.ctx, "--critical", [x, top], [x, top + height]);
  }
}

export function dashedLine(ctx: CanvasRenderingContext2D, color: string, from: [number, number], to: [number, number]): void {
  ctx.save();
  ctx.strokeStyle = cssColor(color);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
}
