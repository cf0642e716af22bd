"use client";

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { instantMs } from "@/format/format";
import type { RangeSeries } from "@/features/range/range-options";
import { type Target, TargetKind } from "@/gen/common/v1/target_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { TelemetryService } from "@/gen/ops/v1/telemetry_service_pb";
import { breachStart } from "./timeline";

const BEFORE_MS = 5 * 60_000;
const AFTER_MS = 2 * 60_000;
/** While it is open its story goes on. */
const FOLLOW_MS = 5_000;

export function isCharted(target: Target | undefined): target is Target {
  return target?.kind === TargetKind.SERVICE || target?.kind === TargetKind.NODE;
}

/** A stored series from before the incident until after it, or until now. */
export function useEvidence({ detectedAt, resolvedAt, simulationId }: Incident, metric: string, target: Target | undefined) {
  const [fromMs, endMs] = [instantMs(detectedAt), instantMs(resolvedAt)];
  const request = {
    simulationId,
    metric,
    targets: target ? [{ kind: target.kind, id: target.id }] : [],
    from: fromMs === undefined ? undefined : timestampFromMs(fromMs - BEFORE_MS),
    to: endMs === undefined ? undefined : timestampFromMs(endMs + AFTER_MS),
  };
  const query = useQuery(TelemetryService.method.query, request, { enabled: isCharted(target) && metric !== "" && fromMs !== undefined, refetchInterval: endMs === undefined ? FOLLOW_MS : false });
  const found = query.data?.series[0];
  const series = useMemo((): RangeSeries[] => (found ? [{ id: found.target?.id ?? "", color: 0, timesMs: found.timeMs.map(Number), values: found.values }] : []), [found]);
  return { ...query, series };
}

/** When the metric of an incident crossed its threshold. */
export function useBreach(incident: Incident): number | undefined {
  const { series } = useEvidence(incident, incident.metric, incident.target);
  const line = series[0];
  return useMemo(() => line && breachStart(line.timesMs, line.values, incident), [line, incident]);
}
