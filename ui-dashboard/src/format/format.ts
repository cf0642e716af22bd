/**
 * The one place that turns numbers, units, dates and durations into text. Two clocks exist and are never mixed up:
 * simulated time (telemetry, incidents; shown in UTC and marked "sim") and wall time (decisions, expiry; shown in the
 * viewer's zone). A missing value is `undefined` and becomes "no data", never 0.
 */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

export const NO_DATA = "no data";

export type MetricName =
  | "cpu_usage"
  | "memory_usage"
  | "disk_usage"
  | "network_mbps"
  | "request_rate"
  | "throughput"
  | "error_rate"
  | "latency_p50"
  | "latency_p95"
  | "latency_p99"
  | "queue_depth"
  | "active_connections"
  | "replicas"
  | "replicas_missing"
  | "up";

interface MetricUnit {
  readonly label: string;
  readonly unit: string;
}

export const METRICS: Readonly<Record<MetricName, MetricUnit>> = {
  cpu_usage: { label: "CPU", unit: "%" },
  memory_usage: { label: "Memory", unit: "%" },
  disk_usage: { label: "Disk", unit: "%" },
  network_mbps: { label: "Network", unit: "Mbit/s" },
  request_rate: { label: "Request rate", unit: "req/s" },
  throughput: { label: "Throughput", unit: "req/s" },
  error_rate: { label: "Error rate", unit: "%" },
  latency_p50: { label: "p50 latency", unit: "ms" },
  latency_p95: { label: "p95 latency", unit: "ms" },
  latency_p99: { label: "p99 latency", unit: "ms" },
  queue_depth: { label: "Queue depth", unit: "req" },
  active_connections: { label: "Connections", unit: "connections" },
  replicas: { label: "Replicas", unit: "replicas" },
  replicas_missing: { label: "Replicas missing", unit: "replicas" },
  up: { label: "Up", unit: "share" },
};

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** What a metric is called; one that is newer than this page by its name on the wire. */
export function metricLabel(metric: string): string {
  return isMetricName(metric) ? METRICS[metric].label : metric;
}

/** Unit of a metric, for captions of charts; empty for one that is newer than this page. */
export function metricUnit(metric: string): string {
  return isMetricName(metric) ? METRICS[metric].unit : "";
}

/** A number and its unit, apart so that the unit can be set smaller. `unit` is empty when there is no number. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

/** Made once: making one takes longer than a thousand uses of it. */
const WHOLE = new Intl.NumberFormat("en-US");
const THOUSAND = 1_000;
const MILLION = 1_000_000;

/** Three significant digits are what a person compares; thousands stay whole up to 9,999 and become k and M above. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NO_DATA;
  const size = Math.abs(value);
  if (size >= 999_500) return `${significant(value / MILLION)} M`;
  if (size >= 9_999.5) return `${significant(value / THOUSAND)} k`;
  if (size >= 99.95) return WHOLE.format(Math.round(value));
  return significant(value);
}

function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.005) return value < 0 ? "> −0.01" : "< 0.01";
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Whole things (replicas, incidents), with thousands separators. */
export function formatCount(value: number | bigint | undefined): string {
  if (value === undefined) return NO_DATA;
  return WHOLE.format(value);
}

/** From ten seconds on milliseconds are counted as seconds. */
export function quantity(value: number | undefined, unit: string): Quantity {
  if (unit === "ms" && value !== undefined && Math.abs(value) >= 9_999.5) return quantity(value / THOUSAND, "s");
  const text = formatNumber(value);
  return text === NO_DATA ? { value: NO_DATA, unit: "" } : { value: text, unit };
}

export function metricQuantity(metric: MetricName, value: number | undefined): Quantity {
  return quantity(value, METRICS[metric].unit);
}

/** `12.3 %`, `250 ms`, `no data`. */
export function formatMetric(metric: MetricName, value: number | undefined): string {
  return quantityText(metricQuantity(metric, value));
}

/** For a metric named by the wire, which may be newer than this page. */
export function namedQuantity(metric: string, value: number | undefined): Quantity {
  return quantity(value, isMetricName(metric) ? METRICS[metric].unit : "");
}

export function formatNamedMetric(metric: string, value: number | undefined): string {
  return quantityText(namedQuantity(metric, value));
}

export function quantityText({ value, unit }: Quantity): string {
  return unit === "" ? value : `${value} ${unit}`;
}

const MIB = 1_024 * 1_024;

/** `43.8 MiB` */
export function formatBytes(bytes: number | undefined): string {
  return bytes === undefined ? NO_DATA : `${formatNumber(bytes / MIB)} MiB`;
}

/** `3 services`, `1 service`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `12.3 %` */
export function formatPercent(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? NO_DATA : `${formatNumber(value)} %`;
}

/** A part of one as a percentage: `37 %`. */
export function formatShare(share: number): string {
  return formatPercent(Math.round(share * 100));
}

/** What lies between two bounds, without the unit: `90 to 200`; empty when both round to the same. */
export function formatSpread(low: number, high: number): string {
  const [from, to] = [formatNumber(low), formatNumber(high)];
  return from === to ? "" : `${from} to ${to}`;
}

/** A difference with its sign: `+0.33 core h`, `−2 core h`, `±0 core h`. */
export function formatChange(value: number | undefined, unit: string): string {
  if (value === undefined || !Number.isFinite(value)) return NO_DATA;
  if (Math.abs(value) < 0.005) return quantityText({ value: "±0", unit });
  return `${value < 0 ? "−" : "+"}${quantityText(quantity(Math.abs(value), unit))}`;
}

