"use client";

import dynamic from "next/dynamic";
import { formatMetric, METRICS } from "@/format/format";
import { measured } from "@/features/cloud/sample";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { Skeleton } from "@/ui/states";
import type { PlotProps } from "./plot";

/** The charting library is not part of the first load. */
const Plot = dynamic(() => import("./plot"), { ssr: false, loading: () => <Skeleton className="h-full w-full" /> });

/** A chart of one metric over the last ten simulated minutes, with its summary in words for those who cannot see it. */
export function TimeSeriesChart(props: PlotProps) {
  const summary = useCalmCloud(({ sample }) => summarise(props, sample && (props.kind === "service" ? sample.services : sample.nodes)));
  const empty = useCalmCloud(({ historyVersion, sample }) => historyVersion === 0 && sample === undefined);
  return (
    <div role="img" aria-label={summary} className="relative" style={{ height: props.height }}>
      <Plot {...props} />
      {empty && <p className="absolute inset-0 grid place-items-center text-xs text-ink-muted">no data yet</p>}
    </div>
  );
}

function summarise({ metric, series }: PlotProps, table: Parameters<typeof measured>[0]): string {
  const label = `${METRICS[metric].label} over the last 10 simulated minutes`;
  const highest = series
    .map(({ id }) => ({ id, value: measured(table, id, metric) }))
    .filter((line): line is { id: string; value: number } => line.value !== undefined)
    .sort((a, b) => b.value - a.value)[0];
  return highest ? `${label}. Highest now: ${highest.id} at ${formatMetric(metric, highest.value)}.` : `${label}: no data.`;
}
