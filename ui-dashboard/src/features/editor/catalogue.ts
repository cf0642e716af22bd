/** The engines that a service can run, with what a replica has when its file says nothing: those of `libs/sim`, by name. */

export type Family = "compute" | "storage" | "network" | "messaging";

export const FAMILY_WORDS: Readonly<Record<Family, string>> = { compute: "Compute", storage: "Storage", network: "Network", messaging: "Messaging" };

export const SPEC_NAMES = [
  "cpu_cores",
  "cpu_frequency_ghz",
  "memory_gb",
  "base_memory_gb",
  "storage_gb",
  "network_mbps",
  "min_latency_ms",
  "max_throughput",
  "service_cv2",
  "service_time_noise",
  "concurrency",
  "queue_limit",
  "startup_s",
  "cold_slowdown",
  "warmup_s",
  "gc_cost",
  "cache_items",
  "cache_ttl_s",
  "request_memory_kb",
  "request_size_kb",
  "base_error_ratio",
] as const;

export type SpecName = (typeof SPEC_NAMES)[number];
export type Specs = Readonly<Record<SpecName, number>>;

export interface Profile {
  readonly name: string;
  readonly family: Family;
  readonly specs: Specs;
}

export interface Template {
  readonly name: string;
  readonly profile: string;
  readonly description: string;
  readonly specs: Partial<Specs>;
}

const COMMON: Specs = {
  cpu_cores: 2,
  cpu_frequency_ghz: 3,
  memory_gb: 2,
  base_memory_gb: 0.6,
  storage_gb: 0,
  network_mbps: 1_000,
  min_latency_ms: 1,
  max_throughput: 1_000,
  service_cv2: 1,
  service_time_noise: 0,
  concurrency: 256,
  queue_limit: 512,
  startup_s: 2,
  cold_slowdown: 1,
  warmup_s: 10,
  gc_cost: 0,
  cache_items: 0,
  cache_ttl_s: 0,
  request_memory_kb: 512,
  request_size_kb: 4,
  base_error_ratio: 0.0005,
};

const engine = (name: string, family: Family, max_throughput: number, min_latency_ms: number, specs: Partial<Specs> = {}): Profile => ({ name, family, specs: { ...COMMON, max_throughput, min_latency_ms, ...specs } });

export const PROFILES: readonly Profile[] = [
  engine("web_server", "compute", 15_000, 2, { concurrency: 512, queue_limit: 1_024 }),
  engine("api_server", "compute", 8_000, 5, { concurrency: 384 }),
  engine("microservice", "compute", 5_000, 3),
  engine("application_server", "compute", 4_000, 10, { cpu_cores: 4, memory_gb: 8, base_memory_gb: 2.5, startup_s: 5 }),
  engine("batch_processor", "compute", 500, 40, { cpu_cores: 4, memory_gb: 8, base_memory_gb: 2, queue_limit: 8_192 }),
  engine("real_time_processor", "compute", 20_000, 1, { cpu_cores: 4, memory_gb: 4, base_memory_gb: 1 }),
  engine("postgresql", "storage", 5_000, 3, { cpu_cores: 4, memory_gb: 8, base_memory_gb: 3, storage_gb: 200, concurrency: 200, request_memory_kb: 4_096, startup_s: 5 }),
  engine("redis", "storage", 100_000, 0.1, {
    cpu_cores: 1,
    memory_gb: 4,
    base_memory_gb: 1.6,
    storage_gb: 10,
    concurrency: 4_096,
    queue_limit: 4_096,
    request_memory_kb: 16,
    network_mbps: 10_000,
    request_size_kb: 1,
    startup_s: 1,
  }),
  engine("mongodb", "storage", 8_000, 4, { cpu_cores: 4, memory_gb: 8, base_memory_gb: 3.5, storage_gb: 200, request_memory_kb: 2_048, startup_s: 4 }),
  engine("load_balancer", "network", 50_000, 0.5, { concurrency: 8_192, queue_limit: 4_096, request_memory_kb: 64, network_mbps: 10_000, startup_s: 1, base_error_ratio: 0 }),
  engine("api_gateway", "network", 20_000, 2, { concurrency: 4_096, queue_limit: 2_048, request_memory_kb: 128, network_mbps: 10_000 }),
  engine("cdn", "network", 200_000, 0.1, {
    memory_gb: 8,
    base_memory_gb: 4,
    concurrency: 16_384,
    queue_limit: 8_192,
    request_memory_kb: 64,
    network_mbps: 100_000,
    request_size_kb: 32,
    base_error_ratio: 0,
  }),
  engine("message_queue", "messaging", 50_000, 1, { memory_gb: 4, base_memory_gb: 1.2, storage_gb: 50, concurrency: 4_096, queue_limit: 65_536, request_memory_kb: 16, network_mbps: 10_000, startup_s: 3 }),
];

