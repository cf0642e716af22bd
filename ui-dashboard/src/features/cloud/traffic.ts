/** Traffic in and out of the cloud as its users see it: at the services where requests enter. */
import type { Topology } from "@/gen/sim/v1/state_pb";
import { NO_DATA, type MetricName } from "@/format/format";
import type { History } from "./history";
import { nodeRows, serviceRows, type ServiceRow } from "./rows";
import type { Sample } from "./sample";

export interface Peak {
  readonly value: number | undefined;
  /** Who has it; `no data` when nobody has. */
  readonly who: string;
}

/** The four golden signals (Google SRE book, chapter 6). */
export interface GoldenSignals {
  /** Requests entering the cloud, req/s. */
  readonly trafficRps: number | undefined;
  /** Share of entering requests that fail, %. */
  readonly errorRatePercent: number | undefined;
  /** Worst p99 of an entry service, ms. */
  readonly latencyP99Ms: Peak;
  /** Busiest CPU of any service or node, %. */
  readonly saturationPercent: Peak;
}

export function goldenSignals(topology: Topology | undefined, sample: Sample | undefined): GoldenSignals {
  const services = serviceRows(topology, sample);
  const entries = services.filter(({ entry }) => entry);
  return {
    trafficRps: sum(entries.map(({ metric }) => metric("request_rate"))),
    errorRatePercent: weightedErrorRate(entries),
    latencyP99Ms: peak(entries, "latency_p99"),
    saturationPercent: peak([...services, ...nodeRows(topology, sample)], "cpu_usage"),
  };
}

export function weightedErrorRate(entries: readonly ServiceRow[]): number | undefined {
  let requests = 0;
  let failed = 0;
  for (const { metric } of entries) {
    const rate = metric("request_rate");
    const errors = metric("error_rate");
    if (rate === undefined || errors === undefined) continue;
    requests += rate;
    failed += (rate * errors) / 100;
  }
  return requests > 0 ? (failed / requests) * 100 : undefined;
}

function peak(rows: readonly { id: string; metric: (name: MetricName) => number | undefined }[], name: MetricName): Peak {
  let best: Peak = { value: undefined, who: NO_DATA };
  for (const { id, metric } of rows) {
    const value = metric(name);
    if (value !== undefined && (best.value === undefined || value > best.value)) best = { value, who: id };
  }
  return best;
}

/** The sum of what was measured; nothing when nothing was. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

export interface TrafficStatistics {
  /** Length of the window that the figures are about, simulated ms. */
  readonly windowMs: number;
  readonly meanRps: number | undefined;
  readonly peakRps: number | undefined;
  /** Requests that entered during the window. */
  readonly requests: number | undefined;
  /** Of those, the ones that failed. */
  readonly failed: number | undefined;
}

export function trafficStatistics(history: History, entryIds: readonly string[]): TrafficStatistics {
  const rates = history.window("service", "request_rate", entryIds);
  const errors = history.window("service", "error_rate", entryIds);
  const nothing = { windowMs: 0, meanRps: undefined, peakRps: undefined, requests: undefined, failed: undefined };
  if (rates.times.length < 2) return nothing;
  let measuredS = 0;
  let requests = 0;
  let failed = 0;
  let peakRps = 0;
  for (let i = 1; i < rates.times.length; i += 1) {
    const seconds = (rates.times[i] ?? 0) - (rates.times[i - 1] ?? 0);
    const rate = sum(rates.series.map((series) => series[i] ?? undefined));
    if (rate === undefined) continue;
    measuredS += seconds;
    requests += rate * seconds;
    peakRps = Math.max(peakRps, rate);
    entryIds.forEach((_, entry) => {
      failed += (((rates.series[entry]?.[i] ?? 0) * (errors.series[entry]?.[i] ?? 0)) / 100) * seconds;
    });
  }
  if (measuredS === 0) return nothing;
  return { windowMs: measuredS * 1_000, meanRps: requests / measuredS, peakRps, requests, failed };
}

/** Entry traffic over the window, for a sparkline: the sum of the entry services' series. */
export function totalSeries(history: History, metric: MetricName, ids: readonly string[]): (number | null)[] {
  const { times, series } = history.window("service", metric, ids);
  return times.map((_, i) => sum(series.map((values) => values[i] ?? undefined)) ?? null);
}
