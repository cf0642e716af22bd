"use client";

import { useQuery } from "@connectrpc/connect-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { parseSeed } from "@/features/simulation/reset-dialog";
import { byFamily } from "@/features/simulation/scenario-families";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field, Select, TextInput } from "@/ui/field";
import { NewFields, readNewFields } from "./new-fields";
import { idOfSimulation, simulationIdProblem } from "./simulation-ids";
import { useAct } from "./use-simulations";

/** A simulation of a scenario of the engine. */
export function CreateForm({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const { data } = useQuery(ControlService.method.listScenarios);
  const families = byFamily(data?.scenarios ?? []);
  const [chosen, setChosen] = useState<string>();
  const [typed, setTyped] = useState<string>();
  const [problems, setProblems] = useState<{ readonly id?: string; readonly seed?: string }>({});
  const create = useAct(SimulationService.method.create, "No simulation was created.", (_, { simulation }) => `${simulation?.displayName ?? "The simulation"} is there`);
  const scenario = chosen ?? families[0]?.members[0]?.name ?? "";
  const id = typed ?? idOfSimulation(scenario, taken);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const seedText = String(form.get("seed") ?? "").trim();
    const seed = seedText === "" ? undefined : parseSeed(seedText);
    const next = { id: simulationIdProblem(id, taken), seed: seedText !== "" && seed === undefined ? "Write a whole number." : undefined };
    setProblems(next);
    if (next.id !== undefined || next.seed !== undefined) return;
    create.run({ simulationId: id, source: { case: "scenario", value: scenario }, ...readNewFields(form), ...(seed !== undefined && { seed }) }, onClose);
  };

  return (
    <Card title="New simulation" hint="beside those that there are">
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <div className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-3">
          <Field label="Scenario" hint={data?.scenarios.find(({ name }) => name === scenario)?.description}>
            <Select value={scenario} disabled={families.length === 0} onChange={(event) => setChosen(event.target.value)}>
              {families.map(({ family, title, members }) => (
                <optgroup key={family} label={title}>
                  {members.map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
                </optgroup>
              ))}
            </Select>
          </Field>
          <Field label="Seed" hint="Empty: the scenario's." error={problems.seed}>
            <TextInput name="seed" inputMode="numeric" />
          </Field>
          <NewFields id={id} problem={problems.id} onId={setTyped} />
        </div>
        <div className="flex flex-wrap items-center justify-end gap-2">
          <Link href="/topology/edit/" className="mr-auto rounded text-[13px] text-accent-ink hover:underline">
            Draw a cloud of your own instead
          </Link>
          <Button onClick={onClose}>Not now</Button>
          <Button tone="primary" type="submit" busy={create.busy} disabled={scenario === ""}>
            Create
          </Button>
        </div>
      </form>
    </Card>
  );
}
