"use client";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatSimulatedTime, type MetricName } from "@/format/format";
import { useCloudStore } from "@/features/cloud/use-cloud";
import type { EntityKind } from "@/features/cloud/history";
import { useResolvedTheme } from "@/features/theme/theme";
import { type ChartMarks, type ChartSeries, chartOptions } from "./chart-options";
import { drawNoMore, drawSoon } from "./draw-queue";
import { type Reading, Readings } from "./readings";

export interface PlotProps {
  readonly kind: EntityKind;
  readonly metric: MetricName;
  readonly series: readonly ChartSeries[];
  readonly height: number;
  readonly marks?: ChartMarks;
}

/** Draws straight from the history, past React: a new sample costs a redraw of the canvas and no render. */
export default function Plot({ kind, metric, series, height, marks }: PlotProps) {
  const cloud = useCloudStore();
  const theme = useResolvedTheme();
  const host = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState<Reading | undefined>(undefined);
  // The chart is made anew only when what it draws changes, not with every array that says the same.
  const limit = marks?.limit;
  const instantS = marks?.instantS;
  const signature = series.map(({ id, color }) => `${id}\n${color}`).join("\n\n");

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const lines = signature === "" ? [] : signature.split("\n\n").map(parseSeries);
    const ids = lines.map(({ id }) => id);
    const read = (): uPlot.AlignedData => {
      const { times, series: values } = cloud.history.window(kind, metric, ids);
      return [times, ...values];
    };
    const onCursor = (chart: uPlot) => setReading(readCursor(chart, lines));
    const chart = new uPlot(chartOptions({ metric, series: lines, width: element.clientWidth, height, onCursor, marks: { limit, instantS } }), read(), element);
    let drawn = cloud.history.version;
    let inSight = true;
    const draw = () => {
      drawn = cloud.history.version;
      chart.setData(read());
    };
    const follow = () => {
      if (inSight && cloud.history.version !== drawn) drawSoon(draw);
    };
    const unsubscribe = cloud.subscribe(follow);
    const sight = new IntersectionObserver((entries) => {
      inSight = entries.at(-1)?.isIntersecting ?? true;
      follow();
    });
    sight.observe(element);
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      drawNoMore(draw);
      unsubscribe();
      sight.disconnect();
      resize.disconnect();
      chart.destroy();
    };
  }, [cloud, kind, metric, signature, height, theme, limit, instantS]);

  return (
    <div className="relative">
      <div ref={host} style={{ height }} />
      {reading && <Readings reading={reading} metric={metric} />}
    </div>
  );
}

function parseSeries(text: string): ChartSeries {
  const [id = "", color = "0"] = text.split("\n");
  return { id, color: Number(color) };
}

/** What is under the cursor, largest first; nothing when the cursor is elsewhere. */
function readCursor(chart: uPlot, lines: readonly ChartSeries[]): Reading | undefined {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  const values = lines.flatMap(({ id, color }, i) => {
    const value = chart.data[i + 1]?.[idx];
    return value === null || value === undefined ? [] : [{ id, color, value }];
  });
  return {
    when: `${formatSimulatedTime((chart.data[0][idx] ?? 0) * 1_000)} sim`,
    left: left / Math.max(1, chart.over.clientWidth),
    values: values.sort((a, b) => b.value - a.value),
  };
}
