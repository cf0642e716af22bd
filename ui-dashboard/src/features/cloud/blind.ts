/** A blind game: what may not be told while it is played. Pure. */
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";
import type { SimulationState } from "@/gen/sim/v1/state_pb";

/** What the scenario of a blind game is called as long as it is played. */
const BLIND_SCENARIO = "game";

const TELLING: ReadonlySet<SimulationEventKind> = new Set([SimulationEventKind.FAULT_STARTED, SimulationEventKind.FAULT_ENDED]);

/** Said wherever something is left out. */
export const BLIND_SENTENCE = "This is a blind game: faults are not shown until it is finished.";

export function isBlind(simulation: Pick<SimulationState, "scenario"> | undefined): boolean {
  return simulation?.scenario === BLIND_SCENARIO;
}

/** Events that a player may hear of. */
export function told(simulation: Pick<SimulationState, "scenario"> | undefined, events: readonly SimulationEvent[]): readonly SimulationEvent[] {
  return isBlind(simulation) && events.some(({ kind }) => TELLING.has(kind)) ? events.filter(({ kind }) => !TELLING.has(kind)) : events;
}
