"use client";

import { Download, FileUp, GitBranch } from "lucide-react";
import Link from "next/link";
import { useCallback, useMemo, useState } from "react";
import { formatClock, formatCount } from "@/format/format";
import { BLIND_SENTENCE, isBlind } from "@/features/cloud/blind";
import { isAlive, statusLook } from "@/features/simulations/simulation-words";
import { useAct } from "@/features/simulations/use-simulations";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { saveFile } from "@/ui/save-file";
import { ErrorState, Skeleton } from "@/ui/states";
import { BranchDialog } from "./branch-dialog";
import { partingOf } from "./compare";
import { CompareSelect } from "./compare-select";
import { CompareTable } from "./compare-table";
import { Figures } from "./figures";
import { Legend } from "./lanes";
import { frameAt, momentOf } from "./moment";
import { MomentBanner } from "./moment-banner";
import { type Past, secondsOf } from "./past";
import { PastCharts } from "./past-charts";
import { PastEvents } from "./past-events";
import { PastMap } from "./past-map";
import { Player } from "./player";
import { stretched } from "./replay-params";
import { Scrubber } from "./scrubber";
import type { Replay, Watched } from "./use-replay";

/** A run, and perhaps another one beside it, at a moment. */
export function ReplayView({ replay, watched }: { replay: Replay; watched: Watched }) {
  const { at, span, end, ticks, beside, main, other, service, seek, show, drawService } = replay;
  const partner = other === null ? undefined : beside.watched;
  const runs = useMemo(() => (partner ? [watched, partner] : [watched]), [watched, partner]);
  const pasts = useMemo(() => runs.map(({ past }) => past), [runs]);
  const moments = useMemo(() => runs.map(({ past, events }) => momentAt(past, events, at)), [runs, at]);
  const parting = partner ? partingOf(watched.past.simulation, partner.past.simulation) : ownParting(watched.past);
  const stretch = useCallback((from: number, to: number) => show(stretched(from, to, end)), [show, end]);
  const two = runs.length > 1;
  return (
    <>
      <MomentBanner past={watched.past} loadedTo={main.whole?.to ?? end} at={at} present={replay.present} isLoading={main.isFetching} onReload={() => void main.refetch()} />
      <Card title={`Run of ${watched.past.simulation.displayName}`} hint={<RunHint past={watched.past} />} className="[&>header]:flex-wrap" actions={<Tools replay={replay} past={watched.past} />}>
        <div className="flex flex-col gap-7" aria-busy={main.isFetching}>
          <Scrubber runs={runs} span={span} ticks={ticks} at={at} parting={parting} onSeek={seek} />
          <div className="flex flex-col gap-3">
            <Player replay={replay} runs={runs} />
            <Legend parting={parting === undefined ? undefined : formatClock(secondsOf(watched.past, parting))} two={two} />
          </div>
        </div>
        {main.error !== undefined && main.error !== null && <ErrorState error={main.error} what="This part could not be computed." onRetry={() => void main.retry?.()} />}
      </Card>
      {other !== null && !partner && (beside.error !== undefined && beside.error !== null ? <ErrorState error={beside.error} what={`The past of ${other} could not be computed.`} onRetry={() => void beside.retry?.()} /> : <Skeleton className="h-24 w-full" />)}
      <Figures moments={runs.map(({ past }, i) => ({ name: past.simulation.displayName, moment: moments[i] }))} />
      <div className={cx("grid gap-4", two ? "xl:grid-cols-2" : "xl:grid-cols-[minmax(0,3fr)_minmax(0,1fr)]")}>
        {runs.map((run, i) => (
          <PastMap key={run.past.simulation.id} past={run.past} moment={moments[i]} at={at} service={service} onService={drawService} />
        ))}
        {runs.map((run) => (
          <PastEvents key={run.past.simulation.id} run={run} at={at} beside={!two} onSeek={seek} />
        ))}
      </div>
      {partner && <CompareTable one={watched.past} other={partner.past} />}
      <PastCharts pasts={pasts} span={span} at={at} parting={parting} service={service} onSeek={seek} onStretch={stretch} onService={drawService} />
    </>
  );
}

function momentAt(past: Past, events: Watched["events"], at: number) {
  const frame = frameAt(past, at);
  return frame && momentOf(frame, events, at);
}

/** A fork by itself shows where it left the run that it comes from. */
function ownParting({ simulation: { forkedFrom } }: Past): number | undefined {
  return forkedFrom === undefined ? undefined : Number(forkedFrom.tick);
}

function RunHint({ past: { simulation } }: { past: Past }) {
  const { word, tone } = statusLook(simulation.status);
  return (
    <span className="inline-flex items-center gap-2">
      <Badge tone={tone}>{word}</Badge>
      {simulation.state && `scenario ${simulation.state.scenario}, tick ${formatCount(simulation.state.tick)}`}
    </span>
  );
}

function Tools({ replay, past }: { replay: Replay; past: Past }) {
  const [branching, setBranching] = useState(false);
  const { simulation } = past;
  const save = useAct(SimulationService.method.save, `${simulation.id} was not saved.`, (_, { tick }) => `${simulation.id} is recorded up to tick ${formatCount(tick)}`);
  // To try it out in a branch, or to see how it goes on elsewhere, would spoil it.
  if (isBlind(simulation.state)) return <span className="text-xs text-ink-muted">{BLIND_SENTENCE}</span>;
  return (
    <div className="flex flex-wrap items-center justify-end gap-1.5">
      <CompareSelect simulation={simulation} value={replay.other} onChange={replay.compareWith} />
      <Button tone="primary" onClick={() => setBranching(true)}>
        <GitBranch aria-hidden className="size-4" />
        Branch here…
      </Button>
      <Button size="icon" aria-label="Save a recording of this run" title={isAlive(simulation) ? "Save a recording" : "Start it first: what is stopped cannot be saved"} busy={save.busy} disabled={!isAlive(simulation)} onClick={() => save.run({ simulationId: simulation.id }, ({ recording }) => saveFile(`${simulation.id}.mcr`, recording, "application/octet-stream"))}>
        <Download aria-hidden className="size-4" />
      </Button>
      <Link href="/simulations/?add=file" aria-label="Restart from a recording" title="Restart from a recording" className="grid size-8 place-items-center rounded-md border border-line hover:bg-raised">
        <FileUp aria-hidden className="size-4" />
      </Link>
      <BranchDialog open={branching} past={past} at={replay.at} onClose={() => setBranching(false)} />
    </div>
  );
}
