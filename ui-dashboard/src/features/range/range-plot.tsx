"use client";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatSimulatedTime } from "@/format/format";
import { type Reading, Readings } from "@/features/charts/readings";
import { useResolvedTheme } from "@/features/theme/theme";
import { rangeData, type RangeMarks, rangeOptions, type RangeSeries } from "./range-options";

export interface RangePlotProps {
  readonly metric: string;
  /** The same array while it says the same: the chart is made anew with another one. So are the marks. */
  readonly series: readonly RangeSeries[];
  readonly marks: RangeMarks;
  readonly height: number;
  readonly onStretch?: (fromMs: number, toMs: number) => void;
}

export default function RangePlot({ metric, series, marks, height, onStretch }: RangePlotProps) {
  const theme = useResolvedTheme();
  const host = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState<Reading | undefined>(undefined);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const onCursor = (chart: uPlot) => setReading(readCursor(chart, series));
    const chart = new uPlot(rangeOptions({ metric, series, marks, width: element.clientWidth, height, onCursor, onStretch }), rangeData(series), element);
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [metric, series, marks, height, onStretch, theme]);

  return (
    <div className="relative">
      <div ref={host} style={{ height }} />
      {reading && <Readings reading={reading} metric={metric} />}
    </div>
  );
}

function readCursor(chart: uPlot, series: readonly RangeSeries[]): Reading | undefined {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  let forecasts = 0;
  const values = series.flatMap(({ id, color, forecast }, i) => {
    const expected = forecast ? chart.data[series.length + 3 * forecasts + 1]?.[idx] : undefined;
    if (forecast) forecasts += 1;
    const value = chart.data[i + 1]?.[idx] ?? expected;
    return value === null || value === undefined ? [] : [{ id, color, value }];
  });
  return {
    when: `${formatSimulatedTime((chart.data[0][idx] ?? 0) * 1_000)} sim`,
    left: left / Math.max(1, chart.over.clientWidth),
    values: values.sort((a, b) => b.value - a.value),
  };
}
