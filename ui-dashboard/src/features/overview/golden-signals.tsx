"use client";

import { formatMetric, type MetricName, metricQuantity, type Quantity as Value } from "@/format/format";
import { OBJECTIVES, type Standing, standing } from "@/features/cloud/objectives";
import { goldenSignals, totalSeries } from "@/features/cloud/traffic";
import { serviceRows } from "@/features/cloud/rows";
import { useCalmCloud, useCloudStore } from "@/features/cloud/use-cloud";
import { cx } from "@/ui/class-names";
import { Quantity } from "@/ui/quantity";
import { Sparkline } from "@/ui/sparkline";
import { Skeleton } from "@/ui/states";

interface Signal {
  readonly label: string;
  readonly value: Value;
  readonly note: string;
  readonly level: Standing;
  readonly shape: readonly (number | null)[];
}

const TEXT: Readonly<Record<Standing, string>> = { unknown: "", ok: "", warning: "text-warning", critical: "text-critical" };

export function GoldenSignals() {
  const { history } = useCloudStore();
  const { loading, signals } = useCalmCloud((state) => {
    const { trafficRps, errorRatePercent, latencyP99Ms, saturationPercent } = goldenSignals(state.topology, state.sample);
    const entries = serviceRows(state.topology, state.sample).filter(({ entry }) => entry);
    const ids = entries.map(({ id }) => id);
    const one = (metric: MetricName, who: string) => history.window("service", metric, [who]).series[0] ?? [];
    const list: Signal[] = [
      { label: "Traffic", value: metricQuantity("request_rate", trafficRps), note: "entering the cloud", level: "unknown", shape: totalSeries(history, "request_rate", ids) },
      { label: "Errors", value: metricQuantity("error_rate", errorRatePercent), note: objective("error_rate"), level: standing("error_rate", errorRatePercent), shape: one("error_rate", ids[0] ?? "") },
      { label: "Latency, p99", value: metricQuantity("latency_p99", latencyP99Ms.value), note: objective("latency_p99"), level: standing("latency_p99", latencyP99Ms.value), shape: one("latency_p99", latencyP99Ms.who) },
      { label: "Saturation, CPU", value: metricQuantity("cpu_usage", saturationPercent.value), note: saturationPercent.value === undefined ? "busiest service or node" : `busiest: ${saturationPercent.who}`, level: standing("cpu_usage", saturationPercent.value), shape: saturationShape(saturationPercent.who) },
    ];
    return { loading: state.snapshots === 0, signals: list };

    function saturationShape(who: string) {
      const service = one("cpu_usage", who);
      return service.some((value) => value !== null) ? service : (history.window("node", "cpu_usage", [who]).series[0] ?? []);
    }
  });
  return (
    <section aria-label="Golden signals" className="grid grid-cols-2 gap-3 lg:grid-cols-4 lg:gap-4">
      {signals.map(({ label, value, note, level, shape }) => (
        <div key={label} className="min-w-0 rounded-lg border border-line bg-surface p-3.5 shadow-card lg:p-4">
          <h2 className="text-xs font-medium text-ink-muted">{label}</h2>
          <p className={cx("mt-1 h-9 truncate text-xl leading-9 font-semibold tracking-tight lg:text-[26px]", TEXT[level])}>
            {loading ? <Skeleton className="mt-2 h-6 w-24" /> : <Quantity of={value} unitClassName="ml-1.5 text-[13px] font-normal tracking-normal" />}
          </p>
          <p className="truncate text-xs text-ink-muted">{note}</p>
          <Sparkline values={shape} className="mt-2 text-accent-ink" />
        </div>
      ))}
    </section>
  );
}

function objective(metric: MetricName): string {
  const limit = OBJECTIVES[metric]?.warning;
  return limit === undefined ? "" : `objective ≤ ${formatMetric(metric, limit)}`;
}
