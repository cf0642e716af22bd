"use client";

import { HardDrive } from "lucide-react";
import { memo, useRef } from "react";
import { formatCount, plural, quantity } from "@/format/format";
import { nodesById, type NodeRow } from "@/features/cloud/rows";
import { useCalmCloud, useCalmCloudInSight } from "@/features/cloud/use-cloud";
import { Badge, type BadgeTone, Dot } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Measured, Meter } from "@/ui/meter";
import { Quantity } from "@/ui/quantity";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";

const TONES: Readonly<Record<NodeRow["state"], BadgeTone>> = { ready: "ok", draining: "warning", down: "critical", unknown: "neutral" };

const COLUMNS = [
  { key: "node", label: "Node" },
  { key: "zone", label: "Zone" },
  { key: "state", label: "State" },
  { key: "replicas", label: "Replicas", numeric: true },
  { key: "size", label: "Cores", numeric: true },
  { key: "ram", label: "RAM", numeric: true },
  { key: "cpu", label: "CPU", numeric: true },
  { key: "memory", label: "Memory", numeric: true },
  { key: "disk", label: "Disk", numeric: true },
  { key: "network", label: "Network", numeric: true },
] as const;

export function NodeHealth() {
  const { loading, rows } = useCalmCloud((state) => ({ loading: state.snapshots === 0, rows: [...nodesById(state).values()] }));
  const zones = new Set(rows.map(({ zone }) => zone)).size;
  return (
    <Card flush title="Nodes" hint={loading ? undefined : `${plural(rows.length, "node")} in ${plural(zones, "zone")}`}>
      {loading && <SkeletonRows rows={4} label="Loading nodes" />}
      {!loading && rows.length === 0 && (
        <EmptyState icon={HardDrive} title="No nodes are known">
          The simulation engine has not told its topology yet.
        </EmptyState>
      )}
      {rows.length > 0 && (
        <Table label="Nodes" columns={COLUMNS} steady>
          {rows.map((row) => (
            <NodeLine key={row.id} id={row.id} />
          ))}
        </Table>
      )}
    </Card>
  );
}

const NodeLine = memo(function NodeLine({ id }: { id: string }) {
  const line = useRef<HTMLTableRowElement>(null);
  const row = useCalmCloudInSight(line, (state) => nodesById(state).get(id));
  if (!row) return <tr ref={line} />;
  const { zone, state, replicas, cores, memoryGb, metric } = row;
  return (
    <tr ref={line}>
      <HeadCell>{id}</HeadCell>
      <Cell>{zone || "no data"}</Cell>
      <Cell>
        <Badge tone={TONES[state]} icon={<Dot tone={TONES[state]} />}>
          {state}
        </Badge>
      </Cell>
      <Cell numeric>{formatCount(replicas)}</Cell>
      <Cell numeric>{formatCount(cores)}</Cell>
      <Cell numeric>
        <Quantity of={quantity(memoryGb, "GiB")} />
      </Cell>
      <Cell numeric>
        <Meter metric="cpu_usage" value={metric("cpu_usage")} />
      </Cell>
      <Cell numeric>
        <Meter metric="memory_usage" value={metric("memory_usage")} />
      </Cell>
      <Cell numeric>
        <Meter metric="disk_usage" value={metric("disk_usage")} />
      </Cell>
      <Cell numeric>
        <Measured metric="network_mbps" value={metric("network_mbps")} />
      </Cell>
    </tr>
  );
});
