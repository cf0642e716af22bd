"use client";

import { ArrowRight, Columns2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { formatClock } from "@/format/format";
import { NewFields, readNewFields } from "@/features/simulations/new-fields";
import { idOfSimulation, simulationIdProblem } from "@/features/simulations/simulation-ids";
import { useAct, useSimulations } from "@/features/simulations/use-simulations";
import type { Simulation } from "@/gen/sim/v1/simulation_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { type Past, secondsOf } from "./past";

interface BranchDialogProps {
  readonly open: boolean;
  readonly past: Past;
  readonly at: number;
  readonly onClose: () => void;
}

/** A simulation that leaves this run at the moment. Nothing happens to the run itself. */
export function BranchDialog({ open, past, at, onClose }: BranchDialogProps) {
  const when = formatClock(secondsOf(past, at));
  return (
    <Dialog
      open={open}
      onOpenChange={onClose}
      title={`Branch ${past.simulation.displayName} at ${when}`}
      description="A simulation of its own that has everything in common with this run up to here: cloud, faults, actions under way, chance. What you do in it from here on is up to you; this run does not notice."
    >
      {open && <BranchForm past={past} at={at} onClose={onClose} />}
    </Dialog>
  );
}

function BranchForm({ past: { simulation }, at, onClose }: Omit<BranchDialogProps, "open">) {
  const { data } = useSimulations();
  const [typed, setTyped] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [branch, setBranch] = useState<Simulation>();
  const fork = useAct(SimulationService.method.fork, "The branch was not made.", (_, answer) => `${answer.simulation?.displayName ?? "The branch"} is there`);
  const taken = data?.simulations.map(({ id }) => id) ?? [];
  const id = typed ?? idOfSimulation(`${simulation.id}-branch`, taken);
  if (branch) return <Made branch={branch} from={simulation} onClose={onClose} />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wrong = simulationIdProblem(id, taken);
    setProblem(wrong);
    if (wrong === undefined) fork.run({ simulationId: simulation.id, forkId: id, atTick: BigInt(at), ...readNewFields(new FormData(event.currentTarget)) }, (answer) => setBranch(answer.simulation));
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <NewFields id={id} problem={problem} onId={setTyped} />
      {fork.error !== undefined && (
        <p role="alert" className="text-xs text-critical">
          {fork.error}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Not now</Button>
        <Button tone="primary" type="submit" busy={fork.busy}>
          Branch here
        </Button>
      </div>
    </form>
  );
}

/** It is there: what now? */
function Made({ branch, from, onClose }: { branch: Simulation; from: Simulation; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <p className="text-[13px]">
        <span className="font-medium">{branch.displayName}</span> is there. To work in it makes this tab be about it; the choice is in the bar on top.
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Stay here</Button>
        <Button onClick={() => chooseSimulation(branch.id, `/replay/?with=${encodeURIComponent(from.id)}`)}>
          <Columns2 aria-hidden className="size-4" />
          Compare them
        </Button>
        <Button tone="primary" onClick={() => chooseSimulation(branch.id, "/topology/")}>
          Work in the branch
          <ArrowRight aria-hidden className="size-4" />
        </Button>
      </div>
    </div>
  );
}
