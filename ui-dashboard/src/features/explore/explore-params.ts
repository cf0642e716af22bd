import { createParser, parseAsArrayOf, parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs";
import { isMetricName, type MetricName } from "@/format/format";
import { TelemetryAggregate } from "@/gen/ops/v1/telemetry_service_pb";

export const KINDS = ["service", "node"] as const;
export type Kind = (typeof KINDS)[number];

/** Simulated seconds back from the latest. */
export const LAST_S = [900, 3_600, 21_600, 86_400, 604_800] as const;
/** Simulated seconds; 0 chooses about 300 points. */
export const STEPS_S = [0, 1, 10, 60, 600, 3_600] as const;

export const AGGREGATES = {
  avg: { word: "mean", value: TelemetryAggregate.AVG },
  min: { word: "smallest", value: TelemetryAggregate.MIN },
  max: { word: "largest", value: TelemetryAggregate.MAX },
  p95: { word: "95th percentile", value: TelemetryAggregate.P95 },
  sum: { word: "sum", value: TelemetryAggregate.SUM },
  last: { word: "newest", value: TelemetryAggregate.LAST },
  rate: { word: "change per second", value: TelemetryAggregate.RATE },
} as const;
export type AggregateName = keyof typeof AGGREGATES;
export const AGGREGATE_NAMES = Object.keys(AGGREGATES) as AggregateName[];

const parseAsMetric = createParser<MetricName>({ parse: (text) => (isMetricName(text) ? text : null), serialize: (metric) => metric });

/** The page's state, all of it in the URL. */
export const EXPLORE_PARAMS = {
  metric: parseAsMetric.withDefault("latency_p99"),
  kind: parseAsStringLiteral(KINDS).withDefault("service"),
  ids: parseAsArrayOf(parseAsString).withDefault([]),
  last: parseAsInteger.withDefault(LAST_S[0]),
  /** A stretch of its own, ms since the epoch, simulated time; both or none. */
  from: parseAsInteger,
  to: parseAsInteger,
  step: parseAsInteger.withDefault(0),
  aggregate: parseAsStringLiteral(AGGREGATE_NAMES).withDefault("avg"),
  anomalies: parseAsBoolean.withDefault(true),
  forecast: parseAsBoolean.withDefault(false),
};
