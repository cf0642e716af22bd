"use client";

import { Gamepad2 } from "lucide-react";
import Link from "next/link";
import { formatCount, formatPercent, quantity } from "@/format/format";
import { useGames } from "@/features/game/use-games";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Cell, HeadCell, Table } from "@/ui/table";
import { playersOf, pointsWords } from "./benchmark";
import { ScoreCell } from "./score-cell";

const COLUMNS = [
  { key: "player", label: "Player" },
  { key: "score", label: "Mean score of 100", numeric: true },
  { key: "best", label: "Best", numeric: true },
  { key: "possible", label: "Possible in hindsight", numeric: true },
  { key: "games", label: "Games", numeric: true },
  { key: "mitigated", label: "Mitigated", numeric: true },
  { key: "harm", label: "Harm", numeric: true },
  { key: "regret", label: "Regret", numeric: true },
] as const;

/** People, by the blind games that they have finished. */
export function PlayerTable() {
  const { data, isPending, isError, error, refetch } = useGames();
  const players = playersOf(data?.games ?? []);
  return (
    <Card flush title="People" hint="blind games, scored the same way" actions={<Link href="/game/" className="rounded text-xs text-accent-ink hover:underline">Play</Link>}>
      {isPending && <SkeletonRows rows={2} label="Loading players" />}
      {isError && !data && <ErrorState error={error} what="The games could not be loaded." onRetry={() => void refetch()} />}
      {data && players.length === 0 && (
        <EmptyState icon={Gamepad2} title="Nobody has finished a blind game yet">
          Drills and practice do not count.
        </EmptyState>
      )}
      {players.length > 0 && (
        <>
          <Table label="People by score" columns={COLUMNS}>
            {players.map((one) => (
              <tr key={one.player} data-testid={`player-${one.player}`}>
                <HeadCell className="max-w-40 truncate">{one.player}</HeadCell>
                <ScoreCell score={one.score} words={pointsWords(one.score)} />
                <Cell numeric>{pointsWords(one.best)}</Cell>
                <Cell numeric>{pointsWords(one.possible)}</Cell>
                <Cell numeric>{formatCount(one.games)}</Cell>
                <Cell numeric>{one.troubled === 0 ? "–" : `${formatCount(one.mitigated)} of ${formatCount(one.troubled)}`}</Cell>
                <Cell numeric>{formatPercent(one.harmPct)}</Cell>
                <Cell numeric>
                  <Quantity of={quantity(one.regretMinutes, "min")} />
                </Cell>
              </tr>
            ))}
          </Table>
          <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">A few games are not the whole catalogue: compare with what was possible in them.</p>
        </>
      )}
    </Card>
  );
}
