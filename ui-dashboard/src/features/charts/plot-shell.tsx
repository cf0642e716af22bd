"use client";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useResolvedTheme } from "@/features/theme/theme";
import { type Reading, Readings } from "./readings";

/** What is drawn, and how it is read. */
export interface Drawing {
  readonly options: (size: { readonly width: number; readonly height: number }) => uPlot.Options;
  readonly data: uPlot.AlignedData;
  /** What is at a place of the time axis. */
  readonly read: (chart: uPlot, idx: number) => Pick<Reading, "when" | "values">;
  /** Listens to the chart until the function that it gives back is called. */
  readonly listen?: (chart: uPlot) => () => void;
}

/** Where uPlot has the pointer while it is on no chart. */
const NOWHERE = { left: -10, top: -10 };

interface PlotShellProps {
  /** The same object while it says the same: the chart is made anew with another one. */
  readonly drawing: Drawing;
  readonly metric: string;
  readonly height: number;
}

/** A chart as wide as its place, in the colours of the theme, with the values under the pointer beside it. */
export function PlotShell({ drawing, metric, height }: PlotShellProps) {
  const theme = useResolvedTheme();
  const host = useRef<HTMLDivElement>(null);
  const pointer = useRef(NOWHERE);
  const [reading, setReading] = useState<Reading | undefined>(undefined);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const options = drawing.options({ width: element.clientWidth, height });
    const setCursor = [(chart: uPlot) => setReading(readCursor(chart, drawing))];
    // Newer values do not take away what somebody is reading.
    const ready = [(chart: uPlot) => chart.setCursor(pointer.current)];
    const chart = new uPlot({ ...options, hooks: { ...options.hooks, setCursor, ready } }, drawing.data, element);
    const stop = drawing.listen?.(chart);
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      stop?.();
      resize.disconnect();
      pointer.current = { left: chart.cursor.left ?? NOWHERE.left, top: chart.cursor.top ?? NOWHERE.top };
      chart.destroy();
    };
  }, [drawing, height, theme]);

  return (
    <div className="relative">
      <div ref={host} style={{ height }} />
      {reading && <Readings reading={reading} metric={metric} />}
    </div>
  );
}

function readCursor(chart: uPlot, { read }: Drawing): Reading | undefined {
  const { idx, left } = chart.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  return { ...read(chart, idx), left: left / Math.max(1, chart.over.clientWidth) };
}
