"use client";

import { useSyncExternalStore } from "react";
import { chosenSimulation, DEFAULT_SIMULATION } from "@/rpc/simulation";

/** Another choice begins the page anew, so it never changes under it. */
const never = () => () => undefined;

/** Which simulation this tab is about; the one that is always there until the page's script runs. */
export function useChosenSimulation(): string {
  return useSyncExternalStore(never, chosenSimulation, () => DEFAULT_SIMULATION);
}
