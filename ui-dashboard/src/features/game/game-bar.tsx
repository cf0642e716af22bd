"use client";

import dynamic from "next/dynamic";
import { useChosenSimulation } from "@/features/simulation/use-chosen-simulation";
import { DEFAULT_SIMULATION } from "@/rpc/simulation";

/** Loaded by who plays. */
const GameStatus = dynamic(() => import("./game-status"), { ssr: false });

/** On every page while this tab plays a game: how much of it is over, what comes next, and the end. */
export function GameBar() {
  return useChosenSimulation() === DEFAULT_SIMULATION ? null : <GameStatus />;
}
