"use client";

import { formatCount } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useControl } from "./use-control";

/** Switches the scenario at the next tick. */
export function useScenario() {
  return useControl(
    ControlService.method.setScenario,
    "The scenario was not switched.",
    ({ state }) => state && `Scenario ${state.scenario} runs from tick ${formatCount(state.tick)}`,
  );
}
