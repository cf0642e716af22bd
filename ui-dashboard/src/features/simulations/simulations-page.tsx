"use client";

import { Boxes, FileUp, Plus } from "lucide-react";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import { formatCount, plural } from "@/format/format";
import { chosenSimulation } from "@/rpc/simulation";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { Table } from "@/ui/table";
import { CreateForm } from "./create-form";
import { RestoreForm } from "./restore-form";
import { isAlive } from "./simulation-words";
import { SimulationLine } from "./simulation-line";
import { useSimulations } from "./use-simulations";

const COLUMNS = [
  { key: "name", label: "Simulation" },
  { key: "status", label: "Status" },
  { key: "scenario", label: "Scenario" },
  { key: "time", label: "Simulated time" },
  { key: "speed", label: "Speed", numeric: true },
  { key: "replicas", label: "Replicas", numeric: true },
  { key: "from", label: "Comes from" },
  { key: "do", label: "What can be done", numeric: true },
] as const;

/** The simulations of the engine, and how there come to be more of them. */
export function SimulationsPage() {
  const { data, isPending, isError, error, refetch } = useSimulations();
  const [adding, setAdding] = useQueryState("add", parseAsStringLiteral(["new", "file"]));
  const [chosen] = useState(chosenSimulation);
  const simulations = data?.simulations ?? [];
  const taken = simulations.map(({ id }) => id);
  const replicas = simulations.reduce((sum, simulation) => sum + (isAlive(simulation) ? Number(simulation.replicas) : 0), 0);
  const close = () => void setAdding(null);
  return (
    <div className="flex flex-col gap-4" aria-busy={isPending}>
      <h1 className="sr-only">Simulations</h1>
      {adding === "new" && <CreateForm taken={taken} onClose={close} />}
      {adding === "file" && <RestoreForm taken={taken} onClose={close} />}
      <Card
        flush
        title="Simulations"
        hint={data && `${plural(simulations.length, "simulation")}, ${formatCount(replicas)} replicas computed`}
        actions={
          <>
            <Button size="sm" aria-pressed={adding === "file"} onClick={() => void setAdding(adding === "file" ? null : "file")}>
              <FileUp aria-hidden className="size-3.5" />
              Restore
            </Button>
            <Button size="sm" tone="primary" aria-pressed={adding === "new"} onClick={() => void setAdding(adding === "new" ? null : "new")}>
              <Plus aria-hidden className="size-3.5" />
              New
            </Button>
          </>
        }
      >
        {isPending && <SkeletonRows rows={3} label="Loading simulations" />}
        {isError && !data && <ErrorState error={error} what="The simulations could not be loaded." onRetry={() => void refetch()} />}
        {data && simulations.length === 0 && (
          <EmptyState icon={Boxes} title="There are no simulations">
            Create one from a scenario.
          </EmptyState>
        )}
        {simulations.length > 0 && (
          <Table label="Simulations" columns={COLUMNS}>
            {simulations.map((simulation) => (
              <SimulationLine key={simulation.id} simulation={simulation} taken={taken} shown={simulation.id === chosen} />
            ))}
          </Table>
        )}
      </Card>
    </div>
  );
}
