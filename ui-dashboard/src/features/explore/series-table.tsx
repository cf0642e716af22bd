import { formatCount, formatNumber, type MetricName, metricQuantity, NO_DATA } from "@/format/format";
import { LineMark } from "@/features/charts/line-mark";
import type { RangeSeries } from "@/features/range/range-options";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { figuresOf, trendText } from "./series";
import type { Descriptions } from "./use-series";

const COLUMNS = [
  { key: "series", label: "Series" },
  { key: "last", label: "Latest", numeric: true },
  { key: "min", label: "Smallest", numeric: true },
  { key: "mean", label: "Mean", numeric: true },
  { key: "max", label: "Largest", numeric: true },
  { key: "deviation", label: "Deviation", numeric: true },
  { key: "outliers", label: "Outliers", numeric: true },
  { key: "z", label: "Latest, σ off", numeric: true },
  { key: "trend", label: "Trend", numeric: true },
] as const;

interface SeriesTableProps {
  readonly metric: MetricName;
  readonly series: readonly RangeSeries[];
  readonly descriptions: Descriptions;
  readonly chosen: readonly string[];
  readonly onChoose: (ids: string[]) => void;
}

/** The figures of what is drawn; a click shows one alone, or takes it out of several. */
export function SeriesTable({ metric, series, descriptions, chosen, onChoose }: SeriesTableProps) {
  return (
    <Card flush title="Series">
      <Table label="Series" columns={COLUMNS}>
        {series.map(({ id, color, values }) => {
          const { last, min, mean, max } = figuresOf(values);
          const told = descriptions.get(id);
          const pressed = chosen.includes(id);
          return (
            <tr key={id}>
              <HeadCell>
                <button type="button" aria-pressed={pressed} className="flex min-h-7 items-center gap-2 rounded hover:underline" onClick={() => onChoose(pressed ? chosen.filter((one) => one !== id) : [...chosen, id])}>
                  <LineMark color={color} />
                  {id}
                </button>
              </HeadCell>
              {[last, min, mean, max, told?.standardDeviation].map((value, i) => (
                <Cell key={i} numeric>
                  <Quantity of={metricQuantity(metric, value)} />
                </Cell>
              ))}
              <Cell numeric>{told ? formatCount(told.outliers) : NO_DATA}</Cell>
              <Cell numeric>{formatNumber(told?.robustZScore)}</Cell>
              <Cell numeric>{told ? trendText(metric, told) : NO_DATA}</Cell>
            </tr>
          );
        })}
      </Table>
    </Card>
  );
}
