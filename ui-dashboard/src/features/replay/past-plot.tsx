"use client";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatClock } from "@/format/format";
import { type Reading, Readings } from "@/features/charts/readings";
import { useResolvedTheme } from "@/features/theme/theme";
import { pastData, pastOptions, type PastSetup, RUN_COLORS, type RunLine, SHORTEST_DRAG } from "./past-options";

export interface PastPlotProps extends Pick<PastSetup, "metric" | "fromS" | "toS" | "limit" | "height" | "onStretch"> {
  /** The same array while it says the same: the chart is made anew with another one. So are the instants. */
  readonly runs: readonly RunLine[];
  readonly instantsS: readonly number[];
  readonly onPick: (seconds: number) => void;
}

export default function PastPlot({ metric, runs, fromS, toS, limit, instantsS, height, onStretch, onPick }: PastPlotProps) {
  const theme = useResolvedTheme();
  const host = useRef<HTMLDivElement>(null);
  const [reading, setReading] = useState<Reading | undefined>(undefined);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const onCursor = (chart: uPlot) => setReading(readCursor(chart, runs));
    const chart = new uPlot(pastOptions({ metric, runs, fromS, toS, limit, instantsS, width: element.clientWidth, height, onCursor, onStretch }), pastData(runs), element);
    let pressed = 0;
    const down = ({ clientX }: MouseEvent) => void (pressed = clientX);
    const click = ({ clientX }: MouseEvent) => {
      if (Math.abs(clientX - pressed) < SHORTEST_DRAG) onPick(chart.posToVal(clientX - chart.over.getBoundingClientRect().left, "x"));
    };
    chart.over.addEventListener("mousedown", down);
    chart.over.addEventListener("click", click);
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      chart.destroy();
    };
  }, [metric, runs, fromS, toS, limit, instantsS, height, onStretch, onPick, theme]);

  return (
    <div className="relative">
      <div ref={host} style={{ height }} />
      {reading && <Readings reading={reading} metric={metric} />}
    </div>
  );
}

function readCursor(chart: uPlot, runs: readonly RunLine[]): Reading | undefined {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  const values = runs.flatMap(({ name }, i) => {
    const value = chart.data[i + 1]?.[idx];
    return value === null || value === undefined ? [] : [{ id: name, color: RUN_COLORS[i] ?? i, value }];
  });
  return { when: formatClock(chart.data[0][idx] ?? 0), left: left / Math.max(1, chart.over.clientWidth), values };
}
