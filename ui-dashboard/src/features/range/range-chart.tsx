"use client";

import dynamic from "next/dynamic";
import { formatNamedMetric, metricLabel } from "@/format/format";
import { Skeleton } from "@/ui/states";
import type { RangePlotProps } from "./range-plot";

/** The charting library is not part of the first load. */
const RangePlot = dynamic(() => import("./range-plot"), { ssr: false, loading: () => <Skeleton className="h-full w-full" /> });

/** A chart of stored series, with its summary in words for those who cannot see it. */
export function RangeChart(props: RangePlotProps) {
  return (
    <div role="img" aria-label={summary(props)} className="relative" style={{ height: props.height }}>
      <RangePlot {...props} />
    </div>
  );
}

function summary({ metric, series }: RangePlotProps): string {
  const label = metricLabel(metric);
  const highest = series.map(({ id, values }) => ({ id, value: Math.max(...values.filter((value) => !Number.isNaN(value))) })).sort((a, b) => b.value - a.value)[0];
  return highest && Number.isFinite(highest.value) ? `${label}. Highest: ${highest.id} at ${formatNamedMetric(metric, highest.value)}.` : `${label}: no data.`;
}
