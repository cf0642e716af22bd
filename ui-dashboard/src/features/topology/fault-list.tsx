"use client";

import { Zap } from "lucide-react";
import { useControl } from "@/features/simulation/use-control";
import { useFaults } from "@/features/simulation/use-faults";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { Button } from "@/ui/button";
import type { MapFault } from "./map-faults";

/** Faults in force on something, and the way out of them. */
export function FaultList({ faults, of }: { faults: readonly MapFault[]; of: string }) {
  const { refetch } = useFaults();
  const clear = useControl(ControlService.method.clearFault, "The fault was not cleared.", ({ fault }) => {
    void refetch();
    return `Cleared ${fault?.spec?.kind ?? "the fault"}`;
  });
  return (
    <ul aria-label={`Faults in force on ${of}`} className="flex flex-col gap-1 text-[13px]">
      {faults.map(({ id, kind, words }) => (
        <li key={id} className="flex items-center gap-2">
          <Zap aria-hidden className="size-3.5 shrink-0 text-high" />
          <span className="min-w-0 break-words">{words}</span>
          <Button size="sm" className="ml-auto" busy={clear.busy} aria-label={`Clear ${kind} on ${of}`} onClick={() => clear.run({ faultId: id })}>
            Clear
          </Button>
        </li>
      ))}
    </ul>
  );
}
