"use client";

import { type KeyboardEvent, memo, type PointerEvent, useMemo, useRef, useState } from "react";
import { formatClock, shortNumbers } from "@/format/format";
import { cx } from "@/ui/class-names";
import { Lanes } from "./lanes";
import { isTold, roundTimes } from "./marks";
import { tickAfterKey } from "./moment";
import { secondsOf, type Span } from "./past";
import type { Watched } from "./use-replay";

interface ScrubberProps {
  readonly runs: readonly Watched[];
  readonly span: Span;
  readonly ticks: readonly number[];
  readonly at: number;
  /** Where two runs part. */
  readonly parting: number | undefined;
  readonly onSeek: (tick: number) => void;
}

const TIMES = 8;
/** What happened within this share of the width is told of under the pointer. */
const NEAR = 0.008;
const TOLD = 3;

/** The run as a line that can be walked along: by dragging, by clicking, and by keys. */
export function Scrubber({ runs, span, ticks, at, parting, onSeek }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number>();
  const first = runs[0]?.past;
  if (!first) return null;
  const words = (tick: number) => formatClock(secondsOf(first, tick));
  const tickUnder = ({ clientX }: PointerEvent) => {
    const { left, width } = track.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.round(span.from + Math.min(1, Math.max(0, (clientX - left) / width)) * (span.to - span.from));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = event.altKey || event.ctrlKey || event.metaKey ? undefined : tickAfterKey(event.key, ticks, at);
    if (next === undefined) return;
    event.preventDefault();
    onSeek(next);
  };
  return (
    <div className="relative">
      <Lanes runs={runs} span={span} parting={parting} />
      <div className="absolute inset-y-0 right-0 left-20">
        <div
          ref={track}
          role="slider"
          tabIndex={0}
          aria-label="Moment of the run"
          aria-valuemin={span.from}
          aria-valuemax={span.to}
          aria-valuenow={at}
          aria-valuetext={`${words(at)} of ${words(span.to)}`}
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture?.(event.pointerId);
            onSeek(tickUnder(event));
          }}
          onPointerMove={(event) => {
            if (event.buttons === 1) onSeek(tickUnder(event));
            setHovered(tickUnder(event));
          }}
          onPointerLeave={() => setHovered(undefined)}
          className="absolute inset-0 cursor-ew-resize touch-pan-y"
        >
          <Needle share={shareOf(at, span)} />
        </div>
        {hovered !== undefined && <Told runs={runs} span={span} tick={hovered} words={words(hovered)} />}
      </div>
      <Times fromS={secondsOf(first, span.from)} toS={secondsOf(first, span.to)} />
    </div>
  );
}

export function shareOf(tick: number, { from, to }: Span): number {
  return to > from ? (tick - from) / (to - from) : 1;
}

function Needle({ share }: { share: number }) {
  return (
    <span aria-hidden className="absolute inset-y-0 -ml-px w-0.5 bg-accent" style={{ left: `${share * 100}%` }}>
      <span className="absolute -top-1 -left-[5px] size-3 rounded-full border-2 border-surface bg-accent" />
    </span>
  );
}

function Told({ runs, span, tick, words }: { runs: readonly Watched[]; span: Span; tick: number; words: string }) {
  const near = (span.to - span.from) * NEAR;
  const told = runs.flatMap(({ events }) => events.filter((event) => isTold(event) && Math.abs(Number(event.tick) - tick) <= near));
  const share = shareOf(tick, span);
  return (
    <div aria-hidden className={cx("pointer-events-none absolute bottom-full z-20 mb-1.5 w-max max-w-72 rounded-md border border-line bg-surface px-2.5 py-1.5 text-[11px] shadow-lg", share > 0.5 && "-translate-x-full")} style={{ left: `${share * 100}%` }}>
      <p className="text-ink-muted">{words}</p>
      {told.slice(0, TOLD).map(({ id, message }) => (
        <p key={id}>{shortNumbers(message)}</p>
      ))}
      {told.length > TOLD && <p className="text-ink-muted">and {told.length - TOLD} more</p>}
    </div>
  );
}

const Times = memo(function Times({ fromS, toS }: { fromS: number; toS: number }) {
  const times = useMemo(() => roundTimes(fromS, toS, TIMES), [fromS, toS]);
  return (
    <div aria-hidden className="pointer-events-none absolute top-full right-0 left-20 h-4 text-[11px] text-ink-muted">
      {times.map((time) => (
        <span key={time} className="absolute top-1 -translate-x-1/2 tabular-nums max-sm:even:hidden" style={{ left: `${toS > fromS ? ((time - fromS) / (toS - fromS)) * 100 : 0}%` }}>
          {formatClock(time)}
        </span>
      ))}
    </div>
  );
});