export const TEMPLATES: readonly Template[] = [
  {
    name: "high_performance_web_server",
    profile: "web_server",
    description: "A web server with four fast cores that holds many connections.",
    specs: { cpu_cores: 4, cpu_frequency_ghz: 3.6, memory_gb: 8, base_memory_gb: 1.2, network_mbps: 10_000, max_throughput: 30_000, concurrency: 4_096, queue_limit: 4_096 },
  },
  {
    name: "small_web_server",
    profile: "web_server",
    description: "A shared core that renders pages.",
    specs: { cpu_cores: 1, memory_gb: 1, base_memory_gb: 0.3, min_latency_ms: 20, max_throughput: 200, concurrency: 200, queue_limit: 200 },
  },
  {
    name: "interpreted_api_server",
    profile: "api_server",
    description: "An API in an interpreted language: a few worker processes, tens of milliseconds a request.",
    specs: { base_memory_gb: 0.8, min_latency_ms: 40, max_throughput: 200, concurrency: 64, queue_limit: 128, startup_s: 4 },
  },
  {
    name: "small_microservice",
    profile: "microservice",
    description: "Half a core and half a gigabyte, as most containers are.",
    specs: { cpu_cores: 0.5, memory_gb: 0.5, base_memory_gb: 0.15, min_latency_ms: 8, max_throughput: 400, concurrency: 128, queue_limit: 128 },
  },
  {
    name: "jvm_application_server",
    profile: "application_server",
    description: "A managed runtime that is slow until it is warm and pays for garbage when its heap is full.",
    specs: { gc_cost: 0.1, cold_slowdown: 4, warmup_s: 30, startup_s: 15, min_latency_ms: 20, max_throughput: 400, concurrency: 400, queue_limit: 400, request_memory_kb: 4_096 },
  },
  { name: "nightly_batch_worker", profile: "batch_processor", description: "Long jobs of very different lengths.", specs: { min_latency_ms: 400, max_throughput: 20, service_cv2: 4 } },
  { name: "stream_processor", profile: "real_time_processor", description: "Short steps that all take the same time.", specs: { service_cv2: 0.1, max_throughput: 40_000, cpu_cores: 8, network_mbps: 10_000 } },
  {
    name: "small_postgresql",
    profile: "postgresql",
    description: "Two cores and room for a hundred connections.",
    specs: { cpu_cores: 2, memory_gb: 4, base_memory_gb: 1.5, storage_gb: 50, min_latency_ms: 8, max_throughput: 500, concurrency: 100, startup_s: 10, cold_slowdown: 2, warmup_s: 60 },
  },
  {
    name: "high_memory_postgresql",
    profile: "postgresql",
    description: "A large primary whose working set is in memory, and is not after a restart.",
    specs: { cpu_cores: 16, memory_gb: 128, base_memory_gb: 64, storage_gb: 2_000, network_mbps: 10_000, max_throughput: 20_000, concurrency: 500, startup_s: 30, cold_slowdown: 4, warmup_s: 120 },
  },
  {
    name: "redis_cache",
    profile: "redis",
    description: "A look-aside cache of a hundred thousand items that expire after ten minutes.",
    specs: { min_latency_ms: 0.3, max_throughput: 10_000, cache_items: 100_000, cache_ttl_s: 600 },
  },
  {
    name: "large_mongodb",
    profile: "mongodb",
    description: "A document store with sixteen cores and a terabyte.",
    specs: { cpu_cores: 16, memory_gb: 64, base_memory_gb: 28, storage_gb: 1_000, network_mbps: 10_000, max_throughput: 30_000, startup_s: 20, cold_slowdown: 3, warmup_s: 90 },
  },
  { name: "internal_load_balancer", profile: "load_balancer", description: "A layer-4 balancer that adds next to nothing.", specs: { min_latency_ms: 0.1, service_cv2: 0.1 } },
  {
    name: "public_api_gateway",
    profile: "api_gateway",
    description: "Authentication, limits and routing for everything that comes from outside.",
    specs: { cpu_cores: 4, memory_gb: 4, base_memory_gb: 1, min_latency_ms: 8, max_throughput: 2_500 },
  },
  { name: "edge_cdn", profile: "cdn", description: "A point of presence whose content expires after an hour.", specs: { min_latency_ms: 1, max_throughput: 3_000, cache_items: 50_000, cache_ttl_s: 3_600 } },
  {
    name: "durable_message_queue",
    profile: "message_queue",
    description: "A queue that writes to disk before it answers and holds a million messages.",
    specs: { storage_gb: 500, min_latency_ms: 5, max_throughput: 10_000, queue_limit: 1_000_000, memory_gb: 32 },
  },
];

export const BALANCINGS = ["round_robin", "least_connections", "power_of_two", "weighted"] as const;

/** What a service is made of: a profile, or a template that stands on one. */
export interface Engine {
  readonly kind: "profile" | "template";
  readonly name: string;
}

/** The profile beneath an engine; nothing for a name that nobody knows. */
export function profileOf({ kind, name }: Engine): Profile | undefined {
  const profile = kind === "profile" ? name : TEMPLATES.find((template) => template.name === name)?.profile;
  return PROFILES.find((known) => known.name === profile);
}

/** What a replica of an engine has before its file says anything else. */
export function specsOf(engine: Engine): Specs | undefined {
  const profile = profileOf(engine);
  if (!profile) return undefined;
  return engine.kind === "profile" ? profile.specs : { ...profile.specs, ...TEMPLATES.find(({ name }) => name === engine.name)?.specs };
}

/** `api_server` as people read it: `api server`. */
export function engineWords(name: string): string {
  return name.replaceAll("_", " ");
}
