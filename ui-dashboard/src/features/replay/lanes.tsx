"use client";

import { memo, useMemo } from "react";
import { formatClock } from "@/format/format";
import { cx } from "@/ui/class-names";
import { faultSpans, type Lane, LANES, type Mark, marksOf, type MarkShape } from "./marks";
import { secondsOf, type Span } from "./past";
import { shareOf } from "./scrubber";
import type { Watched } from "./use-replay";

export const LANE_WORDS: Readonly<Record<Lane, string>> = { faults: "Faults", scenario: "Scenario", actions: "Actions", health: "Health" };

/** Filled where something begins or goes wrong, hollow where it ends or is well again, a cross where it could not be done. */
const SHAPES: Readonly<Record<MarkShape, string>> = {
  begin: "rounded-full bg-current",
  end: "rounded-full border-[1.5px] border-current bg-surface",
  failed: "rotate-45 border-[1.5px] border-current bg-surface",
};

const COLORS: Readonly<Record<Lane, Readonly<Record<MarkShape, string>>>> = {
  faults: { begin: "text-high", end: "text-high", failed: "text-high" },
  scenario: { begin: "text-info", end: "text-info", failed: "text-info" },
  actions: { begin: "text-accent-ink", end: "text-accent-ink", failed: "text-critical" },
  health: { begin: "text-critical", end: "text-ok", failed: "text-critical" },
};

/** What happened, by kind, over the time of the run; of each run when there are two. */
export const Lanes = memo(function Lanes({ runs, span, parting }: { runs: readonly Watched[]; span: Span; parting: number | undefined }) {
  const percent = (tick: number) => `${shareOf(tick, span) * 100}%`;
  return (
    <div aria-hidden className="relative flex flex-col gap-2">
      {runs.map((run, i) => (
        <div key={i} className="relative">
          {runs.length > 1 && <p className="truncate text-[11px] font-medium">{run.past.simulation.displayName}</p>}
          <div className="relative">
            {LANES.map((lane) => (
              <LaneRow key={lane} lane={lane} run={run} span={span} />
            ))}
            {run.past.to < span.to && <End run={run} span={span} />}
          </div>
        </div>
      ))}
      {parting !== undefined && parting >= span.from && parting <= span.to && (
        <span className="pointer-events-none absolute inset-y-0 right-0 left-20">
          <span className="absolute inset-y-0 border-l-2 border-dashed border-line-strong" style={{ left: percent(parting) }} />
        </span>
      )}
    </div>
  );
});

function LaneRow({ lane, run, span }: { lane: Lane; run: Watched; span: Span }) {
  const marks = useMemo(() => marksOf(run.events, span).filter((mark) => mark.lane === lane), [run, span, lane]);
  const faults = useMemo(() => (lane === "faults" ? faultSpans(run.events, { from: span.from, to: Math.min(span.to, run.past.to) }) : []), [run, span, lane]);
  return (
    <div className="flex h-6 items-center">
      <span className="w-20 shrink-0 text-[11px] text-ink-muted">{LANE_WORDS[lane]}</span>
      <span className="relative h-full flex-1 border-b border-line">
        {faults.map(({ from, to }, i) => (
          <span key={i} className="absolute top-1/2 h-1 -translate-y-1/2 rounded bg-high/40" style={{ left: `${shareOf(from, span) * 100}%`, width: `${(shareOf(to, span) - shareOf(from, span)) * 100}%` }} />
        ))}
        {marks.map((mark) => (
          <MarkDot key={`${mark.shape} ${mark.tick}`} mark={mark} span={span} />
        ))}
      </span>
    </div>
  );
}

function MarkDot({ mark: { lane, shape, tick }, span }: { mark: Mark; span: Span }) {
  return <span className={cx("absolute top-1/2 size-2 -translate-x-1/2 -translate-y-1/2", SHAPES[shape], COLORS[lane][shape])} style={{ left: `${shareOf(tick, span) * 100}%` }} />;
}

/** Where a run has not come to: hatched, with the time of its end. */
function End({ run: { past }, span }: { run: Watched; span: Span }) {
  const share = Math.max(0, shareOf(past.to, span));
  return (
    <span className="pointer-events-none absolute inset-y-0 right-0 left-20">
      <span className="beyond absolute inset-y-0 right-0 border-l-2 border-line-strong" style={{ left: `${share * 100}%` }}>
        <span className={cx("absolute top-0.5 rounded bg-surface px-1 text-[11px] whitespace-nowrap text-ink-muted", share > 0.5 ? "right-full mr-1.5" : "left-1.5")}>ends at {formatClock(secondsOf(past, past.to))}</span>
      </span>
    </span>
  );
}

const LEGEND: readonly (readonly [MarkShape, string, string])[] = [
  ["begin", "text-ink-muted", "begins or gets worse"],
  ["end", "text-ink-muted", "is over or well again"],
  ["failed", "text-critical", "could not be done"],
];

interface LegendProps {
  /** When two runs part, or this one left another. */
  readonly parting: string | undefined;
  /** The run that this one left, when it is not shown beside. */
  readonly parent: string | undefined;
  readonly onCompare: (id: string) => void;
}

export function Legend({ parting, parent, onCompare }: LegendProps) {
  return (
    <ul aria-label="What the marks mean" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[11px] text-ink-muted">
      {LEGEND.map(([shape, color, words]) => (
        <li key={shape} className="flex items-center gap-1.5">
          <span aria-hidden className={cx("size-2", SHAPES[shape], color)} />
          {words}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="h-1 w-4 rounded bg-high/40" />a fault lasts
      </li>
      {parting !== undefined && (
        <li className="flex items-center gap-1.5">
          <span aria-hidden className="h-3 border-l-2 border-dashed border-line-strong" />
          {parent === undefined ? "the runs part at" : `it left ${parent} at`} {parting}
          {parent !== undefined && (
            <button type="button" onClick={() => onCompare(parent)} className="min-h-6 rounded px-1 text-accent-ink hover:underline">
              compare them
            </button>
          )}
        </li>
      )}
    </ul>
  );
}
