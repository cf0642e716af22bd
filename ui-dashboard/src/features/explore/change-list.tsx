import { StepForward } from "lucide-react";
import { formatChange, formatMetric, formatSimulatedDateTime, METRICS, type MetricName, plural } from "@/format/format";
import { LineMark } from "@/features/charts/line-mark";
import type { RangeSeries } from "@/features/range/range-options";
import { Card } from "@/ui/card";
import { EmptyState } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import type { Descriptions } from "./use-series";

const COLUMNS = [
  { key: "time", label: "When" },
  { key: "series", label: "Series" },
  { key: "before", label: "Was", numeric: true },
  { key: "after", label: "Became", numeric: true },
  { key: "change", label: "Change", numeric: true },
] as const;

interface ChangeListProps {
  readonly metric: MetricName;
  readonly series: readonly RangeSeries[];
  readonly descriptions: Descriptions;
}

/** When levels changed for good, newest first. */
export function ChangeList({ metric, series, descriptions }: ChangeListProps) {
  const changes = series
    .flatMap(({ id, color }) => (descriptions.get(id)?.changes ?? []).map((change) => ({ ...change, id, color, atMs: Number(change.timeMs) })))
    .sort((a, b) => b.atMs - a.atMs);
  return (
    <Card flush title="Changes of level" hint={plural(changes.length, "change")}>
      {changes.length === 0 ? (
        <EmptyState icon={StepForward} title="No level changed" compact />
      ) : (
        <Table label="Changes" columns={COLUMNS}>
          {changes.map(({ id, color, atMs, before, after }) => (
            <tr key={`${id} ${atMs}`}>
              <HeadCell>{formatSimulatedDateTime(atMs)}</HeadCell>
              <Cell>
                <span className="flex items-center gap-2">
                  <LineMark color={color} />
                  {id}
                </span>
              </Cell>
              <Cell numeric>{formatMetric(metric, before)}</Cell>
              <Cell numeric>{formatMetric(metric, after)}</Cell>
              <Cell numeric>{formatChange(after - before, METRICS[metric].unit)}</Cell>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
