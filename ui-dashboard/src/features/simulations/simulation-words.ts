/** How simulations are spoken of. */
import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import type { BadgeTone } from "@/ui/badge";

interface StatusLook {
  readonly word: string;
  readonly tone: BadgeTone;
}

const STATUSES: Readonly<Record<SimulationStatus, StatusLook>> = {
  [SimulationStatus.UNSPECIFIED]: { word: "unknown", tone: "neutral" },
  [SimulationStatus.CREATED]: { word: "created", tone: "info" },
  [SimulationStatus.RUNNING]: { word: "running", tone: "ok" },
  [SimulationStatus.PAUSED]: { word: "paused", tone: "neutral" },
  [SimulationStatus.STOPPED]: { word: "stopped", tone: "neutral" },
  [SimulationStatus.FAILED]: { word: "failed", tone: "critical" },
};

/** A status that is newer than this page is not known. */
export function statusLook(status: SimulationStatus): StatusLook {
  return STATUSES[status] ?? STATUSES[SimulationStatus.UNSPECIFIED];
}

/** It is being computed: it can be forked and saved, and takes replicas of the engine. */
export function isAlive({ status }: Pick<Simulation, "status">): boolean {
  return status !== SimulationStatus.STOPPED && status !== SimulationStatus.FAILED;
}
