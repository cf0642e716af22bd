"use client";

import { useQuery } from "@connectrpc/connect-query";
import { ArrowLeft, ArrowUpRight } from "lucide-react";
import Link from "next/link";
import { formatClock, formatSimulatedOnset, formatWallTime } from "@/format/format";
import { type Game, type GameResult, GameService } from "@/gen/ops/v1/game_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { DeedTimeline } from "./deed-timeline";
import { own, rowName, scoreWords, verdict } from "./game-words";
import { ResultTable } from "./result-table";

/** One game: how it went, beside nobody, the agent and the best in hindsight, and what it was. */
export function GameView({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, isPending, isError, error, refetch } = useQuery(GameService.method.get, { gameId: id });
  const game = data?.game;
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending} data-testid="game-view">
      <Button tone="quiet" size="sm" className="self-start" onClick={onClose}>
        <ArrowLeft aria-hidden className="size-4" />
        All games
      </Button>
      {isPending && <SkeletonRows rows={6} label="Loading the game" />}
      {isError && <ErrorState error={error} what="This game could not be loaded." onRetry={() => void refetch()} />}
      {game && (game.result ? <Scored game={game} result={game.result} /> : <Unscored game={game} />)}
    </div>
  );
}

function Unscored({ game }: { game: Game }) {
  return (
    <Card title={`Game of ${game.player}`} hint={`began ${formatWallTime(game.startedAt)}`}>
      <p className="text-[13px]">It is not scored yet. What it is stays hidden until it is finished.</p>
    </Card>
  );
}

function Scored({ game, result }: { game: Game; result: GameResult }) {
  return (
    <>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card title={`Score of ${game.player}`} hint={`${game.practice ? "practice, " : ""}${formatWallTime(game.startedAt)}`}>
          <p className="text-4xl font-semibold tracking-tight tabular-nums" data-testid="game-score">
            {scoreWords(own(game)?.score)} <span className="text-[13px] font-normal tracking-normal text-ink-muted">of 100</span>
          </p>
          <p className="mt-1 text-[13px]">{verdict(game)}</p>
          {game.gaveUp && <p className="mt-1 text-xs text-ink-muted">It was ended before its time, and scored as if it had gone on like that.</p>}
          <Bars result={result} />
          <Link href="/leaderboard/#words" className="mt-3 inline-flex items-center gap-0.5 rounded text-xs text-accent-ink hover:underline">
            What the numbers mean
            <ArrowUpRight aria-hidden className="size-3" />
          </Link>
        </Card>
        <WhatItWas game={game} result={result} />
      </div>
      <ResultTable game={game} rows={result.rows} />
      <DeedTimeline rows={result.rows} />
    </>
  );
}

function Bars({ result: { rows } }: { result: GameResult }) {
  return (
    <dl className="mt-4 grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 text-[13px]">
      {rows.map((row, place) => (
        <div key={place} className="contents">
          <dt>{rowName(row, place)}</dt>
          <dd aria-hidden className="h-2 overflow-hidden rounded-full bg-raised">
            <span className={place === 0 ? "block h-full rounded-full bg-accent" : "block h-full rounded-full bg-line-strong"} style={{ width: `${Math.max(0, Math.min(100, row.score ?? 0))}%` }} />
          </dd>
          <dd className="text-right font-medium tabular-nums">{scoreWords(row.score)}</dd>
        </div>
      ))}
    </dl>
  );
}

function WhatItWas({ game, result }: { game: Game; result: GameResult }) {
  const { scenario, description, family, difficulty, seed, onsetS, rootCause } = result;
  const facts: readonly (readonly [string, string])[] = [
    ["Root cause", rootCause === "" ? "nothing was wrong" : rootCause],
    ["Began", formatSimulatedOnset(onsetS)],
    ["Family", family.replaceAll("_", " ")],
    ["Difficulty", difficulty === 0 ? "nothing was wrong" : `${difficulty} of 5`],
    ["Length", `${formatClock(game.lengthS)} simulated minutes`],
    ["Seed", seed.toString()],
  ];
  return (
    <Card title="What it was" hint={scenario}>
      <p className="text-[13px]">{description}</p>
      <dl className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3 text-[13px]">
        {facts.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-xs text-ink-muted">{label}</dt>
            <dd className="mt-0.5 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
