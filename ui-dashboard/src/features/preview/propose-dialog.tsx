"use client";

import { type FormEvent, useState } from "react";
import { actionTitle } from "@/features/actions/action-words";
import type { Action } from "@/gen/ops/v1/action_pb";
import type { Preview, PreviewOption } from "@/gen/ops/v1/preview_pb";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";
import { doingNothing, optionTitle, reasonFor } from "./preview-words";
import { usePropose } from "./use-propose";

/** What the API accepts. */
const MAX_REASON_CHARS = 2_000;

interface ProposeDialogProps {
  readonly preview: Preview;
  readonly incidentId: string;
  /** The proposal that waits, if one does. */
  readonly waiting: Action | undefined;
  /** What is to be proposed; nothing while nobody asks. */
  readonly option: PreviewOption | undefined;
  readonly onClose: () => void;
}

/** Asks why, with the numbers already said, and proposes. */
export function ProposeDialog({ preview, incidentId, waiting, option, onClose }: ProposeDialogProps) {
  const { mutate } = usePropose(incidentId);
  // The server takes one proposal a target.
  const replaces = waiting && option?.action?.targetId === waiting.targetId ? waiting : undefined;
  const [problem, setProblem] = useState<string>();
  const close = () => {
    setProblem(undefined);
    onClose();
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    if (!option) return;
    if (reason === "") {
      setProblem("Say why, in a few words.");
      return;
    }
    mutate({ option, reason, tick: preview.tick, replaces });
    close();
  };
  return (
    <Dialog open={option !== undefined} onOpenChange={(open) => !open && close()} title={option ? optionTitle(option) : ""} description={`${replaces ? `It takes the place of "${actionTitle(replaces)}", which is rejected.` : "It goes into the queue in your name."} It is decided on like any other proposal.`}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field label="Reason" hint="Whoever decides reads it." error={problem}>
          <TextArea name="reason" className="min-h-28" maxLength={MAX_REASON_CHARS} aria-required defaultValue={option ? reasonFor(option, doingNothing(preview), preview.horizonS) : ""} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button tone="primary" type="submit">
            Propose
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
