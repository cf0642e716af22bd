"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { formatCount, formatNumber, formatWholeDuration } from "@/format/format";
import { Definitions } from "@/features/reports/definitions";
import { useReport } from "@/features/reports/use-report";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { Tabs } from "@/ui/tabs";
import { ForecastTable } from "./forecast-table";
import { WORDS } from "./grade-words";
import { barWords, BY, falseWords, type GradeBar, type Grades, shareWords } from "./grades";
import { ScoreTable } from "./score-table";

const BY_WORDS = { rules: "By rule", detectors: "By detector", families: "By family", difficulties: "By difficulty" } as const;

const BAR_COLUMNS = [
  { key: "measure", label: "Measure" },
  { key: "value", label: "Measured", numeric: true },
  { key: "bar", label: "Bar", numeric: true },
  { key: "passed", label: "Held" },
] as const;

/** How good the detectors are, over every scenario, as `microcloud grade detectors` measured it last. */
export function GradesPage() {
  const { data, isPending, isError, error, refetch } = useReport<Grades>("grades");
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending}>
      <h1 className="sr-only">Grades</h1>
      {isPending && <SkeletonRows rows={10} label="Loading the grades" />}
      {isError && <ErrorState error={error} what="The grades could not be loaded." onRetry={() => void refetch()} />}
      {data && <Report grades={data} />}
    </div>
  );
}

function Report({ grades }: { grades: Grades }) {
  const [by, setBy] = useQueryState("by", parseAsStringLiteral(BY).withDefault("rules"));
  const { seeds, after_onset_s: after, benign_s: benign, model_version: model } = grades;
  return (
    <>
      <Headline grades={grades} />
      <Card flush title="Grades" hint="every scenario, nobody acting" actions={<Tabs label="Grades" options={BY} words={BY_WORDS} value={by} onChange={(next) => void setBy(next)} />}>
        <ScoreTable label={`Grades, ${BY_WORDS[by].toLowerCase()}`} scores={grades[by]} withCause={by === "families" || by === "difficulties"} />
      </Card>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Bars bars={grades.bars} />
        <ForecastTable forecasts={grades.forecasts} />
      </div>
      <Definitions id="words" title="What the words mean" words={WORDS} />
      <p className="text-xs text-ink-muted">
        Measured by microcloud grade detectors: {formatCount(seeds)} seeds a scenario, {formatWholeDuration(after)} after the onset, those in which nothing is wrong for {formatWholeDuration(benign)}; model version {model}. The report is that of this build.
      </p>
    </>
  );
}

function Headline({ grades: { overall } }: { grades: Grades }) {
  const facts: readonly (readonly [string, string, string])[] = [
    ["Recall", shareWords(overall.recall), `${formatCount(overall.found)} of ${formatCount(overall.faults)} faults found`],
    ["Precision", shareWords(overall.precision), "of incidents are true"],
    ["F1", overall.f1 === null ? "–" : formatNumber(overall.f1), "of 1"],
    ["Time to detect", `${formatNumber(overall.time_to_detect_median_s ?? undefined)} s`, `median; p95 ${formatNumber(overall.time_to_detect_p95_s ?? undefined)} s`],
    ["False alarms a day", formatNumber(overall.false_per_day ?? undefined), falseWords(overall)],
    ["Root cause first", shareWords(overall.cause_top1), `among three: ${shareWords(overall.cause_top3)}`],
  ];
  return (
    <dl aria-label="All rules together" className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      {facts.map(([label, value, note]) => (
        <div key={label} className="min-w-0 rounded-lg border border-line bg-surface p-3.5 shadow-card">
          <dt className="text-xs font-medium text-ink-muted">{label}</dt>
          <dd className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
          <dd className="text-xs text-ink-muted">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

function Bars({ bars }: { bars: readonly GradeBar[] }) {
  return (
    <Card flush title="Bars" hint="what was set out to be reached">
      <Table label="Bars and what was measured" columns={BAR_COLUMNS}>
        {bars.map((bar) => (
          <tr key={bar.measure}>
            <HeadCell className="min-w-48 py-1.5 !whitespace-normal">{bar.measure}</HeadCell>
            <Cell numeric>{formatNumber(bar.value ?? undefined)}</Cell>
            <Cell numeric>{barWords(bar)}</Cell>
            <Cell>
              <Badge tone={bar.passed ? "ok" : "high"}>{bar.passed ? "held" : "missed"}</Badge>
            </Cell>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
