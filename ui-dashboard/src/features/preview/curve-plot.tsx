"use client";

import { useMemo } from "react";
import { formatAhead } from "@/format/format";
import { type Drawing, PlotShell } from "@/features/charts/plot-shell";
import { type Curve, curveData, type CurveMetric, curveOptions, middleAt } from "./curve-options";

export interface CurvePlotProps {
  readonly metric: CurveMetric;
  /** The same array while it says the same: the chart is made anew with another one. */
  readonly curves: readonly Curve[];
  readonly height: number;
}

export default function CurvePlot({ metric, curves, height }: CurvePlotProps) {
  const drawing = useMemo(
    (): Drawing => ({
      options: (size) => curveOptions({ metric, curves, ...size }),
      data: curveData(metric, curves),
      read: (chart, idx) => {
        const values = curves.flatMap(({ label, color }, i) => {
          const value = middleAt(chart, i, idx);
          return value === undefined ? [] : [{ id: label, color, value }];
        });
        return { when: formatAhead(chart.data[0][idx] ?? 0), values: values.sort((a, b) => b.value - a.value) };
      },
    }),
    [metric, curves],
  );
  return <PlotShell drawing={drawing} metric={metric} height={height} />;
}
