import { Sparkles } from "lucide-react";
import { formatNamedMetric, formatNumber, formatSimulatedDateTime, metricLabel, plural } from "@/format/format";
import type { TelemetryAnomaly } from "@/gen/ops/v1/telemetry_service_pb";
import { Card } from "@/ui/card";
import { EmptyState } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";

const COLUMNS = [
  { key: "time", label: "When" },
  { key: "series", label: "Series" },
  { key: "value", label: "Was", numeric: true },
  { key: "expected", label: "Usual", numeric: true },
  { key: "aspect", label: "Unusual in its" },
  { key: "evidence", label: "Decades of rarity", numeric: true },
] as const;

/** When series became unusual, judged by their own past. */
export function AnomalyList({ anomalies }: { anomalies: readonly TelemetryAnomaly[] }) {
  return (
    <Card flush title="Anomalies" hint={plural(anomalies.length, "anomaly", "anomalies")}>
      {anomalies.length === 0 ? (
        <EmptyState icon={Sparkles} title="Nothing was unusual" compact />
      ) : (
        <Table label="Anomalies" columns={COLUMNS}>
          {anomalies.map(({ time, target, metric, value, expected, aspect, evidence }, i) => (
            <tr key={i}>
              <HeadCell>{formatSimulatedDateTime(time)}</HeadCell>
              <Cell>
                {metricLabel(metric)} of {target?.id}
              </Cell>
              <Cell numeric>{formatNamedMetric(metric, value)}</Cell>
              <Cell numeric>{formatNamedMetric(metric, expected)}</Cell>
              <Cell>{aspect.replaceAll("_", " ")}</Cell>
              <Cell numeric>{formatNumber(evidence)}</Cell>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
