/** The numbers of a cloud that can be set: what they are called, their unit, their bounds, and what holds when they are absent. */
import { SPEC_NAMES, type SpecName } from "./catalogue";

export interface NumberSpec {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  /** What holds when it is absent; an engine has its own for each of its specs. */
  readonly fallback?: number;
  readonly whole?: boolean;
  readonly hint?: string;
}

const MAX_WAIT_MS = 3.6e6;

const number = (name: string, label: string, unit: string, low: number, high: number, more: Partial<NumberSpec> = {}): NumberSpec => ({ name, label, unit, low, high, ...more });

const SPECS: Readonly<Record<SpecName, NumberSpec>> = {
  cpu_cores: number("cpu_cores", "CPU", "cores", 0.01, 1_024),
  cpu_frequency_ghz: number("cpu_frequency_ghz", "Clock rate", "GHz", 0.1, 10),
  memory_gb: number("memory_gb", "Memory", "GiB", 0.01, 1e5),
  base_memory_gb: number("base_memory_gb", "Memory at rest", "GiB", 0, 1e5),
  storage_gb: number("storage_gb", "Disk", "GiB", 0, 1e7),
  network_mbps: number("network_mbps", "Network", "Mbit/s", 1, 1e7),
  min_latency_ms: number("min_latency_ms", "Own work", "ms", 0.001, 3.6e6),
  max_throughput: number("max_throughput", "Throughput", "req/s", 0.001, 1e9),
  service_cv2: number("service_cv2", "Spread of work", "CV²", 0, 25, { hint: "0: always the same; 1: exponential." }),
  service_time_noise: number("service_time_noise", "Noise of work", "share", 0, 0.25),
  concurrency: number("concurrency", "At once", "req", 1, 1e9),
  queue_limit: number("queue_limit", "May wait", "req", 0, 1e9),
  startup_s: number("startup_s", "Start-up", "s", 0.05, 3_600),
  cold_slowdown: number("cold_slowdown", "Slower when cold", "times", 1, 1_000),
  warmup_s: number("warmup_s", "Warms up in", "s", 0.1, 3_600),
  gc_cost: number("gc_cost", "Garbage collection", "share", 0, 10),
  cache_items: number("cache_items", "Cached items", "items", 0, 1e12, { hint: "0: what is asked for in 20 s." }),
  cache_ttl_s: number("cache_ttl_s", "Cached for", "s", 0, 1e9, { hint: "0: never forgotten." }),
  request_memory_kb: number("request_memory_kb", "Memory a request", "KiB", 0, 1e6),
  request_size_kb: number("request_size_kb", "Size of a request", "KiB", 0, 1e6),
  base_error_ratio: number("base_error_ratio", "Usual errors", "share", 0, 1),
};

export const SPEC_FIELDS: readonly NumberSpec[] = SPEC_NAMES.map((name) => SPECS[name]);

/** Those that most people set; the others are behind a click. */
export const MAIN_SPECS: readonly NumberSpec[] = (["cpu_cores", "memory_gb", "max_throughput", "min_latency_ms", "concurrency", "queue_limit"] as const).map((name) => SPECS[name]);
export const OTHER_SPECS: readonly NumberSpec[] = SPEC_FIELDS.filter((field) => !MAIN_SPECS.includes(field));

export const REPLICAS: NumberSpec = number("replicas", "Replicas", "", 1, 100_000, { fallback: 1, whole: true });

export const LIVENESS_FIELDS: readonly NumberSpec[] = [
  number("timeout_ms", "Answers within", "ms", 1, MAX_WAIT_MS, { fallback: 1_000 }),
  number("period_s", "Probed every", "s", 0.1, 3_600, { fallback: 10 }),
  number("failures", "Killed after", "failures", 1, 1_000, { fallback: 3, whole: true }),
];

export const CALL_FIELDS: readonly NumberSpec[] = [
  number("calls_per_request", "Calls a request", "", 0, 1_000, { fallback: 1 }),
  number("timeout_ms", "Timeout", "ms", 1, MAX_WAIT_MS, { fallback: 1_000 }),
  number("network_ms", "Network", "ms", 0, 60_000, { fallback: 0.5 }),
  number("read_ratio", "Reads", "share", 0, 1, { hint: "Empty: the caller's." }),
];

export const RETRY_FIELDS: readonly NumberSpec[] = [
  number("retries", "Retries", "", 0, 10, { fallback: 1, whole: true }),
  number("retry_budget", "Retry budget", "per call", 0, 10, { fallback: 0.2 }),
  number("backoff_ms", "Back-off", "ms", 0, MAX_WAIT_MS, { fallback: 50 }),
  number("backoff_max_ms", "Longest back-off", "ms", 0, MAX_WAIT_MS, { fallback: 2_000 }),
];

export const CACHE_FIELDS: readonly NumberSpec[] = [
  number("cache_hit_ratio", "Reads it answers", "share", 0, 1, { fallback: 0 }),
  number("static_hit_ratio", "Static content it answers", "share", 0, 1, { hint: "Empty: as reads." }),
];

