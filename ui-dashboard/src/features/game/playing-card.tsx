"use client";

import { ArrowRight, Circle, CircleCheck, CircleSlash, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { formatClock } from "@/format/format";
import type { Game } from "@/gen/ops/v1/game_service_pb";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { type DrillStep, isPassedOver } from "./drills";
import { useDrillProgress } from "./use-drill";
import { useElapsed } from "./use-games";

/** The game that this tab plays: how much is over, and of a drill every step. */
export function PlayingCard({ game }: { game: Game }) {
  const elapsed = useElapsed(game);
  const progress = useDrillProgress(game);
  const share = elapsed === undefined ? 0 : Math.min(1, Math.max(0, elapsed / game.lengthS));
  return (
    <Card title={progress ? progress.drill.title : game.practice ? "Practice game" : "Game day"} hint={game.player}>
      <p className="text-2xl font-semibold tracking-tight tabular-nums">
        {formatClock(elapsed)} <span className="text-[13px] font-normal tracking-normal text-ink-muted">of {formatClock(game.lengthS)} simulated minutes</span>
      </p>
      <div aria-hidden className="mt-2 h-1.5 overflow-hidden rounded-full bg-raised">
        <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
      {progress ? <Steps {...progress} /> : <Rules game={game} />}
    </Card>
  );
}

function Rules({ game }: { game: Game }) {
  return (
    <div className="mt-4 flex max-w-prose flex-col gap-1.5 text-[13px]">
      <p>
        Watch the <Go href="/" words="overview" />, open <Go href="/incidents/" words="incidents" />, look for the cause, and decide on <Go href="/actions/" words="actions" />. Beside every option of a card is a button that proposes it.
      </p>
      <p>Ten minutes count, from when the trouble begins. When it is scored, a burst of traffic follows: what only looks mitigated breaks down then.</p>
      {!game.practice && <p className="text-ink-muted">Faults are not shown until the game is finished.</p>}
    </div>
  );
}

type Progress = "done" | "passed over" | "not done yet";

const MARKS: Readonly<Record<Progress, { readonly icon: LucideIcon; readonly color: string }>> = {
  done: { icon: CircleCheck, color: "text-ok" },
  "passed over": { icon: CircleSlash, color: "text-ink-muted" },
  "not done yet": { icon: Circle, color: "text-ink-muted" },
};

function progressOf(step: DrillStep, done: readonly string[]): Progress {
  if (done.includes(step.id)) return "done";
  return isPassedOver(step, done) ? "passed over" : "not done yet";
}

function Go({ href, words }: { href: string; words: string }) {
  return (
    <Link href={href} className="rounded text-accent-ink underline">
      {words}
    </Link>
  );
}

function Steps({ drill, done, current }: NonNullable<ReturnType<typeof useDrillProgress>>) {
  return (
    <>
      <ol className="mt-4 flex flex-col gap-3" aria-label="Steps of the drill">
        {drill.steps.map((step) => {
          const progress = progressOf(step, done);
          const { icon: Icon, color } = MARKS[progress];
          return (
            <li key={step.id} aria-current={step === current ? "step" : undefined} className="flex gap-2.5 text-[13px]">
              <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", step === current ? "text-accent-ink" : color)} />
              <div className="min-w-0">
                <p className={cx("font-medium", progress !== "not done yet" && "text-ink-muted")}>
                  {step.title}
                  <span className="sr-only">{`, ${progress}`}</span>
                </p>
                <p className="text-xs text-ink-muted">{progress === "passed over" ? step.before?.passedOver : step.hint}</p>
                {step === current && (
                  <Link href={step.href} className="mt-1 inline-flex items-center gap-1 rounded text-xs text-accent-ink hover:underline">
                    Go there
                    <ArrowRight aria-hidden className="size-3" />
                  </Link>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      {!current && <p className="mt-4 rounded-md bg-raised p-3 text-[13px]">{drill.lesson}</p>}
    </>
  );
}
