"use client";

import { isBlind } from "@/features/cloud/blind";
import { useCloud } from "@/features/cloud/use-cloud";
import { useTabsGame } from "./use-games";

/** Whether the player must not be told what the scenario is. */
export function useIsBlind(): boolean {
  return useCloud(({ simulation }) => isBlind(simulation));
}

/** Whether a game is played in this tab's simulation: another scenario, a new run or a fault would spoil it. */
export function useIsInGame(): boolean {
  const blind = useIsBlind();
  return useTabsGame() !== undefined || blind;
}
