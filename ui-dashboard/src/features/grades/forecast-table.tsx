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

/** Did forecasts come true? */
export function ForecastTable({ forecasts }: { forecasts: readonly ForecastGrade[] }) {
  const sorted = forecasts.toSorted((a, b) => Number(b.metric === "all") - Number(a.metric === "all"));
  return (
    <Card flush title="Forecasts" hint="error in mean steps of the series">
      <Table label="Forecasts that came due" columns={COLUMNS}>
        {sorted.map((one) => (
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
    </Card>
  );
}
