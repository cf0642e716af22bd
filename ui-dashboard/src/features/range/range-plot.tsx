"use client";

import { useMemo } from "react";
import type uPlot from "uplot";
import { formatSimulatedTime } from "@/format/format";
import { type Drawing, PlotShell } from "@/features/charts/plot-shell";
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
  const drawing = useMemo(
    (): Drawing => ({
      options: (size) => rangeOptions({ metric, series, marks, onStretch, ...size }),
      data: rangeData(series),
      read: (chart, idx) => ({ when: `${formatSimulatedTime((chart.data[0][idx] ?? 0) * 1_000)} sim`, values: valuesAt(chart, idx, series) }),
    }),
    [metric, series, marks, onStretch],
  );
  return <PlotShell drawing={drawing} metric={metric} height={height} />;
}

/** Largest first; what is expected stands for what is not measured yet. */
function valuesAt(chart: uPlot, idx: number, series: readonly RangeSeries[]) {
  let forecasts = 0;
  const values = series.flatMap(({ id, color, forecast }, i) => {
    const expected = forecast ? chart.data[series.length + 3 * forecasts + 1]?.[idx] : undefined;
    if (forecast) forecasts += 1;
    const value = chart.data[i + 1]?.[idx] ?? expected;
    return value === null || value === undefined ? [] : [{ id, color, value }];
  });
  return values.sort((a, b) => b.value - a.value);
}
