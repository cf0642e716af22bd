"use client";

import { useMemo } from "react";
import { instantMs, metricLabel, metricUnit } from "@/format/format";
import { RangeChart } from "@/features/range/range-chart";
import type { Moment } from "@/features/range/range-options";
import type { Target } from "@/gen/common/v1/target_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { ErrorState, Skeleton } from "@/ui/states";
import { isCharted, useBreach, useEvidence } from "./use-evidence";

const HEIGHT = 150;
/** Of the first suspect; the table beside it names them all. */
const SUSPECT_CHARTS = 3;

/** What broke the rule, and what speaks against the suspect, from before the breach until it was over. */
export function IncidentEvidence({ incident }: { incident: Incident }) {
  const breachMs = useBreach(incident);
  const [detectedMs, resolvedMs] = [instantMs(incident.detectedAt), instantMs(incident.resolvedAt)];
  const moments = useMemo(
    () => [
      ...(breachMs === undefined ? [] : [{ atMs: breachMs, color: "--warning" }]),
      ...(detectedMs === undefined ? [] : [{ atMs: detectedMs, color: "--critical" }]),
      ...(resolvedMs === undefined ? [] : [{ atMs: resolvedMs, color: "--ok" }]),
    ],
    [breachMs, detectedMs, resolvedMs],
  );
  if (!isCharted(incident.target)) return null;
  const own = `${incident.metric}/${incident.target.id}`;
  const others = (incident.suspects[0]?.evidence ?? []).filter(({ metric, target }) => isCharted(target) && `${metric}/${target.id}` !== own).slice(0, SUSPECT_CHARTS);
  return (
    <section aria-label="Evidence">
      <h3 className="mb-2 text-[13px] font-semibold">
        Evidence <span className="ml-2 text-xs font-normal text-ink-muted">dashed: threshold; breach, detection and end</span>
      </h3>
      <div className="grid gap-4 md:grid-cols-2">
        <Chart incident={incident} metric={incident.metric} target={incident.target} limit={incident.threshold} moments={moments} />
        {others.map(({ metric, target, usual }, i) => (
          <Chart key={i} incident={incident} metric={metric} target={target} usual={usual} moments={moments} />
        ))}
      </div>
    </section>
  );
}

interface ChartProps {
  readonly incident: Incident;
  readonly metric: string;
  readonly target: Target | undefined;
  readonly limit?: number;
  readonly usual?: number;
  readonly moments: readonly Moment[];
}

function Chart({ incident, metric, target, limit, usual, moments }: ChartProps) {
  const { series, isPending, isError, error, refetch } = useEvidence(incident, metric, target);
  const marks = useMemo(() => ({ limit: limit ?? usual, moments }), [limit, usual, moments]);
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 text-xs text-ink-muted">
        {[`${metricLabel(metric)} of ${target?.id ?? "?"}`, metricUnit(metric)].filter(Boolean).join(", ")}
        {usual !== undefined && "; dashed: what was usual"}
      </figcaption>
      {isPending && <Skeleton className="h-37.5 w-full" />}
      {isError && <ErrorState error={error} what="The samples could not be loaded." onRetry={() => void refetch()} />}
      {!isPending && !isError && (series.length > 0 ? <RangeChart metric={metric} series={series} marks={marks} height={HEIGHT} /> : <p className="text-xs text-ink-muted">Its samples are no longer kept.</p>)}
    </figure>
  );
}
