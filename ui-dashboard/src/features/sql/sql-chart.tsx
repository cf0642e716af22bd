"use client";

import { useMemo, useState } from "react";
import { formatNumber, plural } from "@/format/format";
import { LineMark } from "@/features/charts/line-mark";
import { highest } from "@/features/explore/series";
import { RangeChart } from "@/features/range/range-chart";
import type { SqlServiceQueryResponse } from "@/gen/ops/v1/sql_service_pb";
import { Field, Select } from "@/ui/field";
import { barsOf, drawable, linesOf } from "./sql-values";

const HEIGHT = 360;
/** More lines than colours cannot be told apart. */
const LINES = 12;
const BARS = 30;
const NO_MARKS = {};

/** A column of numbers: over time where there is a time, else a bar a row. */
export function SqlChart({ result }: { result: SqlServiceQueryResponse }) {
  const { time, numbers } = useMemo(() => drawable(result.columns), [result]);
  const [chosen, setChosen] = useState<number>();
  const value = chosen ?? numbers.find((column) => column !== time) ?? 0;
  return (
    <div className="flex flex-col gap-3 p-4">
      {numbers.length > 1 && (
        <Field label="Column">
          <Select className="w-60" value={value} onChange={(event) => setChosen(Number(event.target.value))}>
            {numbers.map((column) => (
              <option key={column} value={column}>
                {result.columns[column]?.name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {time === undefined ? <Bars result={result} value={value} /> : <Lines result={result} value={value} />}
    </div>
  );
}

function Lines({ result, value }: { result: SqlServiceQueryResponse; value: number }) {
  const all = useMemo(() => linesOf(result, value), [result, value]);
  const shown = useMemo(() => highest(all, LINES).map((line, color) => ({ ...line, color })), [all]);
  return (
    <>
      <ul aria-label="Lines" className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {shown.map(({ id, color }) => (
          <li key={id} className="flex items-center gap-1.5">
            <LineMark color={color} />
            {id}
          </li>
        ))}
      </ul>
      <RangeChart metric={result.columns[value]?.name ?? "value"} series={shown} marks={NO_MARKS} height={HEIGHT} />
      {all.length > shown.length && <p className="text-xs text-ink-muted">The {shown.length} highest of {plural(all.length, "line")}.</p>}
    </>
  );
}

function Bars({ result, value }: { result: SqlServiceQueryResponse; value: number }) {
  const bars = barsOf(result, value);
  const shown = bars.slice(0, BARS);
  const top = Math.max(...shown.map((bar) => Math.abs(bar.value)), Number.MIN_VALUE);
  return (
    <>
      <dl aria-label={result.columns[value]?.name} className="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1.5 text-[13px]">
        {shown.map(({ label, value: length }, i) => (
          <div key={i} className="contents">
            <dt className="max-w-32 truncate sm:max-w-72" title={label}>
              {label}
            </dt>
            <dd aria-hidden className="h-3 overflow-hidden rounded-sm bg-raised">
              <span className={length < 0 ? "block h-full bg-warning" : "block h-full bg-accent"} style={{ width: `${(Math.abs(length) / top) * 100}%` }} />
            </dd>
            <dd className="text-right tabular-nums">{formatNumber(length)}</dd>
          </div>
        ))}
      </dl>
      {bars.length > shown.length && <p className="text-xs text-ink-muted">The first {shown.length} of {plural(bars.length, "row")}.</p>}
    </>
  );
}
