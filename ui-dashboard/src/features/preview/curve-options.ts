/** How the curves of a preview look in uPlot: a line for the middle future, and a tint where eight in ten of them lie. */
import type uPlot from "uplot";
import { formatAhead, formatNumber, type MetricName } from "@/format/format";
import type { Band, PreviewPoint } from "@/gen/ops/v1/preview_pb";
import { drawMarks, quietAxis, valueCeiling } from "@/features/charts/chart-options";
import { seriesColor } from "@/features/charts/palette";
import { OBJECTIVES } from "@/features/cloud/objectives";

/** What the curves tell of. */
export type CurveMetric = Extract<MetricName, "latency_p99" | "error_rate">;

export interface Curve {
  readonly label: string;
  /** Place in the palette. */
  readonly color: number;
  readonly points: readonly PreviewPoint[];
}

export interface CurveSetup {
  readonly metric: CurveMetric;
  readonly curves: readonly Curve[];
  readonly width: number;
  readonly height: number;
}

/** Lines of uPlot that a curve takes: middle, high, low. */
const LINES = 3;
/** Hexadecimal opacity of a tint. */
const TINT = "24";
const TICKS_S = [15, 30, 60, 120, 300, 600];
/** All charts of previews share the cursor: their axes mean the same. */
const SYNC_KEY = "preview";

export function curveOptions({ metric, curves, width, height }: CurveSetup): uPlot.Options {
  const axis = quietAxis();
  const limit = OBJECTIVES[metric]?.warning;
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: (_, __, last) => [0, last] }, y: { range: (_, __, max) => [0, valueCeiling(metric, max, limit)] } },
    axes: [
      { ...axis, size: 26, space: 64, incrs: TICKS_S, values: (_, ticks) => ticks.map(formatAhead) },
      { ...axis, size: 46, space: 32, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [{}, ...curves.flatMap(({ label, color }) => lines(label, seriesColor(color)))],
    bands: curves.map(({ color }, i) => ({ series: [LINES * i + 2, LINES * i + 3], fill: `${seriesColor(color)}${TINT}` })),
    hooks: { draw: [(chart) => drawMarks(chart, limit)] },
  };
}

function lines(label: string, stroke: string): uPlot.Series[] {
  const points = { show: false };
  const edge = { label, width: 0, points };
  return [{ label, stroke, width: 1.5, points }, edge, edge];
}

/** Seconds ahead, and for each curve its lines; `null` where nothing was measured. */
export function curveData(metric: CurveMetric, curves: readonly Curve[]): uPlot.AlignedData {
  const times = (curves[0]?.points ?? []).map(({ atS }) => atS);
  const line = (points: readonly PreviewPoint[], of: keyof Pick<Band, "low" | "mid" | "high">) => times.map((_, i) => bandOf(metric, points[i])?.[of] ?? null);
  return [times, ...curves.flatMap(({ points }) => [line(points, "mid"), line(points, "high"), line(points, "low")])];
}

/** The middle of a curve at a place, for those who read it. */
export function middleAt(chart: uPlot, curve: number, idx: number): number | undefined {
  return chart.data[LINES * curve + 1]?.[idx] ?? undefined;
}

export function bandOf(metric: CurveMetric, point: PreviewPoint | undefined): Band | undefined {
  return metric === "latency_p99" ? point?.p99Ms : point?.errorPct;
}
