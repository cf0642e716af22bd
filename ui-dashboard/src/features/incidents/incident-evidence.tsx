"use client";

import { instantMs, isMetricName, METRICS } from "@/format/format";
import { TimeSeriesChart } from "@/features/charts/time-series-chart";
import { useCloud } from "@/features/cloud/use-cloud";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";

const HEIGHT = 180;

/** The metric that broke the rule, as it is now. Incidents of an earlier run have no chart: its samples are gone. */
export function IncidentEvidence({ incident: { metric, target, runId, threshold, detectedAt } }: { incident: Incident }) {
  const run = useCloud(({ simulation }) => simulation?.runId);
  if (!target || !isMetricName(metric) || (target.kind !== TargetKind.SERVICE && target.kind !== TargetKind.NODE)) return null;
  const at = instantMs(detectedAt);
  const marks = { limit: threshold, instantS: at === undefined ? undefined : at / 1_000 };
  return (
    <div>
      <h3 className="mb-2 text-[13px] font-semibold">
        Evidence
        <span className="ml-2 text-xs font-normal text-ink-muted">
          {METRICS[metric].label} of {target.id}, {METRICS[metric].unit}, last 10 simulated min; dashed: threshold and detection
        </span>
      </h3>
      {run === runId ? (
        <TimeSeriesChart kind={target.kind === TargetKind.NODE ? "node" : "service"} metric={metric} series={[{ id: target.id, color: 0 }]} height={HEIGHT} marks={marks} />
      ) : (
        <p className="text-xs text-ink-muted">This incident belongs to an earlier run, whose samples this page no longer has.</p>
      )}
    </div>
  );
}
