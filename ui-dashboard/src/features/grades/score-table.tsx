import { formatCount, formatNumber, quantity } from "@/format/format";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { falseWords, type Score, shareWords } from "./grades";

const COLUMNS = [
  { key: "name", label: "Name" },
  { key: "found", label: "Found", numeric: true },
  { key: "recall", label: "Recall", numeric: true },
  { key: "precision", label: "Precision", numeric: true },
  { key: "f1", label: "F1", numeric: true },
  { key: "median", label: "Detected after, median", numeric: true },
  { key: "p95", label: "p95", numeric: true },
  { key: "false", label: "False alarms a day", numeric: true },
  { key: "incidents", label: "Incidents a fault", numeric: true },
] as const;

const CAUSE = [
  { key: "top1", label: "Root cause first", numeric: true },
  { key: "top3", label: "Among three", numeric: true },
] as const;

/** One grade a line. Only groups have a root cause to name. */
export function ScoreTable({ label, scores, withCause }: { label: string; scores: readonly Score[]; withCause: boolean }) {
  return (
    <Table label={label} columns={withCause ? [...COLUMNS, ...CAUSE] : COLUMNS}>
      {scores.map((score) => (
        <tr key={score.name}>
          <HeadCell>{score.name}</HeadCell>
          <Cell numeric>{score.faults === 0 ? "nothing to find" : `${formatCount(score.found)} of ${formatCount(score.faults)}`}</Cell>
          <Cell numeric>{shareWords(score.recall)}</Cell>
          <Cell numeric>{shareWords(score.precision)}</Cell>
          <Cell numeric>{formatNumber(score.f1 ?? undefined)}</Cell>
          <Cell numeric>
            <Quantity of={quantity(score.time_to_detect_median_s ?? undefined, "s")} />
          </Cell>
          <Cell numeric>
            <Quantity of={quantity(score.time_to_detect_p95_s ?? undefined, "s")} />
          </Cell>
          <Cell numeric>{falseWords(score)}</Cell>
          <Cell numeric>{formatNumber(score.incidents_per_fault ?? undefined)}</Cell>
          {withCause && <Cell numeric>{shareWords(score.cause_top1)}</Cell>}
          {withCause && <Cell numeric>{shareWords(score.cause_top3)}</Cell>}
        </tr>
      ))}
    </Table>
  );
}
