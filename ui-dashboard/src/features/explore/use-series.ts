"use client";

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import { instantMs, type MetricName } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import type { Forecast, RangeSeries } from "@/features/range/range-options";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type TelemetryDescription, type TelemetryForecast, TelemetryService, type TelemetryServiceQueryResponse } from "@/gen/ops/v1/telemetry_service_pb";
import { AGGREGATES, type AggregateName, type Kind } from "./explore-params";

export interface Wanted {
  readonly metric: MetricName;
  readonly kind: Kind;
  readonly ids: readonly string[];
  readonly last: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly step: number;
  readonly aggregate: AggregateName;
}

/** What series have in them, by id. */
export type Descriptions = ReadonlyMap<string, TelemetryDescription>;

/** A chart of the last minutes moves on this often, simulated ms; one of a longer time by a pixel or so. */
const MOVE_ON_MS = 5_000;
const POINTS = 300;

/** The stretch of time that is asked for; nothing while the simulation's time is not known. */
export function useStretch({ last, from, to }: Pick<Wanted, "last" | "from" | "to">): { readonly fromMs: number; readonly toMs: number | undefined } | undefined {
  const pace = Math.max(MOVE_ON_MS, (last * 1_000) / POINTS);
  const nowMs = useCalmCloud(({ simulation }) => {
    const at = instantMs(simulation?.time);
    return at === undefined ? undefined : Math.floor(at / pace) * pace;
  });
  if (from !== null && to !== null) return { fromMs: from, toMs: to };
  return nowMs === undefined ? undefined : { fromMs: nowMs - last * 1_000, toMs: undefined };
}

function targetsOf({ kind, ids }: Pick<Wanted, "kind" | "ids">) {
  const targetKind = kind === "node" ? TargetKind.NODE : TargetKind.SERVICE;
  return { kind: targetKind, targets: ids.map((id) => ({ kind: targetKind, id })) };
}

export function useSeries(wanted: Wanted, stretch: ReturnType<typeof useStretch>) {
  const { kind, targets } = targetsOf(wanted);
  const request = {
    metric: wanted.metric,
    targets,
    // Said only when nobody is named: the server takes either.
    targetKind: targets.length === 0 ? kind : TargetKind.UNSPECIFIED,
    from: stretch && timestampFromMs(stretch.fromMs),
    to: stretch?.toMs === undefined ? undefined : timestampFromMs(stretch.toMs),
    stepS: wanted.step,
    aggregate: AGGREGATES[wanted.aggregate].value,
    describe: true,
  };
  const query = useQuery(TelemetryService.method.query, request, {
    enabled: stretch !== undefined,
    // The chart stays while it moves on in time, but never under the name of something else.
    placeholderData: (before: TelemetryServiceQueryResponse | undefined) => (before?.series.every(({ metric, target }) => metric === wanted.metric && target?.kind === kind) ? before : undefined),
  });
  const found = query.data?.series;
  const series = useMemo((): RangeSeries[] => (found ?? []).map(({ target, timeMs, values }, color) => ({ id: target?.id ?? "all", color, timesMs: timeMs.map(Number), values })), [found]);
  const descriptions = useMemo((): Descriptions => new Map((found ?? []).flatMap(({ target, description }) => (description ? [[target?.id ?? "all", description] as const] : []))), [found]);
  return { ...query, series, descriptions };
}

export function useAnomalies(wanted: Wanted, stretch: ReturnType<typeof useStretch>, enabled: boolean) {
  const { kind, targets } = targetsOf(wanted);
  const request = { metric: wanted.metric, targets, from: stretch && timestampFromMs(stretch.fromMs), to: stretch?.toMs === undefined ? undefined : timestampFromMs(stretch.toMs), limit: 200 };
  const query = useQuery(TelemetryService.method.anomalies, request, { enabled: enabled && stretch !== undefined, placeholderData: keepPreviousData });
  const found = query.data?.anomalies;
  const anomalies = useMemo(() => (enabled ? (found ?? []).filter(({ target, metric }) => target?.kind === kind && metric === wanted.metric) : []), [enabled, found, kind, wanted.metric]);
  return { ...query, anomalies };
}

/** Forecasts by id; none while a stretch of the past is looked at. */
export function useForecasts(wanted: Wanted, enabled: boolean) {
  const { kind, targets } = targetsOf(wanted);
  const wantsIt = enabled && wanted.to === null;
  const query = useQuery(TelemetryService.method.forecast, { metric: wanted.metric, targets }, { enabled: wantsIt, refetchInterval: MOVE_ON_MS, placeholderData: keepPreviousData });
  const found = query.data?.forecasts;
  const forecasts = useMemo(() => new Map((wantsIt ? (found ?? []) : []).flatMap((one) => (one.target?.kind === kind && one.metric === wanted.metric ? [[one.target.id, lineOf(one)] as const] : []))), [wantsIt, found, kind, wanted.metric]);
  return { ...query, forecasts };
}

function lineOf({ madeAt, value, points }: TelemetryForecast): Forecast {
  const madeMs = instantMs(madeAt) ?? 0;
  const all = [{ horizonS: 0, value, low: value, high: value }, ...points];
  return { timesMs: all.map(({ horizonS }) => madeMs + horizonS * 1_000), mid: all.map((point) => point.value), low: all.map(({ low }) => low), high: all.map(({ high }) => high) };
}
