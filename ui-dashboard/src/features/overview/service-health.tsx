"use client";

import { Server } from "lucide-react";
import { memo, useRef } from "react";
import { formatCount, NO_DATA, plural } from "@/format/format";
import { servicesById, type ServiceRow } from "@/features/cloud/rows";
import { useCalmCloud, useCalmCloudInSight } from "@/features/cloud/use-cloud";
import { Badge, type BadgeTone, Dot } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Measured, Meter } from "@/ui/meter";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import type { ChosenServices } from "./use-chosen-services";

const TONES: Readonly<Record<ServiceRow["health"], BadgeTone>> = { healthy: "ok", degraded: "warning", down: "critical", unknown: "neutral" };

const COLUMNS = [
  { key: "service", label: "Service" },
  { key: "health", label: "Health" },
  { key: "replicas", label: "Replicas", numeric: true },
  { key: "requests", label: "Requests", numeric: true },
  { key: "errors", label: "Errors", numeric: true },
  { key: "p99", label: "p99", numeric: true },
  { key: "queue", label: "Queue", numeric: true },
  { key: "cpu", label: "CPU", numeric: true },
  { key: "memory", label: "Memory", numeric: true },
] as const;

export function ServiceHealth({ services }: { services: ChosenServices }) {
  const { loading, ids } = useCalmCloud((state) => ({ loading: state.snapshots === 0, ids: [...servicesById(state).keys()] }));
  return (
    <Card flush title="Services" hint={loading ? undefined : plural(ids.length, "service")}>
      {loading && <SkeletonRows rows={8} label="Loading services" />}
      {!loading && ids.length === 0 && (
        <EmptyState icon={Server} title="No services are known">
          The simulation engine has not told its topology yet.
        </EmptyState>
      )}
      {ids.length > 0 && (
        <Table label="Services" columns={COLUMNS} steady>
          {ids.map((id) => (
            <ServiceLine key={id} id={id} chosen={services.chosen.includes(id)} onToggle={services.toggle} />
          ))}
        </Table>
      )}
    </Card>
  );
}

const ServiceLine = memo(function ServiceLine({ id, chosen, onToggle }: { id: string; chosen: boolean; onToggle: (id: string) => void }) {
  const line = useRef<HTMLTableRowElement>(null);
  const row = useCalmCloudInSight(line, (state) => servicesById(state).get(id));
  if (!row) return <tr ref={line} />;
  const { profile, health, entry, running, desired, metric } = row;
  const short = running !== undefined && desired !== undefined && running < desired;
  return (
    <tr ref={line} data-testid={`service-${id}`}>
      <HeadCell>
        <button type="button" aria-pressed={chosen} onClick={() => onToggle(id)} title={chosen ? "Take out of the charts" : "Show alone in the charts"} className="hover:underline">
          {id}
        </button>
        <span className="ml-2 text-xs font-normal text-ink-muted">{profile}</span>
        {entry && <span className="ml-2 text-xs font-normal text-ink-muted">entry</span>}
      </HeadCell>
      <Cell>
        <Badge tone={TONES[health]} icon={<Dot tone={TONES[health]} />}>
          {health}
        </Badge>
      </Cell>
      <Cell numeric className={short ? "font-medium text-warning" : undefined}>
        {running === undefined ? NO_DATA : desired === undefined ? formatCount(running) : `${formatCount(running)} of ${formatCount(desired)}`}
      </Cell>
      <Cell numeric>
        <Measured metric="request_rate" value={metric("request_rate")} />
      </Cell>
      <Cell numeric>
        <Measured metric="error_rate" value={metric("error_rate")} />
      </Cell>
      <Cell numeric>
        <Measured metric="latency_p99" value={metric("latency_p99")} />
      </Cell>
      <Cell numeric>
        <Measured metric="queue_depth" value={metric("queue_depth")} />
      </Cell>
      <Cell numeric>
        <Meter metric="cpu_usage" value={metric("cpu_usage")} />
      </Cell>
      <Cell numeric>
        <Meter metric="memory_usage" value={metric("memory_usage")} />
      </Cell>
    </tr>
  );
});
