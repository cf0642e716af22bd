"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";

/** What the API accepts. */
const MAX_REASON_CHARS = 1_000;

const WORDS = {
  pause: {
    title: "Pause automation?",
    description: "Nothing is proposed, approved or begun until somebody resumes it. Approved actions that have not begun are cancelled; what has begun is finished.",
    placeholder: "For example: restarts make it worse",
    confirm: "Pause automation",
  },
  resume: {
    title: "Resume automation?",
    description: "Proposals can be approved again. What was approved before the pause stays cancelled.",
    placeholder: "For example: the cause is known",
    confirm: "Resume automation",
  },
} as const;

interface SwitchDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly paused: boolean;
  readonly onConfirm: (reason: string) => void;
}

/** Whoever meets a pause wants to know why. */
export function SwitchDialog({ open, onOpenChange, paused, onConfirm }: SwitchDialogProps) {
  const [problem, setProblem] = useState<string>();
  const words = paused ? WORDS.resume : WORDS.pause;
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
        <Field label="Reason" hint="Required. Everybody sees it, and it is kept in the record." error={problem}>
          <TextArea name="reason" maxLength={MAX_REASON_CHARS} aria-required placeholder={words.placeholder} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={() => change(false)}>Leave it</Button>
          <Button tone={paused ? "primary" : "danger"} type="submit">
            {words.confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
