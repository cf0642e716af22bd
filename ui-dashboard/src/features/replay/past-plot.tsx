"use client";

import { useMemo } from "react";
import type uPlot from "uplot";
import { formatClock } from "@/format/format";
import { type Drawing, PlotShell } from "@/features/charts/plot-shell";
import { pastData, pastOptions, type PastSetup, RUN_COLORS, type RunLine, SHORTEST_DRAG } from "./past-options";

export interface PastPlotProps extends Pick<PastSetup, "metric" | "fromS" | "toS" | "limit" | "height" | "onStretch"> {
  /** The same array while it says the same: the chart is made anew with another one. So are the instants. */
  readonly runs: readonly RunLine[];
  readonly instantsS: readonly number[];
  readonly onPick: (seconds: number) => void;
}

export default function PastPlot({ metric, runs, fromS, toS, limit, instantsS, height, onStretch, onPick }: PastPlotProps) {
  const drawing = useMemo(
    (): Drawing => ({
      options: (size) => pastOptions({ metric, runs, fromS, toS, limit, instantsS, onStretch, ...size }),
      data: pastData(runs),
      read: (chart, idx) => ({ when: formatClock(chart.data[0][idx] ?? 0), values: valuesAt(chart, idx, runs) }),
      listen: (chart) => listenForPicks(chart, onPick),
    }),
    [metric, runs, fromS, toS, limit, instantsS, onStretch, onPick],
  );
  return <PlotShell drawing={drawing} metric={metric} height={height} />;
}

function valuesAt(chart: uPlot, idx: number, runs: readonly RunLine[]) {
  return runs.flatMap(({ name }, i) => {
    const value = chart.data[i + 1]?.[idx];
    return value === null || value === undefined ? [] : [{ id: name, color: RUN_COLORS[i] ?? i, value }];
  });
}

/** A click is a press that did not become a drag. */
function listenForPicks({ over, posToVal }: uPlot, onPick: (seconds: number) => void): () => void {
  let pressed = 0;
  const down = ({ clientX }: MouseEvent) => void (pressed = clientX);
  const click = ({ clientX }: MouseEvent) => {
    if (Math.abs(clientX - pressed) < SHORTEST_DRAG) onPick(posToVal(clientX - over.getBoundingClientRect().left, "x"));
  };
  over.addEventListener("mousedown", down);
  over.addEventListener("click", click);
  return () => {
    over.removeEventListener("mousedown", down);
    over.removeEventListener("click", click);
  };
}
