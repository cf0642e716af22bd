"use client";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatAhead } from "@/format/format";
import { type Reading, Readings } from "@/features/charts/readings";
import { useResolvedTheme } from "@/features/theme/theme";
import { type Curve, curveData, type CurveMetric, curveOptions, middleAt } from "./curve-options";

export interface CurvePlotProps {
  readonly metric: CurveMetric;
  /** The same array while it says the same: the chart is made anew with another one. */
  readonly curves: readonly Curve[];
  readonly height: number;
}

export default function CurvePlot({ metric, curves, height }: CurvePlotProps) {
  const theme = useResolvedTheme();
  const host = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState<Reading | undefined>(undefined);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const onCursor = (chart: uPlot) => setReading(readCursor(chart, curves));
    const chart = new uPlot(curveOptions({ metric, curves, width: element.clientWidth, height, onCursor }), curveData(metric, curves), element);
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [metric, curves, height, theme]);

  return (
    <div className="relative">
      <div ref={host} style={{ height }} />
      {reading && <Readings reading={reading} metric={metric} />}
    </div>
  );
}

function readCursor(chart: uPlot, curves: readonly Curve[]): Reading | undefined {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  const values = curves.flatMap(({ label, color }, i) => {
    const value = middleAt(chart, i, idx);
    return value === undefined ? [] : [{ id: label, color, value }];
  });
  return {
    when: formatAhead(chart.data[0][idx] ?? 0),
    left: left / Math.max(1, chart.over.clientWidth),
    values: values.sort((a, b) => b.value - a.value),
  };
}
