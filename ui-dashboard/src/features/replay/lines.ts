/** A run as lines over its time: what users got, or one service. Pure. */
import type { MetricName } from "@/format/format";
import { ALLOWED_FAILED_PCT, FAST_BURN } from "@/features/cloud/error-budget";
import { OBJECTIVES } from "@/features/cloud/objectives";
import { measured } from "@/features/cloud/sample";
import type { CloudMap } from "@/gen/sim/v1/metrics_pb";
import type { Frame, Past } from "./past";

export const CHARTED = ["request_rate", "error_rate", "latency_p99", "cpu_usage"] as const satisfies readonly MetricName[];
export type Charted = (typeof CHARTED)[number];

/** What users lose when an objective is broken: so many of their requests fail, %, or the slowest in a hundred takes so long, ms. */
export const MOST_FAILED_PCT = ALLOWED_FAILED_PCT * FAST_BURN;
export const SLOWEST_MS = OBJECTIVES.latency_p99?.warning ?? Number.POSITIVE_INFINITY;

/** What is drawn of a run: seconds since its beginning, and a value for each; `null` where nothing was measured. */
export interface Line {
  readonly seconds: readonly number[];
  readonly values: readonly (number | null)[];
}

const doors = new WeakMap<CloudMap, readonly string[]>();

/** Where users come in: services that nobody calls. */
export function doorsOf({ map }: Pick<Frame, "map">): readonly string[] {
  if (!map) return [];
  const known = doors.get(map);
  if (known) return known;
  const called = new Set(map.callees);
  const found = map.services.filter((_, i) => !called.has(i));
  doors.set(map, found);
  return found;
}

export function lineOf({ frames, tickMs }: Past, metric: Charted, service: string | null): Line {
  return {
    seconds: frames.map(({ tick }) => (tick * tickMs) / 1_000),
    values: frames.map((frame) => (service === null ? ofUsers(frame, metric) : measured(frame.sample.services, service, metric)) ?? null),
  };
}

/** Requests: of all doors together. Errors: their share of those. p99: at the worst door. CPU: of the busiest service. */
export function ofUsers(frame: Frame, metric: Charted): number | undefined {
  const { services } = frame.sample;
  if (metric === "cpu_usage") return largest(services.ids.map((id) => measured(services, id, metric)));
  const ids = doorsOf(frame);
  if (metric === "latency_p99") return largest(ids.map((id) => measured(services, id, metric)));
  const rates = ids.map((id) => measured(services, id, "request_rate"));
  const requests = sum(rates);
  if (metric === "request_rate") return requests;
  if (requests === undefined || requests === 0) return undefined;
  const failed = sum(ids.map((id, i) => product(rates[i], measured(services, id, "error_rate"))));
  return failed === undefined ? undefined : failed / requests;
}

function product(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a * b;
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
