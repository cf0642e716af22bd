"use client";

import { Download, FileUp, GitBranch } from "lucide-react";
import Link from "next/link";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { formatClock, formatCount } from "@/format/format";
import { BLIND_SENTENCE, isBlind } from "@/features/cloud/blind";
import { isAlive, statusLook } from "@/features/simulations/simulation-words";
import { useAct } from "@/features/simulations/use-simulations";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { saveFile } from "@/ui/save-file";
import { ErrorState, Skeleton } from "@/ui/states";
import { BranchDialog } from "./branch-dialog";
import { partingOf } from "./compare";
import { CompareSelect } from "./compare-select";
import { Legend } from "./lanes";
import { MomentBanner } from "./moment-banner";
import { MomentStage } from "./moment-stage";
import { type Past, secondsOf } from "./past";
import { Player } from "./player";
import { stretched } from "./replay-params";
import { Scrubber } from "./scrubber";
import type { Replay, Watched } from "./use-replay";

/** A run, and perhaps another one beside it, at a moment. */
export function ReplayView({ replay, watched }: { replay: Replay; watched: Watched }) {
  const { at, span, end, ticks, beside, main, other, service, seek, show, drawService, compareWith } = replay;
  const partner = other === null ? undefined : beside.watched;
  const runs = useMemo(() => (partner ? [watched, partner] : [watched]), [watched, partner]);
  const parting = partner ? partingOf(watched.past.simulation, partner.past.simulation) : ownParting(watched.past);
  const stretch = useCallback((from: number, to: number) => show(stretched(from, to, end)), [show, end]);
  // Whoever drags does not wait for the maps.
  const shown = useDeferredValue(at);
  return (
    <>
      <MomentBanner past={watched.past} loadedTo={main.whole?.to ?? end} at={at} present={replay.present} isLoading={main.isFetching} onReload={() => void main.refetch()} />
      <Card title={`Run of ${watched.past.simulation.displayName}`} hint={<RunHint past={watched.past} />} className="[&>header]:flex-wrap" actions={<Tools replay={replay} past={watched.past} />}>
        <div className="flex flex-col gap-7" aria-busy={main.isFetching}>
          <Scrubber runs={runs} span={span} ticks={ticks} at={at} parting={parting} onSeek={seek} />
          <div className="flex flex-col gap-3">
            <Player replay={replay} runs={runs} />
            <Legend parting={parting === undefined ? undefined : formatClock(secondsOf(watched.past, parting))} parent={partner ? undefined : watched.past.simulation.forkedFrom?.simulationId} onCompare={compareWith} />
          </div>
        </div>
        {main.error !== undefined && main.error !== null && <ErrorState error={main.error} what="This part could not be computed." onRetry={() => void main.retry?.()} />}
      </Card>
      {other !== null && !partner && (beside.error !== undefined && beside.error !== null ? <ErrorState error={beside.error} what={`The past of ${other} could not be computed.`} onRetry={() => void beside.retry?.()} /> : <Skeleton className="h-24 w-full" />)}
      <MomentStage runs={runs} span={span} at={shown} parting={parting} service={service} onSeek={seek} onStretch={stretch} onService={drawService} />
    </>
  );
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
      <Button tone="primary" disabled={replay.at > (replay.main.whole?.to ?? 0)} onClick={() => setBranching(true)}>
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
