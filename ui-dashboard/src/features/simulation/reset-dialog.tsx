"use client";

import { RotateCcw } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { useCloud } from "@/features/cloud/use-cloud";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextInput } from "@/ui/field";
import { useControl } from "./use-control";

const MAX_SEED = 2n ** 64n - 1n;

/** A whole number that fits into 64 bits, or nothing. */
export function parseSeed(text: string): bigint | undefined {
  if (!/^\d{1,20}$/.test(text.trim())) return undefined;
  const seed = BigInt(text.trim());
  return seed <= MAX_SEED ? seed : undefined;
}

/** Ends the run and begins a new one; open incidents end with it, so it asks first. */
export function ResetButton() {
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState<string>();
  const simulation = useCloud((state) => state.simulation);
  const { run, busy } = useControl(ControlService.method.reset, "No new run was begun.", ({ state }) => state && `A new run of ${state.scenario} began`);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const seed = parseSeed(String(new FormData(event.currentTarget).get("seed") ?? ""));
    if (seed === undefined) return setProblem("Write a whole number from 0 to 18446744073709551615.");
    run({ seed });
    setProblem(undefined);
    return setOpen(false);
  };

  return (
    <>
      <Button size="icon" aria-label="Reset the simulation" title="Reset" disabled={!simulation} busy={busy} onClick={() => setOpen(true)}>
        <RotateCcw aria-hidden className="size-4" />
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Begin a new run?" description={`${simulation?.scenario ?? "The scenario"} starts again at tick 0. Open incidents and waiting proposals of this run end with it.`}>
        <form onSubmit={submit} noValidate className="flex flex-col gap-4">
          <Field label="Seed" hint="The same seed gives the same run." error={problem}>
            <TextInput name="seed" inputMode="numeric" defaultValue={simulation?.seed.toString()} />
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>Keep this run</Button>
            <Button tone="primary" type="submit">
              Reset
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
