/**
 * The last ten minutes of simulated time, for charts. One time axis, one ring of f32 a series, nothing allocated per
 * sample. Mutable on purpose and outside React: `version` tells whoever draws that there is something new.
 */
import type { MetricName } from "@/format/format";
import type { EntityTable, Sample } from "./sample";

/** Ten simulated minutes at the default interval of one second. */
export const HISTORY_SAMPLES = 600;

export type EntityKind = "service" | "node";

/** Chart data: seconds since the epoch, and one row of values a series; `null` is a gap. */
export interface HistoryWindow {
  readonly times: number[];
  readonly series: (number | null)[][];
}

export interface StoredSeries {
  readonly kind: EntityKind;
  readonly metric: MetricName;
  readonly id: string;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

export class History {
  version = 0;
  private readonly times: Float64Array;
  private rings = new Map<string, Float32Array>();
  private readonly columns = new Map<string, { readonly ids: readonly string[]; readonly rings: readonly Float32Array[] }>();
  private next = 0;
  private filled = 0;
  private sinceSweep = 0;
  private gapBeforeNext = false;

  constructor(private readonly capacity = HISTORY_SAMPLES) {
    this.times = new Float64Array(capacity);
  }

  get length(): number {
    return this.filled;
  }

  get firstTimeMs(): number | undefined {
    return this.filled === 0 ? undefined : this.times[this.slot(0)];
  }

  get lastTimeMs(): number | undefined {
    return this.filled === 0 ? undefined : this.times[this.slot(this.filled - 1)];
  }

  clear(): void {
    this.rings.clear();
    this.columns.clear();
    this.next = 0;
    this.filled = 0;
    this.gapBeforeNext = false;
    this.version += 1;
  }

  /** Samples were missed: the lines must not be drawn across. */
  markGap(): void {
    this.gapBeforeNext = this.filled > 0;
  }

  append(sample: Sample): void {
    const last = this.lastTimeMs;
    if (last !== undefined && sample.timeMs <= last) return;
    if (this.gapBeforeNext && last !== undefined) this.row(last + 1);
    this.gapBeforeNext = false;
    const slot = this.row(sample.timeMs);
    this.fill("service", sample.services, slot);
    this.fill("node", sample.nodes, slot);
    this.version += 1;
    this.sinceSweep += 1;
    if (this.sinceSweep >= this.capacity) this.sweep();
  }

  /** Puts stored points before the first live one. Points that overlap the live ones are left out. */
  backfill(stored: readonly StoredSeries[]): void {
    const before = this.firstTimeMs ?? Number.POSITIVE_INFINITY;
    const room = this.capacity - this.filled;
    const known = new Set(stored.flatMap(({ timesMs }) => timesMs.filter((time) => time < before)));
    const earlier = room === 0 ? [] : [...known].sort((a, b) => a - b).slice(-room);
    if (earlier.length === 0) return;
    const live = this.times.map((_, i) => this.times[this.slot(i)] ?? 0).slice(0, this.filled);
    const liveRings = [...this.rings].map(([key, ring]) => [key, Array.from({ length: this.filled }, (_, i) => ring[this.slot(i)])] as const);
    const position = new Map(earlier.map((time, i) => [time, i]));
    this.rings = new Map();
    this.columns.clear();
    this.times.set(earlier, 0);
    this.times.set(live, earlier.length);
    this.filled += earlier.length;
    this.next = this.filled % this.capacity;
    for (const [key, values] of liveRings) this.ring(key).set(values.map((value) => value ?? Number.NaN), earlier.length);
    for (const { kind, metric, id, timesMs, values } of stored) {
      const ring = this.ring(keyOf(kind, metric, id));
      timesMs.forEach((time, i) => {
        const at = position.get(time);
        if (at !== undefined) ring[at] = values[i] ?? Number.NaN;
      });
    }
    this.version += 1;
  }

  window(kind: EntityKind, metric: MetricName, ids: readonly string[]): HistoryWindow {
    const times: number[] = new Array<number>(this.filled);
    for (let i = 0; i < this.filled; i += 1) times[i] = (this.times[this.slot(i)] ?? 0) / 1_000;
    const series = ids.map((id) => {
      const ring = this.rings.get(keyOf(kind, metric, id));
      const values: (number | null)[] = new Array<number | null>(this.filled);
      for (let i = 0; i < this.filled; i += 1) {
        const value = ring?.[this.slot(i)];
        values[i] = value === undefined || Number.isNaN(value) ? null : value;
      }
      return values;
    });
    return { times, series };
  }

  private slot(position: number): number {
    return (this.next - this.filled + position + this.capacity) % this.capacity;
  }

  /** Opens a row in which nothing is measured yet. */
  private row(timeMs: number): number {
    const slot = this.next;
    this.times[slot] = timeMs;
    for (const ring of this.rings.values()) ring[slot] = Number.NaN;
    this.next = (this.next + 1) % this.capacity;
    this.filled = Math.min(this.capacity, this.filled + 1);
    return slot;
  }

  private fill(kind: EntityKind, table: EntityTable, slot: number): void {
    for (const [metric, values] of table.columns) {
      const rings = this.columnRings(kind, metric, table.ids);
      rings.forEach((ring, i) => {
        ring[slot] = values[i] ?? Number.NaN;
      });
    }
  }

  /** The rings of a column, found by name only when the sample before had other entities. */
  private columnRings(kind: EntityKind, metric: string, ids: readonly string[]): readonly Float32Array[] {
    const column = `${kind}\n${metric}`;
    const known = this.columns.get(column);
    if (known && known.ids.length === ids.length && known.ids.every((id, i) => id === ids[i])) return known.rings;
    const rings = ids.map((id) => this.ring(keyOf(kind, metric, id)));
    this.columns.set(column, { ids, rings });
    return rings;
  }

  private ring(key: string): Float32Array {
    let ring = this.rings.get(key);
    if (!ring) {
      ring = new Float32Array(this.capacity).fill(Number.NaN);
      this.rings.set(key, ring);
    }
    return ring;
  }

  /** Forgets series of entities that have been gone for a whole window. */
  private sweep(): void {
    this.sinceSweep = 0;
    this.columns.clear();
    for (const [key, ring] of this.rings) if (ring.every(Number.isNaN)) this.rings.delete(key);
  }
}

function keyOf(kind: EntityKind, metric: string, id: string): string {
  return `${kind}\n${metric}\n${id}`;
}
