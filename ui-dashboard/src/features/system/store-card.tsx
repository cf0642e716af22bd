"use client";

import { Code, ConnectError } from "@connectrpc/connect";
import { Database } from "lucide-react";
import { formatCount, formatDuration, formatSimulatedDateTime } from "@/format/format";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { FactList } from "./fact-list";
import { useCoverage } from "./use-system";

/** How far the stored telemetry reaches, and how far behind its roll-ups are. */
export function StoreCard() {
  const { data, isPending, isError, error, refetch } = useCoverage();
  const empty = isError && ConnectError.from(error).code === Code.NotFound;
  return (
    <Card title="Telemetry store" hint={data?.database} aria-busy={isPending}>
      {isPending && <SkeletonRows rows={3} label="Asking what is stored" />}
      {empty && <EmptyState icon={Database} title="Nothing is stored of this simulation yet" />}
      {isError && !empty && !data && <ErrorState error={error} what="It is not known what is stored." onRetry={() => void refetch()} />}
      {data && !empty && (
        <FactList
          facts={[
            ["Newest sample", formatSimulatedDateTime(data.latestTime)],
            ["Samples since", data.rowsFrom ? formatSimulatedDateTime(data.rowsFrom) : "the beginning"],
            ["Roll-ups by minute since", formatSimulatedDateTime(data.minutesFrom)],
            ["Roll-ups by hour since", formatSimulatedDateTime(data.hoursFrom)],
            ["Minutes behind", `${formatDuration(data.rollupLagS * 1_000)}, ${formatCount(data.minutesDue)} due`],
            ["Hours behind", `${formatDuration(data.rollupHoursLagS * 1_000)}, ${formatCount(data.hoursDue)} due`],
          ]}
        />
      )}
    </Card>
  );
}
