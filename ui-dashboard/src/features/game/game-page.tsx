"use client";

import { parseAsString, useQueryState } from "nuqs";
import { DrillCards } from "./drill-cards";
import { GameList } from "./game-list";
import { GameView } from "./game-view";
import { PlayingCard } from "./playing-card";
import { StartCard } from "./start-card";
import { useTabsGame } from "./use-games";

/** Game days: begin one, learn by drills, and see how games went. `?id=` is one game. */
export function GamePage() {
  const [id, setId] = useQueryState("id", parseAsString.withOptions({ history: "push" }));
  const playing = useTabsGame();
  return (
    <div className="flex flex-col gap-4">
      <h1 className="sr-only">Game day</h1>
      {id !== null ? (
        <GameView id={id} onClose={() => void setId(null)} />
      ) : (
        <>
          {playing ? (
            <PlayingCard game={playing} />
          ) : (
            <>
              <StartCard />
              <DrillCards />
            </>
          )}
          <GameList onOpen={(gameId) => void setId(gameId)} />
        </>
      )}
    </div>
  );
}
