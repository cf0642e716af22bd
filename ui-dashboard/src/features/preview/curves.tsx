"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useMemo, useState } from "react";
import { formatMetric, formatWholeDuration, METRICS } from "@/format/format";
import { seriesVariable } from "@/features/charts/palette";
import type { Preview, PreviewOption } from "@/gen/ops/v1/preview_pb";
import { cx } from "@/ui/class-names";
import { Skeleton } from "@/ui/states";
import { bandOf, type Curve, type CurveMetric } from "./curve-options";
import { best, doingNothing, optionTitle } from "./preview-words";

/** The charting library is not part of the first load. */
const CurvePlot = dynamic(() => import("./curve-plot"), { ssr: false, loading: () => <Skeleton className="h-full w-full" /> });

const CHARTS: readonly CurveMetric[] = ["latency_p99", "error_rate"];
const TITLES: Readonly<Record<CurveMetric, string>> = { latency_p99: "p99 at the worst door", error_rate: "Failing requests of users" };
const HEIGHT = 170;
/** The quiet colour of the palette. */
const NOTHING_COLOR = 11;

/** p99 and errors over the look ahead: the proposal (else the best option) and doing nothing, and whatever else is chosen. */
export function Curves({ preview, proposal }: { preview: Preview; proposal?: PreviewOption }) {
  const [chosen, setChosen] = useState<readonly string[]>();
  const all = useMemo(() => everyCurve(preview), [preview]);
  const shown = useMemo(() => chosen ?? firstShown(preview, proposal), [chosen, preview, proposal]);
  const curves = useMemo(() => all.filter(({ label }) => shown.includes(label)), [all, shown]);
  const toggle = (label: string) => setChosen(shown.includes(label) ? shown.filter((one) => one !== label) : [...shown, label]);
  return (
    <div className="flex flex-col gap-2">
      <div role="group" aria-label="Options in the charts" className="flex min-h-7 flex-wrap items-center gap-1.5">
        {all.map(({ label, color }) => (
          <Choice key={color} label={label} color={color} shown={shown.includes(label)} onToggle={() => toggle(label)} />
        ))}
      </div>
      <ChartPair>
        {(metric) => (
          <div role="img" aria-label={summary(metric, curves, preview.horizonS)} style={{ height: HEIGHT }}>
            <CurvePlot metric={metric} curves={curves} height={HEIGHT} />
          </div>
        )}
      </ChartPair>
    </div>
  );
}

/** Holds the place of the curves. */
export function CurvesSkeleton() {
  return (
    <div className="flex flex-col gap-2">
      <Skeleton className="h-6 w-72 max-w-full" />
      <ChartPair>{() => <Skeleton className="h-42.5 w-full" />}</ChartPair>
    </div>
  );
}

function ChartPair({ children }: { children: (metric: CurveMetric) => ReactNode }) {
  return (
    <div className="grid gap-3 @2xl:grid-cols-2">
      {CHARTS.map((metric) => (
        <figure key={metric} className="min-w-0">
          <figcaption className="text-xs text-ink-muted">
            {TITLES[metric]}, {METRICS[metric].unit}
          </figcaption>
          {children(metric)}
        </figure>
      ))}
    </div>
  );
}

function Choice({ label, color, shown, onToggle }: { label: string; color: number; shown: boolean; onToggle: () => void }) {
  return (
    <button
      type="button"
      aria-pressed={shown}
      onClick={onToggle}
      className={cx("flex min-h-7 items-center gap-1.5 rounded-full border px-2 text-left text-[11px] hover:bg-raised", shown ? "border-line-strong bg-surface text-ink" : "border-line text-ink-muted")}
    >
      <span aria-hidden className="h-0.5 w-3 shrink-0 rounded" style={{ background: shown ? seriesVariable(color) : "var(--line-strong)" }} />
      {label}
    </button>
  );
}

/** Those of all options that were computed. Each has its colour by its place, whatever else is shown. */
function everyCurve({ options }: Preview): Curve[] {
  return options.flatMap((option, place) => (option.points.length > 0 ? [{ label: optionTitle(option), color: option.action ? place - 1 : NOTHING_COLOR, points: option.points }] : []));
}

function firstShown(preview: Preview, proposal: PreviewOption | undefined): string[] {
  return [doingNothing(preview), proposal ?? best(preview)].flatMap((option) => (option ? [optionTitle(option)] : []));
}

/** The charts for those who cannot see them. */
function summary(metric: CurveMetric, curves: readonly Curve[], horizonS: number): string {
  const ends = curves.map(({ label, points }) => `${label}: ${formatMetric(metric, bandOf(metric, points.at(-1))?.mid)}`);
  return `${TITLES[metric]} over the next ${formatWholeDuration(horizonS)}. At the end: ${ends.length > 0 ? ends.join(", ") : "nothing is chosen"}.`;
}
