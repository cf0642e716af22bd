/** Faults in force, by what they strike, for the map. Pure. */
import { formatNumber } from "@/format/format";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { ActiveFault } from "@/gen/sim/v1/fault_pb";
import type { Topology } from "@/gen/sim/v1/state_pb";

export interface MapFault {
  readonly id: string;
  readonly kind: string;
  /** `memory_leak, severity 0.6` */
  readonly words: string;
}

export type MapFaults = ReadonlyMap<string, readonly MapFault[]>;

export const NO_FAULTS: MapFaults = new Map();

export function faultKey(kind: TargetKind, id: string): string {
  return `${kind} ${id}`;
}

/** A fault of a zone is one of its nodes, too. */
export function faultsOf(faults: readonly ActiveFault[], topology: Topology | undefined): MapFaults {
  const by = new Map<string, MapFault[]>();
  const add = (key: string, fault: MapFault) => by.set(key, [...(by.get(key) ?? []), fault]);
  for (const { spec } of faults) {
    const { target } = spec ?? {};
    if (!spec || !target) continue;
    const fault = { id: spec.id, kind: spec.kind, words: `${spec.kind}, severity ${formatNumber(spec.severity)}` };
    add(faultKey(target.kind, target.id), fault);
    if (target.kind === TargetKind.ZONE) for (const { id, zoneId } of topology?.nodes ?? []) if (zoneId === target.id) add(faultKey(TargetKind.NODE, id), { ...fault, words: `${fault.words}, of zone ${zoneId}` });
  }
  return by;
}