/** A sentence of the server's with numbers as long as a person reads them: `severity 0.4000000059604645` becomes `severity 0.4`, `30894 ms` becomes `30.9 s`. */
export function shortNumbers(sentence: string): string {
  const seconds = sentence.replace(/(?<![\w.:,])(\d{4,}(?:\.\d+)?) ms\b/g, (_, milliseconds: string) => formatMilliseconds(Number(milliseconds)));
  return seconds.replace(/(?<![\w.:])\d+\.\d{3,}(?![\w.])/g, (number) => formatNumber(Number(number)));
}

/** A sentence of the server's in which no line ends between a number and its unit, or within a number: `29.3 %`, `18 120 ms`. */
export function keepUnits(sentence: string): string {
  return sentence.replace(/(?<=\d) (?=\d{3}\b|%|(?:ms|s|min|h|core h|req|req\/s|[KMGT]i?B|[KMGT]bit\/s)(?![\w/]))/g, "\u00a0");
}

/** Some names of many: `cart, orders and 12 more`. */
export function formatNames(names: readonly string[], shown = 3): string {
  const rest = names.length - shown;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, shown).join(", ")} and ${formatCount(rest)} more`;
}

/** A span of time in its two largest units: `850 ms`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 d 3 h`. */
export function formatDuration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return NO_DATA;
  const size = Math.max(0, milliseconds);
  if (size < 1_000) return `${Math.round(size)} ms`;
  const seconds = Math.floor(size / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${pad(Math.floor((seconds % 3_600) / 60))} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** How long something took, finer than a second: `12.3 ms`, `1.2 s`. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${formatNumber(milliseconds)} ms` : `${formatNumber(milliseconds / 1_000)} s`;
}

/** A place on an axis that begins now: `now`, `+30 s`, `+2 min`. */
export function formatAhead(seconds: number): string {
  return seconds === 0 ? "now" : `+${formatWholeDuration(seconds)}`;
}

/** `just now`, `12 s ago`; a clock a little ahead of ours counts as now. */
export function formatAgo(milliseconds: number): string {
  return milliseconds < 1_000 ? "just now" : `${formatDuration(milliseconds)} ago`;
}

/** The same where time is simulated: `just now`, `12 s of simulated time ago`. */
export function formatSimulatedAgo(milliseconds: number): string {
  return milliseconds < 1_000 ? "just now" : `${formatDuration(milliseconds)} of simulated time ago`;
}

/** What is left, as a clock: `14:59`, `1:02:03`; `0:00` when over. */
export function formatCountdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** What is over of something timed, as a clock: `4:12`; negative before it began: `−0:05`. */
export function formatClock(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return NO_DATA;
  const whole = Math.floor(Math.abs(seconds));
  return `${seconds <= -1 ? "−" : ""}${Math.floor(whole / 60)}:${pad(whole % 60)}`;
}

/** When something began in a simulation, from seconds: `after 1 min`. */
export function formatSimulatedOnset(seconds: number): string {
  return `after ${formatWholeDuration(seconds)} of simulated time`;
}

/** A span that somebody chose, in seconds: `5 min`, `2 h 10 min`. */
export function formatWholeDuration(seconds: number): string {
  return formatDuration(seconds * 1_000).replace(/ 00 (s|min)$/, "");
}

/** Length of a simulation in seconds; 0 means that it does not end. */
export function formatScenarioLength(seconds: number): string {
  return seconds === 0 ? "until switched" : formatWholeDuration(seconds);
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}

/** Simulated time of day, UTC: `14:03:22`. */
export function formatSimulatedTime(at: Timestamp | number | undefined): string {
  const ms = instantMs(at);
  return ms === undefined ? NO_DATA : new Date(ms).toISOString().slice(11, 19);
}

/** A tick of a time axis, UTC, as fine as its steps: `14:03:22`, `14:03`, `21 Nov`. */
export function formatSimulatedTick(at: number, stepS: number): string {
  if (stepS >= 86_400) return SIMULATED_DAY.format(at);
  return formatSimulatedTime(at).slice(0, stepS < 60 ? 8 : 5);
}

const SIMULATED_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const SIMULATED_DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** Simulated date and time, UTC, marked as simulated: `21 Nov 2026, 14:03:22 sim`. */
export function formatSimulatedDateTime(at: Timestamp | number | undefined): string {
  const ms = instantMs(at);
  return ms === undefined ? NO_DATA : `${SIMULATED_DATE.format(ms)}, ${formatSimulatedTime(ms)} sim`;
}

/** Wall-clock time in the viewer's zone, or in `timeZone`: `21 Nov 2026, 15:03:22`. */
export function formatWallTime(at: Timestamp | number | undefined, timeZone?: string): string {
  const ms = instantMs(at);
  if (ms === undefined) return NO_DATA;
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(ms);
}

/** Milliseconds since the epoch, or nothing for an absent or impossible instant. */
export function instantMs(at: Timestamp | number | undefined): number | undefined {
  if (at === undefined) return undefined;
  const ms = typeof at === "number" ? at : timestampMs(at);
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

/** `10×`, `0.5×`, `9.97×`. */
export function formatSpeed(speed: number | undefined): string {
  const text = formatNumber(speed);
  return text === NO_DATA ? text : `${text}×`;
}

/** The first block of a UUID: enough to recognise it by. */
export function shortId(id: string): string {
  return id.split("-", 1)[0] ?? id;
}
