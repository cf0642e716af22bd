"use client";

import { useMemo } from "react";
import { type MetricName, METRICS } from "@/format/format";
import { LineMark } from "@/features/charts/line-mark";
import { TimeSeriesChart } from "@/features/charts/time-series-chart";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { Skeleton } from "@/ui/states";
import type { ChosenServices } from "./use-chosen-services";

const CHARTS: readonly MetricName[] = ["request_rate", "error_rate", "latency_p99", "cpu_usage"];
const CHART_HEIGHT = 190;

export function TelemetryCharts({ services }: { services: ChosenServices }) {
  // A string, so that the charts are not made anew with every sample that names the same services.
  const names = useCalmCloud(({ topology, sample }) => (topology?.services.map(({ id }) => id) ?? sample?.services.ids ?? []).join("\n"));
  const { chosen } = services;
  const series = useMemo(() => {
    const all = names === "" ? [] : names.split("\n").map((id, color) => ({ id, color }));
    return chosen.length === 0 ? all : all.filter(({ id }) => chosen.includes(id));
  }, [names, chosen]);
  return (
    <section aria-label="Telemetry by service" className="flex flex-col gap-3">
      <Legend names={names === "" ? [] : names.split("\n")} services={services} />
      <div className="grid gap-4 md:grid-cols-2">
        {CHARTS.map((metric) => (
          <Card key={metric} title={METRICS[metric].label} hint={`${METRICS[metric].unit}, by service, last 10 simulated min`} flush>
            <div className="p-2 pr-3">
              <TimeSeriesChart kind="service" metric={metric} series={series} height={CHART_HEIGHT} />
            </div>
          </Card>
        ))}
      </div>
    </section>
  );
}

function Legend({ names, services: { chosen, toggle, clear } }: { names: readonly string[]; services: ChosenServices }) {
  return (
    <div role="group" aria-label="Services in the charts" className="flex min-h-7 flex-wrap items-center gap-1.5">
      {names.length === 0 && <Skeleton className="h-6 w-80" />}
      {names.map((id, color) => {
        const shown = chosen.length === 0 || chosen.includes(id);
        return (
          <button
            key={id}
            type="button"
            aria-pressed={chosen.includes(id)}
            title={chosen.includes(id) ? `Take ${id} out of the charts` : `Show ${id} in the charts`}
            onClick={() => toggle(id)}
            className={cx("flex h-6 max-w-full items-center gap-1.5 rounded-full border px-2 text-[11px] hover:bg-raised", shown ? "border-line bg-surface text-ink" : "border-transparent text-ink-muted", chosen.includes(id) && "border-line-strong")}
          >
            <LineMark color={shown ? color : undefined} />
            <span className="truncate">{id}</span>
          </button>
        );
      })}
      {chosen.length > 0 && (
        <Button tone="quiet" size="sm" className="h-6" onClick={clear}>
          Show all
        </Button>
      )}
    </div>
  );
}
