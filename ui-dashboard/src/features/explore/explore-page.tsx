"use client";

import { ChartLine, Download, ZoomOut } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";
import { formatSimulatedDateTime, formatWholeDuration, instantMs, metricLabel, METRICS, plural } from "@/format/format";
import { RangeChart } from "@/features/range/range-chart";
import { TelemetrySource } from "@/gen/ops/v1/telemetry_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { saveFile } from "@/ui/save-file";
import { EmptyState, ErrorState, Skeleton } from "@/ui/states";
import { AnomalyList } from "./anomaly-list";
import { ChangeList } from "./change-list";
import { ExploreControls } from "./explore-controls";
import { EXPLORE_PARAMS } from "./explore-params";
import { csvOf, highest } from "./series";
import { SeriesTable } from "./series-table";
import { useAnomalies, useForecasts, useSeries, useStretch } from "./use-series";

const HEIGHT = 380;
/** More lines than colours cannot be told apart. */
const SHOWN = 12;

const SOURCES: Readonly<Record<TelemetrySource, string>> = {
  [TelemetrySource.UNSPECIFIED]: "nothing is stored",
  [TelemetrySource.ROWS]: "from the samples",
  [TelemetrySource.MINUTES]: "from roll-ups by minute",
  [TelemetrySource.HOURS]: "from roll-ups by hour",
};

/** Any metric of anybody over any stored time, with what was unusual and what is expected. */
export function ExplorePage() {
  const [params, set] = useQueryStates(EXPLORE_PARAMS);
  const { metric, from, to, anomalies: withAnomalies, forecast: withForecast } = params;
  const stretch = useStretch(params);
  const { series, descriptions, data, isPending, isError, error, refetch, isFetching } = useSeries(params, stretch);
  const { anomalies } = useAnomalies(params, stretch, withAnomalies);
  const { forecasts } = useForecasts(params, withForecast);
  const drawn = useMemo(() => highest(series, SHOWN).map((one, color) => ({ ...one, color, forecast: forecasts.get(one.id) })), [series, forecasts]);
  const marks = useMemo(() => {
    const ids = new Set(drawn.map(({ id }) => id));
    // Of several series nobody could tell whose change a line is.
    const changes = drawn.length === 1 && drawn[0] ? (descriptions.get(drawn[0].id)?.changes ?? []) : [];
    const moments = changes.map(({ timeMs }) => ({ atMs: Number(timeMs), color: "--ink-muted" }));
    return { moments, points: anomalies.flatMap(({ time, value, target }) => (target && ids.has(target.id) ? [{ atMs: instantMs(time) ?? 0, value }] : [])) };
  }, [anomalies, descriptions, drawn]);
  const zoom = useCallback((fromMs: number, toMs: number) => void set({ from: Math.round(fromMs), to: Math.round(toMs) }, { history: "push" }), [set]);
  const empty = !isPending && !isError && series.length === 0;
  const chosenStretch = from !== null && to !== null;
  const hint = data && `${METRICS[metric].unit}; one point in ${formatWholeDuration(data.stepS)}, ${SOURCES[data.source]}${series.length > SHOWN ? `; the ${SHOWN} highest of ${plural(series.length, "series", "series")}` : ""}`;
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending && stretch !== undefined}>
      <h1 className="sr-only">Explore</h1>
      <ExploreControls params={params} set={(change) => void set(change)} />
      <Card
        title={chosenStretch ? `${metricLabel(metric)}, ${formatSimulatedDateTime(from)} to ${formatSimulatedDateTime(to)}` : metricLabel(metric)}
        hint={hint}
        actions={
          <>
            {chosenStretch && (
              <Button size="sm" onClick={() => void set({ from: null, to: null }, { history: "push" })}>
                <ZoomOut aria-hidden className="size-3.5" />
                Latest
              </Button>
            )}
            <Button size="sm" disabled={series.length === 0} onClick={() => saveFile(`${metric}.csv`, csvOf(metric, series), "text/csv")}>
              <Download aria-hidden className="size-3.5" />
              CSV
            </Button>
          </>
        }
      >
        <div style={{ minHeight: empty ? undefined : HEIGHT }} className={isFetching ? "transition-opacity" : undefined}>
          {isPending && <Skeleton className="h-[380px] w-full" />}
          {isError && series.length === 0 && <ErrorState error={error} what="The series could not be loaded." onRetry={() => void refetch()} />}
          {empty && (
            <EmptyState icon={ChartLine} title="Nothing is stored of that" compact>
              Choose another metric, other targets or a longer time.
            </EmptyState>
          )}
          {drawn.length > 0 && <RangeChart metric={metric} series={drawn} marks={marks} height={HEIGHT} onStretch={zoom} />}
        </div>
        {drawn.length > 0 && <p className="mt-1 text-xs text-ink-muted">Drag over the chart to look closer. Points: unusual by the series&apos; own past. Dashed: expected, eight courses in ten within the tint.</p>}
      </Card>
      {drawn.length > 0 && <SeriesTable metric={metric} series={drawn} descriptions={descriptions} chosen={params.ids} onChoose={(ids) => void set({ ids })} />}
      {drawn.length > 0 && <ChangeList metric={metric} series={drawn} descriptions={descriptions} />}
      {withAnomalies && <AnomalyList anomalies={anomalies} />}
    </div>
  );
}
