"use client";

import { ArrowRight, CircleCheck, Flag, Gamepad2 } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useState } from "react";
import { formatClock, formatCount, plural } from "@/format/format";
import type { Game } from "@/gen/ops/v1/game_service_pb";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { useDrillProgress, useDrillWatch } from "./use-drill";
import { useElapsed, useFinishGame, useTabsGame } from "./use-games";

export default function GameStatus() {
  const game = useTabsGame();
  return game ? <Status game={game} /> : null;
}

function Status({ game }: { game: Game }) {
  const elapsed = useElapsed(game);
  useDrillWatch(game);
  return (
    <section aria-label="Game day" data-testid="game-bar" className="border-t border-line bg-raised px-3 py-1.5 lg:px-5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-[13px]">
        <p className="flex min-w-0 items-center gap-2">
          <Gamepad2 aria-hidden className="size-4 shrink-0 text-accent-ink" />
          <span className="truncate">
            <Link href="/game/" className="rounded font-semibold hover:underline">
              {game.practice ? "Drill" : "Game day"}
            </Link>
            : <span className="tabular-nums">{formatClock(elapsed)}</span> of {formatClock(game.lengthS)}, {game.player}
          </span>
        </p>
        <NextStep game={game} />
        <div className="ml-auto">
          <EndButton game={game} elapsed={elapsed} />
        </div>
      </div>
    </section>
  );
}

function NextStep({ game }: { game: Game }) {
  const progress = useDrillProgress(game);
  const pathname = usePathname();
  if (!progress) return null;
  const { drill, done, current } = progress;
  return (
    <p role="status" className="flex min-w-0 order-last basis-full flex-wrap items-center gap-x-2 gap-y-0.5" data-testid="drill-step">
      {current ? (
        <>
          <span className="text-ink-muted">
            Step {formatCount(drill.steps.indexOf(current) + 1)} of {formatCount(drill.steps.length)}
          </span>
          {isAt(pathname, current.href) ? (
            <span className="font-medium">{current.title}</span>
          ) : (
            <Link href={current.href} className="flex items-center gap-1 rounded font-medium text-accent-ink hover:underline">
              {current.title}
              <ArrowRight aria-hidden className="size-3.5" />
            </Link>
          )}
          <span className="min-w-0 text-xs text-ink-muted">{current.hint}</span>
        </>
      ) : (
        <>
          <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
          <span className="font-medium">{done.length === drill.steps.length ? "Every step is done." : `${formatCount(done.length)} of ${plural(drill.steps.length, "step")} done.`}</span>
          <span className="min-w-0 text-xs text-ink-muted">{drill.lesson}</span>
        </>
      )}
    </p>
  );
}

/** Who is there already would only lose what they have opened. */
function isAt(pathname: string, href: string): boolean {
  return !href.includes("?") && pathname.replace(/\/?$/, "/") === href;
}

/** Before its time a game can only be given up, which is asked for twice. */
function EndButton({ game, elapsed }: { game: Game; elapsed: number | undefined }) {
  const [asking, setAsking] = useState(false);
  const { mutate, isPending } = useFinishGame();
  const over = elapsed !== undefined && elapsed >= game.lengthS;
  if (over) {
    return (
      <Button tone="primary" size="sm" busy={isPending} onClick={() => mutate({ game, giveUp: false })}>
        <Flag aria-hidden className="size-3.5" />
        {isPending ? "Scoring…" : "Finish"}
      </Button>
    );
  }
  return (
    <>
      <Button size="sm" busy={isPending} onClick={() => setAsking(true)}>
        <Flag aria-hidden className="size-3.5" />
        {isPending ? "Scoring…" : game.practice ? "End the drill…" : "Give up…"}
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title="End it before its time?"
        description="Nothing more is done from here on. It is scored as if it had gone on like that until the end."
      >
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsking(false)}>Go on playing</Button>
          <Button
            tone="primary"
            onClick={() => {
              setAsking(false);
              mutate({ game, giveUp: true });
            }}
          >
            End and score it
          </Button>
        </div>
      </Dialog>
    </>
  );
}
