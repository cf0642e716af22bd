"use client";

import { type FormEvent, useState } from "react";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { NewFields, readNewFields } from "./new-fields";
import { idOfSimulation, simulationIdProblem } from "./simulation-ids";
import { useAct } from "./use-simulations";

interface ForkDialogProps {
  readonly open: boolean;
  readonly simulation: Simulation;
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

/** Asks what the copy is to be called. */
export function ForkDialog({ open, simulation, taken, onClose }: ForkDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onClose} title={`Fork ${simulation.displayName}`} description="An exact copy as it is now: cloud, faults, actions under way, chance. From there each goes its own way.">
      {open && <ForkForm simulation={simulation} taken={taken} onClose={onClose} />}
    </Dialog>
  );
}

function ForkForm({ simulation, taken, onClose }: Omit<ForkDialogProps, "open">) {
  const [typed, setTyped] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const fork = useAct(SimulationService.method.fork, `${simulation.id} was not forked.`, (_, answer) => `${answer.simulation?.displayName ?? "The fork"} is there`);
  const id = typed ?? idOfSimulation(`${simulation.id}-fork`, taken);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wrong = simulationIdProblem(id, taken);
    setProblem(wrong);
    if (wrong === undefined) fork.run({ simulationId: simulation.id, forkId: id, ...readNewFields(new FormData(event.currentTarget)) }, onClose);
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4 whitespace-normal">
      <NewFields id={id} problem={problem} onId={setTyped} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Not now</Button>
        <Button tone="primary" type="submit" busy={fork.busy}>
          Fork
        </Button>
      </div>
    </form>
  );
}
