"use client";

import { type FormEvent, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";

/** What the API accepts. */
const MAX_REASON_CHARS = 1_000;

interface RejectDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly onReject: (reason: string) => void;
}

/** A rejection always has a reason: the next person, and the agent's author, learn from it. */
export function RejectDialog({ open, onOpenChange, title, onReject }: RejectDialogProps) {
  const [problem, setProblem] = useState<string>();

  const change = (next: boolean) => {
    setProblem(undefined);
    onOpenChange(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    if (reason === "") return setProblem("Say why, in a few words.");
    onReject(reason);
    return change(false);
  };

  return (
    <Dialog open={open} onOpenChange={change} title="Reject this proposal?" description={title}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field label="Reason" hint="Required. It is kept in the record." error={problem}>
          <TextArea name="reason" maxLength={MAX_REASON_CHARS} aria-required placeholder="For example: traffic is about to drop, scaling is not worth it" />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={() => change(false)}>Keep waiting</Button>
          <Button tone="primary" type="submit">
            Reject
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
