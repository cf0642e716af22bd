/** Targets of faults as a picker shows and returns them. */
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Topology } from "@/gen/sim/v1/state_pb";

export interface TargetOption {
  readonly kind: TargetKind;
  readonly id: string;
  readonly label: string;
}

export function targetOptions(kinds: readonly TargetKind[], topology: Topology | undefined, simulationId: string): TargetOption[] {
  return kinds.flatMap((kind) => idsOf(kind, topology, simulationId).map((id) => ({ kind, id, label: kind === TargetKind.SIMULATION ? "the whole simulation" : `${id} (${kindWord(kind)})` })));
}

function idsOf(kind: TargetKind, topology: Topology | undefined, simulationId: string): string[] {
  switch (kind) {
    case TargetKind.SERVICE:
      return topology?.services.map(({ id }) => id) ?? [];
    case TargetKind.NODE:
      return topology?.nodes.map(({ id }) => id) ?? [];
    case TargetKind.ZONE:
      return topology?.zones.map(({ id }) => id) ?? [];
    case TargetKind.SIMULATION:
      return [simulationId];
    default:
      return [];
  }
}

export function kindWord(kind: TargetKind): string {
  return (TargetKind[kind] ?? "unknown").toLowerCase();
}
