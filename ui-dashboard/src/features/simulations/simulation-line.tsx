"use client";

import { Download, GitFork, History, Pause, Play, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import { formatCount, formatSimulatedDateTime, formatSpeed, formatWallTime, NO_DATA } from "@/format/format";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import { chooseSimulation, DEFAULT_SIMULATION } from "@/rpc/simulation";
import { Badge } from "@/ui/badge";
import { Button, type ButtonProps } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { saveFile } from "@/ui/save-file";
import { Cell, HeadCell } from "@/ui/table";
import { ForkDialog } from "./fork-dialog";
import { isAlive, statusLook } from "./simulation-words";
import { useAct } from "./use-simulations";

interface SimulationLineProps {
  readonly simulation: Simulation;
  readonly taken: readonly string[];
  /** This tab is about it. */
  readonly shown: boolean;
}

export function SimulationLine({ simulation, taken, shown }: SimulationLineProps) {
  const { id, displayName, status, failure, state, replicas, forkedFrom, createdAt } = simulation;
  const look = statusLook(status);
  return (
    <tr data-testid={`simulation-${id}`}>
      <HeadCell>
        <span className="flex items-center gap-2" title={createdAt && `Created at ${formatWallTime(createdAt)}`}>
          {displayName}
          {displayName !== id && <span className="font-mono text-xs font-normal text-ink-muted">{id}</span>}
          {shown && <Badge tone="accent">shown here</Badge>}
        </span>
      </HeadCell>
      <Cell>
        <Badge tone={look.tone}>{look.word}</Badge>
        {failure !== "" && <span className="ml-2 inline-block max-w-64 truncate align-middle text-xs text-critical" title={failure}>{failure}</span>}
      </Cell>
      <Cell>{state?.scenario ?? NO_DATA}</Cell>
      <Cell className="text-xs">{formatSimulatedDateTime(state?.time)}</Cell>
      <Cell numeric>{formatSpeed(state?.speed)}</Cell>
      <Cell numeric>{formatCount(replicas)}</Cell>
      <Cell className="text-xs text-ink-muted">{forkedFrom ? `${forkedFrom.simulationId}, tick ${formatCount(forkedFrom.tick)}` : ""}</Cell>
      <Cell numeric>
        <Acts simulation={simulation} taken={taken} shown={shown} />
      </Cell>
    </tr>
  );
}

function Acts({ simulation, taken, shown }: SimulationLineProps) {
  const { id, status } = simulation;
  const { start, pause, stop, save } = SimulationService.method;
  const begin = useAct(start, `${id} was not started.`, () => `${id} runs`);
  const rest = useAct(pause, `${id} was not paused.`, () => `${id} is paused`);
  const end = useAct(stop, `${id} was not stopped.`, () => `${id} is stopped; Start goes on where it was`);
  const record = useAct(save, `${id} was not saved.`, (_, { tick }) => `${id} is recorded up to tick ${formatCount(tick)}`);
  const [asking, setAsking] = useState<"fork" | "delete">();
  const alive = isAlive(simulation);
  const runs = status === SimulationStatus.RUNNING;
  return (
    <span className="inline-flex items-center gap-1">
      {!shown && (
        <Button size="sm" onClick={() => chooseSimulation(id)} aria-label={`Show ${id} in this tab`}>
          Show
        </Button>
      )}
      <Tool label={`Look at the past of ${id}`} icon={History} onClick={() => chooseSimulation(id, "/replay/")} />
      {runs ? <Tool label={`Pause ${id}`} icon={Pause} busy={rest.busy} onClick={() => rest.run({ simulationId: id })} /> : <Tool label={`Start ${id}`} icon={Play} busy={begin.busy} onClick={() => begin.run({ simulationId: id })} />}
      <Tool label={`Stop ${id}`} icon={Square} busy={end.busy} disabled={!alive} onClick={() => end.run({ simulationId: id })} />
      <Tool label={`Fork ${id}`} icon={GitFork} disabled={!alive} onClick={() => setAsking("fork")} />
      <Tool
        label={`Save a recording of ${id}`}
        icon={Download}
        busy={record.busy}
        disabled={!alive}
        onClick={() => record.run({ simulationId: id }, ({ recording }) => saveFile(`${id}.mcr`, recording, "application/octet-stream"))}
      />
      <Tool label={`Delete ${id}`} icon={Trash2} tone="danger" disabled={id === DEFAULT_SIMULATION} title={id === DEFAULT_SIMULATION ? "The one that the engine starts by itself stays" : undefined} onClick={() => setAsking("delete")} />
      <ForkDialog open={asking === "fork"} simulation={simulation} taken={taken} onClose={() => setAsking(undefined)} />
      <DeleteDialog open={asking === "delete"} simulation={simulation} shown={shown} onClose={() => setAsking(undefined)} />
    </span>
  );
}

function Tool({ label, icon: Icon, ...rest }: ButtonProps & { label: string; icon: typeof Play }) {
  return (
    <Button size="icon" className="!size-7" aria-label={label} title={label} {...rest}>
      <Icon aria-hidden className="size-3.5" />
    </Button>
  );
}

function DeleteDialog({ open, simulation: { id, displayName }, shown, onClose }: { open: boolean; simulation: Simulation; shown: boolean; onClose: () => void }) {
  const remove = useAct(SimulationService.method.delete, `${id} was not deleted.`, () => `${id} is deleted`);
  const confirm = () =>
    remove.run({ simulationId: id }, () => {
      onClose();
      if (shown) chooseSimulation(DEFAULT_SIMULATION);
    });
  return (
    <Dialog open={open} onOpenChange={onClose} title={`Delete ${displayName}?`} description="Its run, its telemetry and its open incidents end with it. Incidents and actions stay as history. This cannot be undone; save a recording first to have it again.">
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button tone="danger" busy={remove.busy} onClick={confirm}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}
