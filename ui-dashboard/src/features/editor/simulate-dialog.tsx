"use client";

import { useMutation, useQuery, useTransport } from "@connectrpc/connect-query";
import { Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { parseSeed } from "@/features/simulation/reset-dialog";
import { SPEEDS } from "@/features/simulation/speed-select";
import { idOfSimulation, simulationIdProblem } from "@/features/simulations/simulation-ids";
import { formatSpeed, plural } from "@/format/format";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { patiently } from "@/rpc/patient";
import { chooseSimulation } from "@/rpc/simulation";
import { errorSentence } from "@/rpc/transport";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select, TextInput } from "@/ui/field";
import { useOpenDraft } from "./use-draft";

/** Starts a simulation of the draft, and goes to it. */
export function SimulateButton() {
  const { draft, verdict } = useOpenDraft();
  const [open, setOpen] = useState(false);
  const wrong = verdict.problems.length;
  return (
    <>
      <Button tone="primary" disabled={wrong > 0} title={wrong > 0 ? `Mend ${plural(wrong, "problem")} first` : "Start a simulation of this cloud"} onClick={() => setOpen(true)}>
        <Play aria-hidden className="size-3.5" />
        Simulate…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Simulate ${draft.name}`} description="A simulation of its own, beside those that run. This tab then shows it.">
        {open && <SimulateForm onClose={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function SimulateForm({ onClose }: { onClose: () => void }) {
  const { draft } = useOpenDraft();
  const { data } = useQuery(SimulationService.method.list, {});
  const taken = (data?.simulations ?? []).map(({ id }) => id);
  const [typed, setTyped] = useState<string>();
  const [problems, setProblems] = useState<{ readonly id?: string; readonly seed?: string }>({});
  const id = typed ?? idOfSimulation(draft.name, taken);
  const create = useMutation(SimulationService.method.create, { transport: patiently(useTransport()), onSuccess: ({ simulation }) => chooseSimulation(simulation?.id ?? id, "/topology/") });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const seedText = String(form.get("seed") ?? "").trim();
    const seed = seedText === "" ? undefined : parseSeed(seedText);
    const next = { id: simulationIdProblem(id, taken), seed: seedText !== "" && seed === undefined ? "Write a whole number." : undefined };
    setProblems(next);
    if (next.id !== undefined || next.seed !== undefined) return;
    const request = { simulationId: id, displayName: draft.name, source: { case: "bundle", value: { name: draft.name, files: { ...draft.files } } }, speed: Number(form.get("speed")), autostart: true } as const;
    create.mutate(seed === undefined ? request : { ...request, seed });
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <Field label="Id" hint="a to z, 0 to 9 and “-”." error={problems.id}>
        <TextInput value={id} spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
      </Field>
      <div className="grid grid-cols-2 items-start gap-3">
        <Field label="Speed">
          <Select name="speed" defaultValue={1}>
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>
                {formatSpeed(speed)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Seed" hint="Empty: the scenario's." error={problems.seed}>
          <TextInput name="seed" inputMode="numeric" />
        </Field>
      </div>
      {create.isError && (
        <p role="alert" className="text-xs text-critical">
          {errorSentence(create.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Not now</Button>
        <Button tone="primary" type="submit" busy={create.isPending || create.isSuccess}>
          Start it
        </Button>
      </div>
    </form>
  );
}
