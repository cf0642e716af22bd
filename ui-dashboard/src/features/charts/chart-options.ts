/** How our charts look in uPlot: quiet grid, simulated time in UTC, thresholds as a dashed line, one cursor for all. */
import uPlot from "uplot";
import { formatNumber, type MetricName, METRICS } from "@/format/format";
import { OBJECTIVES } from "@/features/cloud/objectives";
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
}

/** Ten simulated minutes; a younger history fills at least one. */
const WINDOW_S = 600;
const SHORTEST_WINDOW_S = 60;
const SYNC_KEY = "telemetry";

export function chartOptions({ metric, series, width, height, onCursor }: ChartSetup): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: cssColor("--ink-muted"),
    grid: { stroke: cssColor("--grid"), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: timeRange }, y: { range: (_, __, max) => [0, valueCeiling(metric, max)] } },
    axes: [
      { ...axis, size: 26, space: 70, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1_000).toISOString().slice(11, 16)) },
      { ...axis, size: 46, space: 32, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [
      {},
      ...series.map(({ id, color }) => ({ label: id, stroke: seriesColor(color), width: 1.5, spanGaps: false, points: { show: false } })),
    ],
    hooks: { draw: [(chart) => drawObjective(chart, metric)], setCursor: [onCursor] },
  };
}

function timeRange(_: uPlot, first: number | null, last: number | null): [number, number] {
  if (first === null || last === null) return [0, SHORTEST_WINDOW_S];
  const from = Math.max(first, last - WINDOW_S);
  return [Math.min(from, last - SHORTEST_WINDOW_S), last];
}

/** Percentages of a resource end at 100; others a little over their maximum. An objective comes into view when it is near. */
export function valueCeiling(metric: MetricName, max: number | null): number {
  if (METRICS[metric].unit === "%" && metric !== "error_rate") return 100;
  const objective = OBJECTIVES[metric]?.warning;
  const top = Math.max(max ?? 0, metric === "error_rate" ? 1 : 0);
  if (objective !== undefined && top > objective / 2) return Math.max(top, objective) * 1.1;
  return top === 0 ? 1 : top * 1.1;
}

function drawObjective(chart: uPlot, metric: MetricName): void {
  const objective = OBJECTIVES[metric]?.warning;
  const ceiling = chart.scales.y?.max;
  if (objective === undefined || ceiling === undefined || objective > ceiling) return;
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(objective, "y", true));
  ctx.save();
  ctx.strokeStyle = cssColor("--warning");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
