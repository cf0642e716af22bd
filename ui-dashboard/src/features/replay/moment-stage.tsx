"use client";

import { memo, useMemo } from "react";
import { cx } from "@/ui/class-names";
import { CompareTable } from "./compare-table";
import { Figures } from "./figures";
import { frameAt, type Moment, momentOf } from "./moment";
import type { Span } from "./past";
import { PastCharts } from "./past-charts";
import { PastEvents } from "./past-events";
import { PastMap } from "./past-map";
import type { Watched } from "./use-replay";

interface MomentStageProps {
  readonly runs: readonly Watched[];
  readonly span: Span;
  readonly at: number;
  readonly parting: number | undefined;
  readonly service: string | null;
  readonly onSeek: (tick: number) => void;
  readonly onStretch: (from: number, to: number) => void;
  readonly onService: (id: string | null) => void;
}

/** What there is to see of a moment: figures, maps, what had happened, and where it lies in the charts. */
export const MomentStage = memo(function MomentStage({ runs, span, at, parting, service, onSeek, onStretch, onService }: MomentStageProps) {
  const pasts = useMemo(() => runs.map(({ past }) => past), [runs]);
  const moments = useMemo(() => runs.map((run) => momentAt(run, at)), [runs, at]);
  const [one, other] = pasts;
  const two = runs.length > 1;
  return (
    <>
      <Figures moments={pasts.map(({ simulation }, i) => ({ name: simulation.displayName, moment: moments[i] }))} />
      <div className={cx("grid gap-4", two ? "xl:grid-cols-2" : "xl:grid-cols-[minmax(0,3fr)_minmax(0,1fr)]")}>
        {pasts.map((past, i) => (
          <PastMap key={past.simulation.id} past={past} moment={moments[i]} at={at} service={service} onService={onService} />
        ))}
        {runs.map((run) => (
          <PastEvents key={run.past.simulation.id} run={run} at={at} beside={!two} onSeek={onSeek} />
        ))}
      </div>
      {one && other && <CompareTable one={one} other={other} />}
      <PastCharts pasts={pasts} span={span} at={at} parting={parting} service={service} onSeek={onSeek} onStretch={onStretch} onService={onService} />
    </>
  );
});

function momentAt({ past, events }: Watched, at: number): Moment | undefined {
  const frame = frameAt(past, at);
  return frame && momentOf(frame, events, at);
}
