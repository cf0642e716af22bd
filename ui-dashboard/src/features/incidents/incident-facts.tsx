"use client";

import type { ReactNode } from "react";
import { formatCount, formatDuration, formatNamedMetric, formatSimulatedDateTime, instantMs, shortId } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { acknowledgement } from "./acknowledgement";
import { incidentLengthMs } from "./incident-length";

const KINDS: Readonly<Partial<Record<TargetKind, string>>> = {
  [TargetKind.SERVICE]: "service",
  [TargetKind.NODE]: "node",
  [TargetKind.ZONE]: "zone",
  [TargetKind.SIMULATION]: "simulation",
};

export function IncidentFacts({ incident }: { incident: Incident }) {
  const simulatedNow = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  const { target, metric, observedValue, threshold, ruleName, detectedAt, tick, resolved, resolvedAt, resolution, id } = incident;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ["Target", target ? `${target.id} (${KINDS[target.kind] ?? "unknown kind"})` : "no data"],
    ["Rule", ruleName],
    ["Observed", formatNamedMetric(metric, observedValue)],
    ["Threshold", formatNamedMetric(metric, threshold)],
    ["Detected", `${formatSimulatedDateTime(detectedAt)}, tick ${formatCount(tick)}`],
    [resolved ? "Lasted" : "Open for", `${formatDuration(incidentLengthMs(incident, simulatedNow))} of simulated time`],
    ["Resolved", resolved ? `${formatSimulatedDateTime(resolvedAt)}${resolution === "" ? "" : `, ${resolution}`}` : "not yet"],
    ["On it", acknowledgement(incident) || "nobody yet"],
    ["Incident", <span key="id" className="font-mono text-xs" title={id}>{shortId(id)}</span>],
  ];
  return (
    <section aria-label="Facts">
      <h3 className="mb-2 text-[13px] font-semibold">Facts</h3>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-[13px] sm:grid-cols-3 xl:grid-cols-2">
        {facts.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-xs text-ink-muted">{label}</dt>
            <dd className="mt-0.5 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
