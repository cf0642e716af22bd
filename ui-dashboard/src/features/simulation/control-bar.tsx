"use client";

import { Pause, Play, StepForward } from "lucide-react";
import { formatCount, formatSimulatedDateTime } from "@/format/format";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { useIsInGame } from "@/features/game/use-in-game";
import { Button } from "@/ui/button";
import { EffectiveSpeed } from "./effective-speed";
import { ResetButton } from "./reset-dialog";
import { ScenarioSelect } from "./scenario-select";
import { SimulationSelect } from "./simulation-select";
import { SpeedSelect } from "./speed-select";
import { useControl } from "./use-control";

/** The simulation's clock and scenario, on every page. */
export function ControlBar() {
  const known = useCloud(({ simulation }) => simulation !== undefined);
  const inGame = useIsInGame();
  const playing = useCloud(({ simulation }) => simulation?.playing ?? false);
  const play = useControl(ControlService.method.play, "The clock was not started.");
  const pause = useControl(ControlService.method.pause, "The clock was not stopped.");
  const step = useControl(ControlService.method.step, "No step was made.");
  return (
    <div role="group" aria-label="Simulation" className="flex min-w-0 flex-1 items-center gap-1.5">
      <SimulationSelect />
      {inGame ? <span className="truncate px-1 text-[13px] text-ink-muted max-sm:hidden">Game day</span> : <ScenarioSelect />}
      {playing ? (
        <Button size="icon" aria-label="Pause the simulation" title="Pause" busy={pause.busy} onClick={() => pause.run({})}>
          <Pause aria-hidden className="size-4" />
        </Button>
      ) : (
        <Button size="icon" aria-label="Play the simulation" title="Play" disabled={!known} busy={play.busy} onClick={() => play.run({})}>
          <Play aria-hidden className="size-4" />
        </Button>
      )}
      <Button size="icon" aria-label="Step one tick" title={playing ? "Pause first, then step" : "Step one tick"} disabled={!known || playing} busy={step.busy} onClick={() => step.run({ ticks: 1 })}>
        <StepForward aria-hidden className="size-4" />
      </Button>
      <SpeedSelect />
      {!inGame && <ResetButton />}
      <Clock />
    </div>
  );
}

function Clock() {
  const simulation = useCalmCloud((state) => state.simulation);
  return (
    <div className="ml-2 hidden min-w-0 items-center gap-3 text-xs text-ink-muted xl:flex">
      <span className="whitespace-nowrap" title="Simulated time">
        {simulation ? formatSimulatedDateTime(simulation.time) : "no simulation heard of yet"}
      </span>
      {simulation && <span className="whitespace-nowrap">tick {formatCount(simulation.tick)}</span>}
      {simulation && <EffectiveSpeed simulation={simulation} />}
    </div>
  );
}
