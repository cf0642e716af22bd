/** How runs look in uPlot: time since their beginning, one line a run, told apart by dashes and not only by colour. */
import type uPlot from "uplot";
import { formatClock, formatNumber } from "@/format/format";
import { dashedLine, quietAxis, valueCeiling } from "@/features/charts/chart-options";
import { seriesColor } from "@/features/charts/palette";
import type { Charted, Line } from "./lines";

export interface RunLine {
  readonly name: string;
  readonly line: Line;
}

export interface PastSetup {
  readonly metric: Charted;
  readonly runs: readonly RunLine[];
  /** What the axis shows, seconds since the run began. */
  readonly fromS: number;
  readonly toS: number;
  /** An objective, in the metric's unit. */
  readonly limit: number | undefined;
  /** Instants in seconds that are drawn as a dashed line. */
  readonly instantsS: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly onStretch: (fromS: number, toS: number) => void;
}

/** Beside the plotting area, px; the cursor of the moment is drawn over it and has to know. */
export const LEFT_PX = 46;
export const RIGHT_PX = 26;
/** Places in the palette, of the first run and the second. */
export const RUN_COLORS = [0, 2] as const;
const DASHES: readonly (number[] | undefined)[] = [undefined, [6, 4]];
const SYNC_KEY = "past";
/** A drag that is shorter than this was a click, px. */
export const SHORTEST_DRAG = 8;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

export function pastOptions({ metric, runs, fromS, toS, limit, instantsS, width, height, onStretch }: PastSetup): uPlot.Options {
  const axis = quietAxis();
  const stretch = (chart: uPlot) => {
    const { left, width: dragged } = chart.select;
    if (dragged >= SHORTEST_DRAG) onStretch(chart.posToVal(left, "x"), chart.posToVal(left + dragged, "x"));
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, RIGHT_PX, 0, 0],
    cursor: { sync: { key: SYNC_KEY }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: false, range: () => [fromS, Math.max(toS, fromS + 1)] }, y: { range: (_, __, max) => [0, valueCeiling(metric, max, limit)] } },
    axes: [
      { ...axis, size: 26, space: 64, incrs: STEPS_S, values: (_, ticks) => ticks.map(formatClock) },
      { ...axis, size: LEFT_PX, space: 32, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
    ],
    series: [{}, ...runs.map(({ name, line }, i) => ({ label: name, stroke: seriesColor(RUN_COLORS[i] ?? i), width: 1.5, dash: DASHES[i], spanGaps: false, points: { show: line.seconds.length === 1 } }))],
    hooks: { draw: [(chart) => draw(chart, limit, instantsS)], setSelect: [stretch] },
  };
}

/** One time axis for both. `null` is a gap; where a run has no sample because only the other one has, the line goes on. */
export function pastData(runs: readonly RunLine[]): uPlot.AlignedData {
  const times = [...new Set(runs.flatMap(({ line }) => line.seconds))].sort((a, b) => a - b);
  const place = new Map(times.map((time, i) => [time, i]));
  return [
    times,
    ...runs.map(({ line }) => {
      const row = new Array<number | null | undefined>(times.length).fill(undefined);
      line.seconds.forEach((time, i) => {
        row[place.get(time) ?? 0] = line.values[i] ?? null;
      });
      return row;
    }),
  ];
}

function draw(chart: uPlot, limit: number | undefined, instantsS: readonly number[]): void {
  const { left, top, width, height } = chart.bbox;
  if (limit !== undefined && limit <= (chart.scales.y?.max ?? 0)) {
    const y = Math.round(chart.valToPos(limit, "y", true));
    dashedLine(chart.ctx, "--warning", [left, y], [left + width, y]);
  }
  for (const instant of instantsS) {
    const x = Math.round(chart.valToPos(instant, "x", true));
    if (x >= left && x <= left + width) dashedLine(chart.ctx, "--line-strong", [x, top], [x, top + height]);
  }
}
