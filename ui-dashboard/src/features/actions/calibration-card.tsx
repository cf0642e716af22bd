"use client";

import { useQuery } from "@connectrpc/connect-query";
import { Target } from "lucide-react";
import { formatCount, formatPercent, NO_DATA } from "@/format/format";
import { type Calibration, ActionService } from "@/gen/ops/v1/action_service_pb";
import { TYPES } from "@/features/policies/policy-words";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { bandSentence, heldWords } from "./calibration-words";

const REFRESH_MS = 30_000;

const COLUMNS = [
  { key: "type", label: "Type" },
  { key: "made", label: "Made", numeric: true },
  { key: "compared", label: "Compared", numeric: true },
  { key: "p99", label: "p99 in the band", numeric: true },
  { key: "error", label: "Errors in the band", numeric: true },
  { key: "off", label: "p99 off by, median", numeric: true },
] as const;

/** How far the look ahead can be believed: what it said against what came. */
export function CalibrationCard() {
  const { data, isPending, isError, error, refetch } = useQuery(ActionService.method.getCalibration, {}, { refetchInterval: REFRESH_MS });
  const all = data?.all;
  return (
    <Card title="Were the predictions right?" hint="of this simulation" data-testid="calibration">
      {isPending && <SkeletonRows rows={2} label="Loading the calibration" />}
      {isError && !data && <ErrorState error={error} what="How good predictions were could not be loaded." onRetry={() => void refetch()} />}
      {data && (!all || all.compared === 0) && (
        <EmptyState icon={Target} title="Nothing can be compared yet" compact>
          A prediction counts once its five minutes are over, and either the action was done at once or nothing was. {all ? formatCount(all.made) : "0"} made so far.
        </EmptyState>
      )}
      {data && all && all.compared > 0 && <Told all={all} byType={data.byType} />}
    </Card>
  );
}

function Told({ all, byType }: { all: Calibration; byType: readonly Calibration[] }) {
  return (
    <>
      <p className="text-[15px] font-medium">{bandSentence(all)}</p>
      <p className="mt-1 text-xs text-ink-muted">
        Of p99 of latency; of the error rate {heldWords(all.errorInBand, all.compared)}. Half of the predictions of p99 were off by less than {formatPercent(all.p99ErrorPct)}. A band that is right holds eight in ten.
      </p>
      <details className="mt-3">
        <summary className="cursor-pointer rounded text-[13px] font-semibold hover:underline">By type of action</summary>
        <div className="mt-2 rounded-md border border-line">
          <Table label="Calibration by type of action" columns={COLUMNS}>
            {byType.map((row) => (
              <tr key={row.type}>
                <HeadCell>{TYPES[row.type] ?? "unknown"}</HeadCell>
                <Cell numeric>{formatCount(row.made)}</Cell>
                <Cell numeric>{formatCount(row.compared)}</Cell>
                <Cell numeric>{heldWords(row.p99InBand, row.compared)}</Cell>
                <Cell numeric>{heldWords(row.errorInBand, row.compared)}</Cell>
                <Cell numeric>{row.compared === 0 ? NO_DATA : formatPercent(row.p99ErrorPct)}</Cell>
              </tr>
            ))}
          </Table>
        </div>
      </details>
    </>
  );
}
