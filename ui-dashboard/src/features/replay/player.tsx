"use client";

import { ChevronLeft, ChevronRight, Pause, Play, SkipBack, SkipForward, ZoomIn, ZoomOut } from "lucide-react";
import { formatClock, formatSpeed } from "@/format/format";
import { Button, type ButtonProps } from "@/ui/button";
import { Tabs } from "@/ui/tabs";
import { neighbour } from "./marks";
import { tickAfterSteps } from "./moment";
import { secondsOf } from "./past";
import { zoomed } from "./replay-params";
import { PLAY_SPEEDS, usePlayer } from "./use-player";
import type { Replay, Watched } from "./use-replay";

const NAMES = PLAY_SPEEDS.map(String) as readonly `${(typeof PLAY_SPEEDS)[number]}`[];
const WORDS = { "1": formatSpeed(1), "4": formatSpeed(4), "16": formatSpeed(16) } as const;

/** Play, step from sample to sample and from event to event, and look closer. */
export function Player({ replay, runs }: { replay: Replay; runs: readonly Watched[] }) {
  const { at, ticks, span, end, isZoomed, seek, show } = replay;
  const past = runs[0]?.past;
  const { playing, speed, setSpeed, toggle } = usePlayer({ ticks, at, tickMs: past?.tickMs ?? 1, seek });
  if (!past) return null;
  const all = runs.flatMap(({ events }) => events).sort((a, b) => Number(a.tick - b.tick));
  const steps: readonly (readonly [string, typeof Play, number | undefined])[] = [
    ["Event before", SkipBack, neighbour(all, at, -1)],
    ["Sample before", ChevronLeft, tickAfterSteps(-1, ticks, at)],
    ["Next sample", ChevronRight, tickAfterSteps(1, ticks, at)],
    ["Next event", SkipForward, neighbour(all, at, 1)],
  ];
  const step = ([label, icon, tick]: (typeof steps)[number]) => <Tool key={label} label={label} icon={icon} disabled={tick === undefined || tick === at || tick < span.from || tick > span.to} onClick={() => tick !== undefined && seek(tick)} />;
  const closer = zoomed(span, at, 0.5, end);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <div role="group" aria-label="Playback" className="flex items-center gap-1">
        {steps.slice(0, 2).map(step)}
        <Button size="icon" tone="primary" aria-label={playing ? "Pause playback" : "Play the past"} title={playing ? "Pause" : "Play"} disabled={ticks.length < 2} onClick={toggle}>
          {playing ? <Pause aria-hidden className="size-4" /> : <Play aria-hidden className="size-4" />}
        </Button>
        {steps.slice(2).map(step)}
      </div>
      <Tabs label="Playback speed" options={NAMES} words={WORDS} value={`${speed}`} onChange={(name) => setSpeed(PLAY_SPEEDS.find((one) => `${one}` === name) ?? speed)} />
      <p className="text-[13px] tabular-nums" data-testid="moment">
        <span className="text-[15px] font-semibold">{formatClock(secondsOf(past, at))}</span> <span className="text-ink-muted">of {formatClock(secondsOf(past, end))}</span>
      </p>
      <div role="group" aria-label="Part of the run" className="ml-auto flex items-center gap-1">
        {isZoomed && (
          <Button size="sm" onClick={() => show(undefined)}>
            Whole run
          </Button>
        )}
        <Tool label="Look closer" icon={ZoomIn} disabled={!closer || closer.to - closer.from >= span.to - span.from} onClick={() => show(closer)} />
        <Tool label="Show more of the run" icon={ZoomOut} disabled={!isZoomed} onClick={() => show(zoomed(span, at, 2, end))} />
      </div>
    </div>
  );
}

function Tool({ label, icon: Icon, ...rest }: ButtonProps & { label: string; icon: typeof Play }) {
  return (
    <Button size="icon" aria-label={label} title={label} {...rest}>
      <Icon aria-hidden className="size-4" />
    </Button>
  );
}
