/** What `/health` and `/metrics` of the orchestrator say, as the page shows it. Pure. */

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong; empty when nothing is. */
  readonly problem: string;
}

/** Reads `{"status":…,"checks":{name:{"status":…,"error"?:…}}}`; nothing when it is something else. */
export function readHealth(body: unknown): Check[] | undefined {
  if (!isRecord(body) || !isRecord(body.checks)) return undefined;
  return Object.entries(body.checks).map(([name, check]) => {
    const { status, ...rest } = isRecord(check) ? check : { status: undefined };
    const problem = Object.values(rest).filter((value) => typeof value === "string").join(" ");
    return { name, ok: status === "ok", problem: status === "ok" ? "" : problem || `is ${String(status ?? "unknown")}` };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** OpenMetrics text, line by line; lines that cannot be read are left out. */
export function readMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const found = line.startsWith("#") ? null : LINE.exec(line);
    const value = Number(found?.[3]);
    if (!found || Number.isNaN(value)) return [];
    const labels = Object.fromEntries([...(found[2] ?? "").matchAll(LABEL)].map(([, key, words]) => [key ?? "", words ?? ""]));
    return [{ name: found[1] ?? "", labels, value }];
  });
}

const PREFIX = "microcloud_orchestrator_";

export interface ServiceState {
  readonly name: string;
  readonly silent: boolean;
}

export interface Readings {
  readonly version: string | undefined;
  readonly startedMs: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly streamClients: number | undefined;
  readonly streamEvents: number | undefined;
  readonly resyncs: number | undefined;
  /** Those that automation rests on. */
  readonly services: readonly ServiceState[];
}

export function readingsOf(samples: readonly Sample[]): Readings {
  const find = (name: string) => samples.find((sample) => sample.name === name);
  const own = (name: string) => find(`${PREFIX}${name}`)?.value;
  const started = own("start_time_seconds");
  return {
    version: find(`${PREFIX}build_info`)?.labels.version,
    startedMs: started === undefined ? undefined : started * 1_000,
    memoryBytes: find("process_resident_memory_bytes")?.value,
    streamClients: own("stream_clients"),
    streamEvents: own("stream_events_total"),
    resyncs: own("stream_resyncs_total"),
    services: samples.filter(({ name }) => name === `${PREFIX}silent_services`).map(({ labels, value }) => ({ name: labels.service ?? "?", silent: value > 0 })),
  };
}
