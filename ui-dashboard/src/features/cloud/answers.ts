import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import type { CloudState } from "./cloud-state";

/** Whether the simulation can be asked: one that is stopped or failed refuses, one that is silent or unheard of would not hear. */
export function answers({ simulation, engineSilent }: Pick<CloudState, "simulation" | "engineSilent">): boolean {
  return simulation !== undefined && !engineSilent && !isOver(simulation.status);
}

/** Whether nothing computes it at present. */
export function isOver(status: SimulationStatus | undefined): boolean {
  return status === SimulationStatus.STOPPED || status === SimulationStatus.FAILED;
}
