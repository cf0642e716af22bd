"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { formatNumber, formatPercent, formatWholeDuration, quantity } from "@/format/format";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { type Benchmark, extraWords, type GroupScore, intervalWords, pointsWords } from "./benchmark";
import { ScoreCell } from "./score-cell";

const BY = ["families", "scenarios"] as const;
const BY_WORDS = { families: "By family", scenarios: "By scenario" } as const;

const COLUMNS = [
  { key: "name", label: "Name" },
  { key: "score", label: "Score of 100", numeric: true },
  { key: "interval", label: "95 % interval", numeric: true },
  { key: "restraint", label: "Restraint", numeric: true },
  { key: "mitigated", label: "Mitigated", numeric: true },
  { key: "after", label: "After, median", numeric: true },
  { key: "slo", label: "SLO minutes", numeric: true },
  { key: "nobody", label: "If nobody acts", numeric: true },
  { key: "best", label: "At best", numeric: true },
  { key: "regret", label: "Regret", numeric: true },
  { key: "harm", label: "Harm", numeric: true },
  { key: "cost", label: "Cost", numeric: true },
  { key: "actions", label: "Actions", numeric: true },
  { key: "cause", label: "Root cause first", numeric: true },
] as const;

/** What the agent that ships made of every scenario. */
export function ShippedReport({ report }: { report: Benchmark }) {
  const [by, setBy] = useQueryState("by", parseAsStringLiteral(BY).withDefault("families"));
  return (
    <Card flush title={`The agent that ships: ${pointsWords(report.score)} of 100`} actions={<Tabs label="Rows" options={BY} words={BY_WORDS} value={by} onChange={(next) => void setBy(next)} />}>
      <Table label={`The agent that ships, ${BY_WORDS[by].toLowerCase()}`} columns={COLUMNS}>
        {report[by].map((row) => (
          <Line key={row.name} row={row} />
        ))}
      </Table>
    </Card>
  );
}

function Line({ row }: { row: GroupScore }) {
  const minutes = (value: number) => <Quantity of={quantity(value, "min")} />;
  const percent = (value: number | null) => (value === null ? "–" : formatPercent(value));
  const earned = row.score !== null;
  return (
    <tr>
      <HeadCell>{row.name.replaceAll("_", " ")}</HeadCell>
      <ScoreCell score={row.score} words={pointsWords(row.score)} />
      <Cell numeric className="text-xs text-ink-muted">
        {earned ? intervalWords(row.interval?.low, row.interval?.high) : "–"}
      </Cell>
      <Cell numeric>{row.restraint === null ? "–" : formatPercent(row.restraint * 100)}</Cell>
      <Cell numeric>{percent(row.mitigated_pct)}</Cell>
      <Cell numeric>{row.mitigate_s === null ? "–" : formatWholeDuration(row.mitigate_s)}</Cell>
      <Cell numeric>{minutes(row.slo_minutes)}</Cell>
      <Cell numeric>{minutes(row.slo_minutes_nothing)}</Cell>
      <Cell numeric>{minutes(row.slo_minutes_oracle)}</Cell>
      <Cell numeric>{minutes(row.regret_minutes)}</Cell>
      <Cell numeric>{formatPercent(row.harm_pct)}</Cell>
      <Cell numeric>{extraWords(row.extra_cost_pct)}</Cell>
      <Cell numeric>{formatNumber(row.actions)}</Cell>
      <Cell numeric>{percent(row.cause_top1_pct)}</Cell>
    </tr>
  );
}
