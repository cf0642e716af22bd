"use client";

import { formatDuration, NO_DATA, quantity, type Quantity as Value } from "@/format/format";
import { serviceRows } from "@/features/cloud/rows";
import { goldenSignals, trafficStatistics } from "@/features/cloud/traffic";
import { useCalmCloud, useCloudStore } from "@/features/cloud/use-cloud";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";

/** Traffic in and out, in figures, where requests enter the cloud. */
export function TrafficCard() {
  const { history } = useCloudStore();
  const { figures, windowMs, entries } = useCalmCloud(({ topology, sample }) => {
    const rows = serviceRows(topology, sample);
    const entryIds = rows.filter(({ entry }) => entry).map(({ id }) => id);
    const statistics = trafficStatistics(history, entryIds);
    const { trafficRps, errorRatePercent } = goldenSignals(topology, sample);
    const failing = trafficRps === undefined || errorRatePercent === undefined ? undefined : (trafficRps * errorRatePercent) / 100;
    const queued = rows.map(({ metric }) => metric("queue_depth")).filter((value) => value !== undefined);
    const connections = rows.map(({ metric }) => metric("active_connections")).filter((value) => value !== undefined);
    const total = (values: number[]) => (values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0));
    const success = statistics.requests ? (1 - (statistics.failed ?? 0) / statistics.requests) * 100 : undefined;
    const list: readonly (readonly [string, Value])[] = [
      ["In now", quantity(trafficRps, "req/s")],
      ["Mean", quantity(statistics.meanRps, "req/s")],
      ["Peak", quantity(statistics.peakRps, "req/s")],
      ["Failing now", quantity(failing, "req/s")],
      ["Requests", quantity(statistics.requests, "req")],
      ["Failed", quantity(statistics.failed, "req")],
      ["Answered well", quantity(success, "%")],
      ["Waiting in queues", quantity(total(queued), "req")],
      ["Connections", quantity(total(connections), "open")],
    ];
    return { figures: list, windowMs: statistics.windowMs, entries: entryIds };
  });
  return (
    <Card title="Traffic" hint={windowMs === 0 ? "no history yet" : `last ${formatDuration(windowMs)} simulated`}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3 xl:grid-cols-2 2xl:grid-cols-3">
        {figures.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-xs text-ink-muted">{label}</dt>
            <dd className="mt-0.5 truncate text-[15px] font-medium">
              <Quantity of={value} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-3 truncate text-xs text-ink-muted">Entry: {entries.length === 0 ? NO_DATA : entries.join(", ")}</p>
    </Card>
  );
}
