"use client";

import { type FormEvent, useState } from "react";
import { formatBytes } from "@/format/format";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field } from "@/ui/field";
import { NewFields, readNewFields } from "./new-fields";
import { idOfSimulation, simulationIdProblem } from "./simulation-ids";
import { useAct } from "./use-simulations";

/** What the engine takes. */
const MAX_RECORDING_BYTES = 960 * 1_024;

/** A simulation that stands where a recording ends. */
export function RestoreForm({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const [file, setFile] = useState<File>();
  const [typed, setTyped] = useState<string>();
  const [problems, setProblems] = useState<{ readonly id?: string; readonly file?: string }>({});
  const restore = useAct(SimulationService.method.restore, "The recording was not restored.", (_, { simulation }) => `${simulation?.displayName ?? "The simulation"} stands where the recording ends`);
  const id = typed ?? idOfSimulation(file?.name.replace(/\.mcr$/, "") ?? "restored", taken);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = { id: simulationIdProblem(id, taken), file: fileProblem(file) };
    setProblems(next);
    if (!file || next.id !== undefined || next.file !== undefined) return;
    const recording = new Uint8Array(await file.arrayBuffer());
    restore.run({ simulationId: id, recording, ...readNewFields(form) }, onClose);
  };

  return (
    <Card title="Restore a recording" hint="computed again, and compared">
      <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-4">
        <div className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-3">
          <Field label="Recording" hint={file ? formatBytes(file.size) : "A file that ends in .mcr, of this page or of “microcloud run --out”."} error={problems.file}>
            <input type="file" accept=".mcr" className="text-xs file:mr-3 file:h-8 file:rounded-md file:border file:border-line file:bg-surface file:px-3 file:text-ink" onChange={(event) => setFile(event.target.files?.[0])} />
          </Field>
          <NewFields id={id} problem={problems.id} onId={setTyped} />
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button tone="primary" type="submit" busy={restore.busy}>
            Restore
          </Button>
        </div>
      </form>
    </Card>
  );
}

function fileProblem(file: File | undefined): string | undefined {
  if (!file) return "Choose a recording.";
  return file.size > MAX_RECORDING_BYTES ? `It has ${formatBytes(file.size)}; at most ${formatBytes(MAX_RECORDING_BYTES)} are taken here. “microcloud replay” reads larger ones.` : undefined;
}
