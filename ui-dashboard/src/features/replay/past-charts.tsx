"use client";

import dynamic from "next/dynamic";
import { memo, useCallback, useMemo } from "react";
import { formatClock, formatMetric, METRICS } from "@/format/format";
import { OBJECTIVES } from "@/features/cloud/objectives";
import { Card } from "@/ui/card";
import { Select } from "@/ui/field";
import { Skeleton } from "@/ui/states";
import { type Charted, CHARTED, lineOf, MOST_FAILED_PCT } from "./lines";
import { type Past, secondsOf, type Span, tickOf } from "./past";
import { LEFT_PX, RIGHT_PX, RUN_COLORS, type RunLine } from "./past-options";
import { seriesVariable } from "@/features/charts/palette";
import { shareOf } from "./scrubber";

/** The charting library is not part of the first load. */
const PastPlot = dynamic(() => import("./past-plot"), { ssr: false, loading: () => <Skeleton className="h-full w-full" /> });

const HEIGHT = 180;
const OF_USERS: Readonly<Record<Charted, string>> = { request_rate: "Requests of users", error_rate: "Requests of users that fail", latency_p99: "p99 at the worst door", cpu_usage: "CPU of the busiest service" };
const LIMITS: Readonly<Partial<Record<Charted, number>>> = { error_rate: MOST_FAILED_PCT, latency_p99: OBJECTIVES.latency_p99?.warning };

interface PastChartsProps {
  readonly pasts: readonly Past[];
  readonly span: Span;
  readonly at: number;
  readonly parting: number | undefined;
  readonly service: string | null;
  readonly onSeek: (tick: number) => void;
  readonly onStretch: (from: number, to: number) => void;
  readonly onService: (id: string | null) => void;
}

/** The main numbers over the whole part, of one run or of two, with the moment in them. */
export function PastCharts({ pasts, span, at, parting, service, onSeek, onStretch, onService }: PastChartsProps) {
  const first = pasts[0];
  const known = useMemo(() => [...new Set([service, ...pasts.flatMap(({ frames }) => frames.at(-1)?.map?.services ?? [])])].filter((id) => id !== null).sort(), [pasts, service]);
  return (
    <section aria-label="Over the time of the run" className="flex flex-col gap-3">
      <div className="flex min-h-7 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-muted">
        {pasts.length > 1 && pasts.map(({ simulation }, i) => <RunKey key={simulation.id} name={simulation.displayName} place={i} />)}
        <Select aria-label="What is drawn" className="max-w-56" value={service ?? ""} onChange={(event) => onService(event.target.value === "" ? null : event.target.value)}>
          <option value="">What users got</option>
          {known.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </Select>
        <span>Press a chart to go there, drag over it to look closer.</span>
      </div>
      <div className="grid gap-4 md:grid-cols-2">
        {CHARTED.map((metric) => (
          <Card key={metric} flush title={service === null ? OF_USERS[metric] : `${METRICS[metric].label} of ${service}`} hint={METRICS[metric].unit}>
            <div className="relative p-2 pr-3">
              <div className="relative">
                <Chart metric={metric} pasts={pasts} span={span} parting={parting} service={service} onSeek={onSeek} onStretch={onStretch} />
                {first && <Cursor share={shareOf(at, span)} />}
              </div>
            </div>
          </Card>
        ))}
      </div>
    </section>
  );
}

function Cursor({ share }: { share: number }) {
  return <span aria-hidden className="pointer-events-none absolute top-2 bottom-6 -ml-px w-0.5 bg-ink/60" style={{ left: `calc(${LEFT_PX}px + (100% - ${LEFT_PX + RIGHT_PX}px) * ${share})` }} />;
}

function RunKey({ name, place }: { name: string; place: number }) {
  return (
    <span className="flex items-center gap-1.5 text-ink">
      <svg aria-hidden width="24" height="4">
        <line x1="0" y1="2" x2="24" y2="2" strokeWidth="2" stroke={seriesVariable(RUN_COLORS[place] ?? place)} strokeDasharray={place === 0 ? undefined : "6 4"} />
      </svg>
      {name}
    </span>
  );
}

/** Drawn anew when the runs change, not when the moment does. */
const Chart = memo(function Chart({ metric, pasts, span, parting, service, onSeek, onStretch }: Omit<PastChartsProps, "at" | "onService"> & { metric: Charted }) {
  const first = pasts[0];
  const runs = useMemo(() => pasts.map((past) => ({ name: past.simulation.displayName, line: lineOf(past, metric, service) })), [pasts, metric, service]);
  const instantsS = useMemo(() => (first && parting !== undefined ? [secondsOf(first, parting)] : []), [first, parting]);
  const pick = useCallback((seconds: number) => first && onSeek(tickOf(first, seconds)), [first, onSeek]);
  const stretch = useCallback((fromS: number, toS: number) => first && onStretch(tickOf(first, fromS), tickOf(first, toS)), [first, onStretch]);
  if (!first) return null;
  return (
    <div role="img" aria-label={summary(metric, runs, service)} style={{ height: HEIGHT }}>
      <PastPlot metric={metric} runs={runs} fromS={secondsOf(first, span.from)} toS={secondsOf(first, span.to)} limit={LIMITS[metric]} instantsS={instantsS} height={HEIGHT} onPick={pick} onStretch={stretch} />
    </div>
  );
});

/** The chart for those who cannot see it. */
function summary(metric: Charted, runs: readonly RunLine[], service: string | null): string {
  const what = service === null ? OF_USERS[metric] : `${METRICS[metric].label} of ${service}`;
  const highest = runs.map(({ name, line }) => {
    const value = Math.max(...line.values.map((one) => one ?? Number.NEGATIVE_INFINITY));
    return Number.isFinite(value) ? `${name} ${formatMetric(metric, value)} at ${formatClock(line.seconds[line.values.indexOf(value)])}` : `${name} no data`;
  });
  return `${what}. Highest: ${highest.join(", ")}.`;
}
