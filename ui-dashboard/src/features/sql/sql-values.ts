/** Results of statements as tables, files and charts. Pure. */
import { csvText } from "@/format/csv";
import type { RangeSeries } from "@/features/range/range-options";
import type { SqlColumn, SqlRow, SqlServiceQueryResponse } from "@/gen/ops/v1/sql_service_pb";

export type ColumnKind = "time" | "number" | "label";

const TIMES = new Set(["timestamptz", "timestamp", "date"]);
const NUMBERS = new Set(["int2", "int4", "int8", "float4", "float8", "numeric"]);

export function kindOf({ type }: Pick<SqlColumn, "type">): ColumnKind {
  const name = type.toLowerCase();
  return TIMES.has(name) ? "time" : NUMBERS.has(name) ? "number" : "label";
}

export function textOf(row: SqlRow, column: number): string | undefined {
  return row.values[column]?.text;
}

export function numberOf(row: SqlRow, column: number): number {
  const text = textOf(row, column);
  return text === undefined ? Number.NaN : Number(text);
}

/** `2026-11-21 14:00:05.5+00` as ms since the epoch; without a zone UTC is meant. */
export function timeOf(text: string | undefined): number {
  const found = /^(\d{4,}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text ?? "");
  if (!found) return Number.NaN;
  const [, day, time = "00:00:00", zone = "Z"] = found;
  const offset = zone === "Z" ? zone : zone.length === 3 ? `${zone}:00` : zone;
  return Date.parse(`${day}T${time}${offset}`);
}

/** Which columns a chart can draw. */
export interface Drawable {
  readonly time: number | undefined;
  readonly numbers: readonly number[];
  readonly labels: readonly number[];
}

export function drawable(columns: readonly SqlColumn[]): Drawable {
  const of = (kind: ColumnKind) => columns.flatMap((column, i) => (kindOf(column) === kind ? [i] : []));
  return { time: of("time")[0], numbers: of("number"), labels: of("label") };
}

/** What a row is about: its words, one after the other. */
export function labelOf(row: SqlRow, labels: readonly number[]): string {
  return labels.map((column) => textOf(row, column) ?? "null").join(" · ");
}

/** A line for everything that the rows tell of, in order of time. */
export function linesOf({ columns, rows }: Pick<SqlServiceQueryResponse, "columns" | "rows">, value: number): RangeSeries[] {
  const { time, labels } = drawable(columns);
  if (time === undefined) return [];
  const lines = new Map<string, { atMs: number; value: number }[]>();
  for (const row of rows) {
    const atMs = timeOf(textOf(row, time));
    if (Number.isNaN(atMs)) continue;
    const id = labels.length === 0 ? (columns[value]?.name ?? "value") : labelOf(row, labels);
    const line = lines.get(id) ?? [];
    line.push({ atMs, value: numberOf(row, value) });
    lines.set(id, line);
  }
  return [...lines].map(([id, points], color) => {
    const sorted = points.toSorted((a, b) => a.atMs - b.atMs);
    return { id, color, timesMs: sorted.map(({ atMs }) => atMs), values: sorted.map((point) => point.value) };
  });
}

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** A bar a row, as far as rows have a number. */
export function barsOf({ columns, rows }: Pick<SqlServiceQueryResponse, "columns" | "rows">, value: number): Bar[] {
  const { labels } = drawable(columns);
  return rows.map((row, i) => ({ label: labels.length === 0 ? `row ${i + 1}` : labelOf(row, labels), value: numberOf(row, value) })).filter((bar) => !Number.isNaN(bar.value));
}

/** NULL stays empty. */
export function resultCsv({ columns, rows }: Pick<SqlServiceQueryResponse, "columns" | "rows">): string {
  return csvText([columns.map(({ name }) => name), ...rows.map((row) => columns.map((_, i) => textOf(row, i) ?? ""))]);
}
