import { type MetricName, metricQuantity } from "@/format/format";
import { seriesVariable } from "@/features/charts/palette";
import type { RangeSeries } from "@/features/range/range-options";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { figuresOf } from "./series";

const COLUMNS = [
  { key: "series", label: "Series" },
  { key: "last", label: "Latest", numeric: true },
  { key: "min", label: "Smallest", numeric: true },
  { key: "mean", label: "Mean", numeric: true },
  { key: "max", label: "Largest", numeric: true },
] as const;

interface SeriesTableProps {
  readonly metric: MetricName;
  readonly series: readonly RangeSeries[];
  readonly chosen: readonly string[];
  readonly onChoose: (ids: string[]) => void;
}

/** The figures of what is drawn; a click shows one alone, or takes it out of several. */
export function SeriesTable({ metric, series, chosen, onChoose }: SeriesTableProps) {
  return (
    <Card flush title="Series">
      <Table label="Series" columns={COLUMNS}>
        {series.map(({ id, color, values }) => {
          const { last, min, mean, max } = figuresOf(values);
          const pressed = chosen.includes(id);
          return (
            <tr key={id}>
              <HeadCell>
                <button type="button" aria-pressed={pressed} className="flex min-h-7 items-center gap-2 rounded hover:underline" onClick={() => onChoose(pressed ? chosen.filter((one) => one !== id) : [...chosen, id])}>
                  <span aria-hidden className="h-0.5 w-3 rounded" style={{ background: seriesVariable(color) }} />
                  {id}
                </button>
              </HeadCell>
              {[last, min, mean, max].map((value, i) => (
                <Cell key={i} numeric>
                  <Quantity of={metricQuantity(metric, value)} />
                </Cell>
              ))}
            </tr>
          );
        })}
      </Table>
    </Card>
  );
}
