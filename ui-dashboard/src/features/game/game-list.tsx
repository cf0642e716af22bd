"use client";

import { Trophy } from "lucide-react";
import { formatPercent, formatWallTime, plural } from "@/format/format";
import type { Game } from "@/gen/ops/v1/game_service_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { afterWords, own, scoreWords } from "./game-words";
import { isRunning, useGames } from "./use-games";

const COLUMNS = [
  { key: "player", label: "Player" },
  { key: "scenario", label: "Scenario" },
  { key: "score", label: "Score of 100", numeric: true },
  { key: "mitigated", label: "Mitigated after", numeric: true },
  { key: "harm", label: "Harm", numeric: true },
  { key: "when", label: "Began" },
] as const;

/** Games of everybody, newest first. */
export function GameList({ onOpen }: { onOpen: (gameId: string) => void }) {
  const { data, isPending, isError, error, refetch } = useGames();
  const games = data?.games ?? [];
  return (
    <Card flush title="Games" hint={data && plural(games.length, "game")}>
      {isPending && <SkeletonRows rows={3} label="Loading games" />}
      {isError && !data && <ErrorState error={error} what="The games could not be loaded." onRetry={() => void refetch()} />}
      {data && games.length === 0 && (
        <EmptyState icon={Trophy} title="Nobody has played yet">
          Games are listed here with their scores, those of drills too.
        </EmptyState>
      )}
      {games.length > 0 && (
        <Table label="Games, newest first" columns={COLUMNS}>
          {games.map((game) => (
            <Line key={game.gameId} game={game} onOpen={() => onOpen(game.gameId)} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function Line({ game, onOpen }: { game: Game; onOpen: () => void }) {
  const mine = own(game);
  const running = isRunning(game);
  return (
    <tr data-testid={`game-${game.gameId}`}>
      <HeadCell className="max-w-40 truncate">
        <button
          type="button"
          className="min-h-7 max-w-full truncate rounded text-accent-ink hover:underline"
          aria-label={running ? `Go to the game of ${game.player}` : `How the game of ${game.player} went`}
          onClick={running ? () => chooseSimulation(game.simulationId, "/game/") : onOpen}
        >
          {game.player}
        </button>
      </HeadCell>
      <Cell>
        <span className="flex items-center gap-1.5">
          {running ? <Badge tone="accent">being played</Badge> : (game.result?.scenario ?? "not scored")}
          {game.practice && <Badge tone="neutral">practice</Badge>}
          {game.gaveUp && <Badge tone="warning">ended early</Badge>}
        </span>
      </Cell>
      <Cell numeric className="font-medium">
        {scoreWords(mine?.score)}
      </Cell>
      <Cell numeric>{mine ? afterWords(mine.mitigateS) : "–"}</Cell>
      <Cell numeric>{mine ? formatPercent(mine.harmPct) : "–"}</Cell>
      <Cell className="text-xs text-ink-muted">{formatWallTime(game.startedAt)}</Cell>
    </tr>
  );
}
