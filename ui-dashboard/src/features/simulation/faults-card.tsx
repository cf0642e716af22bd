"use client";

import { Zap } from "lucide-react";
import { formatCount, formatDuration, formatNumber, plural } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import type { ActiveFault } from "@/gen/sim/v1/fault_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { useControl } from "./use-control";
import { useFaults } from "./use-faults";

const COLUMNS = [
  { key: "fault", label: "Fault" },
  { key: "target", label: "Target" },
  { key: "severity", label: "Severity", numeric: true },
  { key: "ends", label: "Ends" },
  { key: "since", label: "Since tick", numeric: true },
  { key: "clear", label: "Clear", numeric: true },
] as const;

export function FaultsCard() {
  const { data, isPending, isError, error, refetch, over } = useFaults();
  const clear = useControl(ControlService.method.clearFault, "The fault was not cleared.", ({ fault }) => {
    void refetch();
    return `Cleared ${fault?.spec?.kind ?? "the fault"}`;
  });
  const faults = data?.faults ?? [];
  return (
    <Card flush title="Faults in force" hint={data && plural(faults.length, "fault")}>
      {isPending && over && (
        <EmptyState icon={Zap} title="The simulation is stopped" compact>
          Its faults are listed again when it is started.
        </EmptyState>
      )}
      {isPending && !over && <SkeletonRows rows={2} label="Loading faults" />}
      {isError && <ErrorState error={error} what="The faults could not be loaded." onRetry={() => void refetch()} />}
      {data && faults.length === 0 && (
        <EmptyState icon={Zap} title="Nothing is broken on purpose" compact>
          Faults of the scenario and those you inject are listed here while they last.
        </EmptyState>
      )}
      {faults.length > 0 && (
        <Table label="Faults in force" columns={COLUMNS}>
          {faults.map((fault) => (
            <FaultLine key={fault.spec?.id} fault={fault} busy={clear.busy} onClear={(faultId) => clear.run({ faultId })} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function FaultLine({ fault: { spec, startedTick }, busy, onClear }: { fault: ActiveFault; busy: boolean; onClear: (id: string) => void }) {
  if (!spec) return null;
  return (
    <tr>
      <HeadCell>{spec.kind}</HeadCell>
      <Cell>{spec.target?.id}</Cell>
      <Cell numeric>{formatNumber(spec.severity)}</Cell>
      <Cell>{spec.durationS === 0 ? "when cleared" : `after ${formatDuration(spec.durationS * 1_000)}`}</Cell>
      <Cell numeric>{formatCount(startedTick)}</Cell>
      <Cell numeric>
        <Button size="sm" busy={busy} onClick={() => onClear(spec.id)} aria-label={`Clear ${spec.kind} on ${spec.target?.id ?? "its target"}`}>
          Clear
        </Button>
      </Cell>
    </tr>
  );
}
