/** One complete sample of the cloud: every shard of a tick, put together and easy to look into. */
import type { MetricName } from "@/format/format";
import type { EntityColumns, MetricSnapshot } from "@/gen/sim/v1/metrics_pb";
import { instantMs } from "@/format/format";

/** Metrics of one kind of entity. `columns` are parallel to `ids`; NaN is "not measured". */
export interface EntityTable {
  readonly ids: readonly string[];
  readonly index: ReadonlyMap<string, number>;
  readonly versions: readonly bigint[];
  readonly columns: ReadonlyMap<string, readonly number[]>;
}

export interface Sample {
  readonly runId: string;
  readonly tick: bigint;
  readonly timeMs: number;
  readonly intervalMs: number;
  readonly scenario: string;
  readonly services: EntityTable;
  readonly nodes: EntityTable;
}

/** The measured value, or nothing: an absent entity, an absent metric and NaN all mean "not measured". */
export function measured(table: EntityTable | undefined, id: string, metric: MetricName): number | undefined {
  const position = table?.index.get(id);
  if (position === undefined) return undefined;
  const value = table?.columns.get(metric)?.[position];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

export function joinTables(parts: readonly (EntityColumns | undefined)[]): EntityTable {
  const ids: string[] = [];
  const versions: bigint[] = [];
  const columns = new Map<string, number[]>();
  const index = new Map<string, number>();
  for (const part of parts) {
    if (!part) continue;
    const offset = ids.length;
    part.ids.forEach((id, i) => {
      index.set(id, offset + i);
      ids.push(id);
      versions.push(part.versions[i] ?? 0n);
    });
    for (const { metric, values } of part.columns) {
      const column = columns.get(metric) ?? [];
      while (column.length < offset) column.push(Number.NaN);
      for (let i = 0; i < part.ids.length; i += 1) column.push(values[i] ?? Number.NaN);
      columns.set(metric, column);
    }
  }
  for (const column of columns.values()) while (column.length < ids.length) column.push(Number.NaN);
  return { ids, versions, columns, index };
}

/** Puts shards together. Gives each tick of a run once, in order, and ignores what it has already given. */
export class SampleAssembler {
  private parts = new Map<number, MetricSnapshot>();
  private newest: { runId: string; tick: bigint; timeMs: number } | undefined;

  /** Returns the sample that this message completes. */
  add(message: MetricSnapshot): Sample | undefined {
    const timeMs = instantMs(message.time && Number(message.time.seconds) * 1_000 + message.time.nanos / 1e6);
    if (timeMs === undefined || this.isOld(message, timeMs)) return undefined;
    const current = this.parts.values().next().value;
    if (current && (current.runId !== message.runId || current.tick !== message.tick)) {
      // A shard of an earlier tick that comes late finds its tick gone; a later tick replaces an incomplete one.
      if (current.runId === message.runId && message.tick < current.tick) return undefined;
      this.parts.clear();
    }
    this.parts.set(message.shard, message);
    if (this.parts.size < Math.max(1, message.shardCount)) return undefined;
    const shards = [...this.parts.values()].sort((a, b) => a.shard - b.shard);
    this.parts.clear();
    this.newest = { runId: message.runId, tick: message.tick, timeMs };
    return {
      runId: message.runId,
      tick: message.tick,
      timeMs,
      intervalMs: message.sampleIntervalMs,
      scenario: message.scenario,
      services: joinTables(shards.map((shard) => shard.services)),
      nodes: joinTables(shards.map((shard) => shard.nodes)),
    };
  }

  /** Simulated time never goes back, not even across runs: that tells a new run from a late message of the last one. */
  private isOld(message: MetricSnapshot, timeMs: number): boolean {
    if (!this.newest) return false;
    return message.runId === this.newest.runId ? message.tick <= this.newest.tick : timeMs <= this.newest.timeMs;
  }
}