export const BREAKER_FIELDS: readonly NumberSpec[] = [
  number("failure_ratio", "Opens at", "share failed", 0.01, 1, { fallback: 0.5 }),
  number("minimum_requests", "Never below", "req", 1, 1e6, { fallback: 20 }),
  number("window_s", "Window", "s", 0.1, 3_600, { fallback: 10 }),
  number("open_s", "Stays open", "s", 0.05, 3_600, { fallback: 5 }),
  number("probe_ratio", "Then lets through", "share", 0.001, 1, { fallback: 0.1 }),
  number("probes", "Decides after", "req", 1, 1e6, { fallback: 10 }),
];

export const POOL_FIELDS: readonly NumberSpec[] = [
  number("per_replica", "Connections a replica", "", 1, 1e6),
  number("acquire_timeout_ms", "Waits for one", "ms", 1, MAX_WAIT_MS, { fallback: 500 }),
  number("setup_ms", "Opening one costs", "ms", 0, 60_000, { fallback: 0 }),
];

export const NODE_FIELDS: readonly NumberSpec[] = [
  number("cpu_cores", "CPU", "cores", 0.1, 4_096),
  number("memory_gb", "Memory", "GiB", 0.1, 1e6),
  number("disk_gb", "Disk", "GiB", 1, 1e9, { fallback: 1_000 }),
  number("network_mbps", "Network", "Mbit/s", 1, 1e9, { fallback: 10_000 }),
];

const MAX_RATE_RPS = 1e9;
const MAX_TIME_S = 2_592_000;
const rps = (name: string, label: string) => number(name, label, "req/s", 0, MAX_RATE_RPS);
const seconds = (name: string, label: string, low = 0, high = MAX_TIME_S) => number(name, label, "s", low, high);

export const SHAPES = ["constant", "ramp", "diurnal", "spike", "bursty"] as const;
export type Shape = (typeof SHAPES)[number];

/** What a shape of traffic takes, and with what a new one begins. */
export const SHAPE_FIELDS: Readonly<Record<Shape, { readonly word: string; readonly fields: readonly NumberSpec[]; readonly first: Readonly<Record<string, number>> }>> = {
  constant: { word: "The same all the time", fields: [rps("rps", "Rate")], first: { rps: 100 } },
  ramp: {
    word: "A ramp",
    fields: [rps("from_rps", "From"), rps("to_rps", "To"), seconds("start_s", "Begins at"), seconds("over_s", "Takes")],
    first: { from_rps: 100, to_rps: 300, start_s: 60, over_s: 120 },
  },
  diurnal: {
    word: "A day",
    fields: [rps("mean_rps", "Mean"), number("swing", "Swing", "share", 0, 1), seconds("period_s", "Length of a day", 1), number("phase", "Begins at", "share of the day", 0, 1, { fallback: 0 })],
    first: { mean_rps: 100, swing: 0.2, period_s: 600 },
  },
  spike: {
    word: "A spike",
    fields: [rps("base_rps", "Usually"), rps("peak_rps", "Peak"), seconds("start_s", "Begins at"), seconds("duration_s", "Lasts")],
    first: { base_rps: 100, peak_rps: 400, start_s: 60, duration_s: 60 },
  },
  bursty: {
    word: "Bursts",
    fields: [rps("base_rps", "Between bursts"), rps("peak_rps", "In a burst"), seconds("quiet_s", "Time between two", 2, 600), seconds("burst_s", "Length of one", 2, 600)],
    first: { base_rps: 100, peak_rps: 300, quiet_s: 60, burst_s: 20 },
  },
};

export const TIME: NumberSpec = seconds("at_s", "When");
export const SEVERITY: NumberSpec = number("severity", "Severity", "0 to 1", 0, 1);
/** The numbers of a fault; every kind has a severity of its own. */
export const FAULT_FIELDS: readonly NumberSpec[] = [
  SEVERITY,
  { ...seconds("onset_s", "Rises over"), fallback: 0 },
  { ...seconds("duration_s", "Lasts"), fallback: 0, hint: "0: until it is ended or cured." },
];

export const NOISE: NumberSpec = number("noise", "Noise", "share", 0, 0.5, { fallback: 0 });
export const DISTANCE: NumberSpec = number("distance_ms", "Distance of users", "ms", 0, 10_000, { fallback: 0, hint: "On the way there and back, all round trips together." });
export const SCENARIO_FIELDS: readonly NumberSpec[] = [
  number("seed", "Seed", "", 0, Number.MAX_SAFE_INTEGER, { fallback: 42, whole: true }),
  number("duration_s", "Length", "s", 0, MAX_TIME_S, { fallback: 0, hint: "0: goes on until switched." }),
  number("chaos", "Chaos", "0 to 1", 0, 1, { fallback: 0, hint: "How often faults begin by chance." }),
];

/** What is wrong with a value that is there; nothing when it is as it should be. */
export function numberProblem({ name, low, high, whole = false }: NumberSpec, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number" || Number.isNaN(value)) return `${name} is ${JSON.stringify(value)}; write a number`;
  if (value < low || value > high) return `${name} is ${value}; use a number from ${low} to ${high}`;
  return whole && !Number.isInteger(value) ? `${name} is ${value}; use a whole number` : undefined;
}
