"use client";

import { Code, ConnectError } from "@connectrpc/connect";
import { type FormEvent } from "react";
import { Button } from "@/ui/button";
import { Field, TextInput } from "@/ui/field";
import type { Span } from "./past";

/** Ticks of a simulated minute, as long as no run has told. */
const TICKS_A_MINUTE = 1_200;
const USUAL_MIN = 30;

/** A run that is too long to be computed as a whole: its beginning may not be. */
export function FirstPart({ error, onShow }: { error: unknown; onShow: (part: Span) => void }) {
  if (ConnectError.from(error).code !== Code.ResourceExhausted) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const minutes = Number(new FormData(event.currentTarget).get("minutes"));
    if (Number.isFinite(minutes) && minutes > 0) onShow({ from: 0, to: Math.round(minutes * TICKS_A_MINUTE) });
  };
  return (
    <form onSubmit={submit} className="mx-auto flex max-w-xs items-end gap-2">
      <Field label="First minutes of the run">
        <TextInput name="minutes" inputMode="decimal" defaultValue={USUAL_MIN} />
      </Field>
      <Button type="submit">Look at them</Button>
    </form>
  );
}
