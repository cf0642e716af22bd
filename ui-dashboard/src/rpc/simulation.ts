/**
 * Which simulation this tab is about. Every call that names no simulation is about it, and so is the tab's stream: the
 * pages need not know that there are several.
 */
import type { Interceptor } from "@connectrpc/connect";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";

/** The one that is always there, and that the server means when none is named. */
export const DEFAULT_SIMULATION = "default";
const KEY = "microcloud.simulation";

export function chosenSimulation(): string {
  if (typeof window === "undefined") return DEFAULT_SIMULATION;
  return window.sessionStorage.getItem(KEY) ?? DEFAULT_SIMULATION;
}

/** The page begins anew, or another one does: nothing that it knows is about the other simulation. */
export function chooseSimulation(id: string, href?: string): void {
  window.sessionStorage.setItem(KEY, id);
  if (href === undefined) window.location.reload();
  else window.location.assign(href);
}

/** The event stream of the chosen simulation. */
export function streamOf(url: string): string {
  const id = chosenSimulation();
  return id === DEFAULT_SIMULATION ? url : `${url}?simulation=${encodeURIComponent(id)}`;
}

/** Puts the chosen simulation into requests that name none. Those of SimulationService say themselves whom they mean. */
export const inChosenSimulation: Interceptor = (next) => (request) => {
  if (!request.stream && request.service.typeName !== SimulationService.typeName && namesNone(request.message)) {
    request.message.simulationId = chosenSimulation();
  }
  return next(request);
};

function namesNone(message: object): message is { simulationId: string } {
  return "simulationId" in message && message.simulationId === "";
}
