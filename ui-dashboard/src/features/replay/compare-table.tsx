import { Scale } from "lucide-react";
import { memo } from "react";
import { formatChange, formatClock, formatMetric, formatNumber, formatPercent, METRICS, NO_DATA, quantity, quantityText } from "@/format/format";
import { Card } from "@/ui/card";
import { EmptyState } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { comparable, partingOf, type Totals, totalsOf } from "./compare";
import { MOST_FAILED_PCT, SLOWEST_MS } from "./lines";
import { type Past, secondsOf } from "./past";

interface Row {
  readonly label: string;
  readonly key: keyof Totals;
  readonly unit: string;
  readonly words: (value: number | undefined) => string;
}

const MS = METRICS.latency_p99.unit;
const ROWS: readonly Row[] = [
  { label: "Requests of users", key: "requests", unit: "", words: (value) => (value === undefined ? NO_DATA : formatNumber(Math.round(value))) },
  { label: "Of those unanswered or failed", key: "failedPct", unit: "%", words: formatPercent },
  { label: "Mean p99 at the worst door", key: "meanP99Ms", unit: MS, words: (value) => formatMetric("latency_p99", value) },
  { label: "Worst p99", key: "worstP99Ms", unit: MS, words: (value) => formatMetric("latency_p99", value) },
  { label: "An objective was broken for", key: "brokenMin", unit: "min", words: (value) => quantityText(quantity(value, "min")) },
];

/** What each run lost from where they part, and the difference. The same whatever moment is looked at. */
export const CompareTable = memo(function CompareTable({ one, other }: { one: Past; other: Past }) {
  const stretch = comparable(one, other);
  const parting = partingOf(one.simulation, other.simulation);
  const [from, to] = [stretch.from, stretch.to].map((tick) => formatClock(secondsOf(one, tick)));
  const columns = [
    { key: "what", label: "What users got" },
    { key: "one", label: one.simulation.displayName, numeric: true },
    { key: "other", label: other.simulation.displayName, numeric: true },
    { key: "difference", label: "Difference", numeric: true },
  ];
  const [own, theirs] = [totalsOf(one, stretch), totalsOf(other, stretch)];
  const seldom = sampleEveryS(one);
  return (
    <Card flush title="Side by side" hint={stretch.to > stretch.from ? `from ${from ?? ""} to ${to ?? ""}${parting === undefined ? "" : ", since the runs part"}` : undefined} data-testid="comparison">
      {stretch.to <= stretch.from ? (
        <EmptyState icon={Scale} title="There is nothing to compare yet">
          The runs have no time in common after they part. Let the shorter one run on, then load it anew.
        </EmptyState>
      ) : (
        <>
          <Table label="Comparison of the runs" columns={columns}>
            {ROWS.map(({ label, key, unit, words }) => (
              <tr key={key}>
                <HeadCell>{label}</HeadCell>
                <Cell numeric>{words(own[key])}</Cell>
                <Cell numeric>{words(theirs[key])}</Cell>
                <Cell numeric className="font-medium">
                  {formatChange(difference(own[key], theirs[key]), unit)}
                </Cell>
              </tr>
            ))}
          </Table>
          <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">
            Difference: {one.simulation.displayName} less {other.simulation.displayName}. An objective is broken while more than {formatPercent(MOST_FAILED_PCT)} of users&apos; requests fail or the p99 at some door is above {formatMetric("latency_p99", SLOWEST_MS)}.
            {seldom > 1 && ` From one sample in ${formatNumber(seldom)} s; look closer at a part for more.`}
          </p>
        </>
      )}
    </Card>
  );
});

function difference(own: number | undefined, theirs: number | undefined): number | undefined {
  return own === undefined || theirs === undefined ? undefined : own - theirs;
}

function sampleEveryS({ frames, tickMs }: Past): number {
  const [first, last] = [frames[0], frames.at(-1)];
  return first && last && frames.length > 1 ? ((last.tick - first.tick) * tickMs) / 1_000 / (frames.length - 1) : 0;
}
