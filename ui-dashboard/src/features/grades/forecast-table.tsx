import { formatNumber, formatWholeDuration, metricLabel } from "@/format/format";
import { Card } from "@/ui/card";
import { Cell, HeadCell, Table } from "@/ui/table";
import { type ForecastGrade, shareWords } from "./grades";

const COLUMNS = [
  { key: "metric", label: "Metric" },
  { key: "stretch", label: "While" },
  { key: "horizon", label: "Ahead", numeric: true },
  { key: "coverage", label: "In the 80 % band", numeric: true },
  { key: "error", label: "Error", numeric: true },
  { key: "naive", label: "Of the last value", numeric: true },
] as const;

const STRETCHES: Readonly<Record<string, string>> = { benign: "nothing is wrong", fault: "something is wrong" };

/** Did forecasts come true? Of all metrics together, and of each on demand. */
export function ForecastTable({ forecasts }: { forecasts: readonly ForecastGrade[] }) {
  return (
    <Card flush title="Forecasts" hint="error in mean steps of the series">
      <Rows label="Forecasts that came due" forecasts={forecasts.filter(({ metric }) => metric === "all")} />
      <details className="border-t border-line">
        <summary className="cursor-pointer px-4 py-2 text-[13px] font-semibold hover:underline">By metric</summary>
        <Rows label="Forecasts that came due, by metric" forecasts={forecasts.filter(({ metric }) => metric !== "all")} />
      </details>
    </Card>
  );
}

function Rows({ label, forecasts }: { label: string; forecasts: readonly ForecastGrade[] }) {
  return (
    <Table label={label} columns={COLUMNS}>
      {forecasts.map((one) => (
        <tr key={`${one.stretch} ${one.metric} ${one.horizon_s}`}>
          <HeadCell>{one.metric === "all" ? "All" : metricLabel(one.metric)}</HeadCell>
          <Cell>{STRETCHES[one.stretch] ?? one.stretch}</Cell>
          <Cell numeric>{formatWholeDuration(one.horizon_s)}</Cell>
          <Cell numeric>{shareWords(one.coverage)}</Cell>
          <Cell numeric>{formatNumber(one.error ?? undefined)}</Cell>
          <Cell numeric>{formatNumber(one.naive_error ?? undefined)}</Cell>
        </tr>
      ))}
    </Table>
  );
}
