"use client";

import { History } from "lucide-react";
import { formatPercent, quantity } from "@/format/format";
import type { Game, GameRow } from "@/gen/ops/v1/game_service_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Quantity } from "@/ui/quantity";
import { Cell, HeadCell, Table } from "@/ui/table";
import { afterWords, rowName, scoreWords } from "./game-words";
import { useWatch } from "./use-games";

const COLUMNS = [
  { key: "player", label: "Player" },
  { key: "score", label: "Score of 100", numeric: true },
  { key: "detected", label: "Detected after", numeric: true },
  { key: "mitigated", label: "Mitigated after", numeric: true },
  { key: "held", label: "Under the burst" },
  { key: "slo", label: "Objective broken", numeric: true },
  { key: "bad", label: "Failed or slow", numeric: true },
  { key: "harm", label: "Harm", numeric: true },
  { key: "cost", label: "Cost", numeric: true },
  { key: "regret", label: "Regret", numeric: true },
  { key: "watch", label: "Watch", numeric: true },
] as const;

/** What everybody made of the same trouble. */
export function ResultTable({ game, rows }: { game: Game; rows: readonly GameRow[] }) {
  const { mutate, isPending, variables } = useWatch();
  return (
    <Card flush title="Beside the others" hint="the same scenario and seed; watch how each went, beside yours">
      <Table label="Results of every player" columns={COLUMNS}>
        {rows.map((row, place) => (
          <tr key={place} data-testid={`result-${place}`}>
            <HeadCell>{rowName(row, place)}</HeadCell>
            <Cell numeric className="font-medium">
              {scoreWords(row.score)}
            </Cell>
            <Cell numeric>{afterWords(row.detectS)}</Cell>
            <Cell numeric>{afterWords(row.mitigateS)}</Cell>
            <Cell>
              <Badge tone={row.held ? "ok" : "high"}>{row.held ? "held" : "broke down"}</Badge>
            </Cell>
            <Cell numeric>
              <Quantity of={quantity(row.sloMinutes, "min")} />
            </Cell>
            <Cell numeric>{formatPercent(row.badPct)}</Cell>
            <Cell numeric>{formatPercent(row.harmPct)}</Cell>
            <Cell numeric>
              <Quantity of={quantity(row.coreHours, "core h")} />
            </Cell>
            <Cell numeric>
              <Quantity of={quantity(row.regretMinutes, "min")} />
            </Cell>
            <Cell numeric>
              <Button size="sm" busy={isPending && variables.player === row.player} disabled={isPending && variables.player !== row.player} aria-label={`Watch ${rowName(row, place)}`} onClick={() => mutate({ game, player: row.player, own: rows[0]?.player })}>
                <History aria-hidden className="size-3.5" />
                Watch
              </Button>
            </Cell>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
