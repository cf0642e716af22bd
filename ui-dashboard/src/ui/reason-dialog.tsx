"use client";

import { type FormEvent, useState } from "react";
import { Button, type ButtonProps } from "./button";
import { Dialog } from "./dialog";
import { Field, TextArea } from "./field";

/** What the API accepts. */
const MAX_REASON_CHARS = 1_000;

export interface ReasonWords {
  readonly title: string;
  readonly description: string;
  readonly hint: string;
  readonly placeholder: string;
  readonly leave: string;
  readonly confirm: string;
}

interface ReasonDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly words: ReasonWords;
  readonly tone: NonNullable<ButtonProps["tone"]>;
  readonly onConfirm: (reason: string) => void;
}

/** Asks why before something is done that the next person will wonder about. */
export function ReasonDialog({ open, onOpenChange, words, tone, onConfirm }: ReasonDialogProps) {
  const [problem, setProblem] = useState<string>();
  const change = (next: boolean) => {
    setProblem(undefined);
    onOpenChange(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    if (reason === "") return setProblem("Say why, in a few words.");
    onConfirm(reason);
    return change(false);
  };
  return (
    <Dialog open={open} onOpenChange={change} title={words.title} description={words.description}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field label="Reason" hint={words.hint} error={problem}>
          <TextArea name="reason" maxLength={MAX_REASON_CHARS} aria-required placeholder={words.placeholder} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={() => change(false)}>{words.leave}</Button>
          <Button tone={tone} type="submit">
            {words.confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
