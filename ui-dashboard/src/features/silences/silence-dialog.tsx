"use client";

import { type FormEvent, useState } from "react";
import { formatScenarioLength } from "@/format/format";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select, TextArea } from "@/ui/field";
import { MAX_COMMENT_CHARS, MINUTES, readSilence, type ReadSilence, SCOPES } from "./read-silence";

interface SilenceDialogProps {
  readonly incident: Incident;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onSilence: (silence: NonNullable<ReadSilence["silence"]>) => void;
}

/** A silence always has an end and a comment: whoever meets it later wants to know. */
export function SilenceDialog({ incident, open, onOpenChange, onSilence }: SilenceDialogProps) {
  const [problem, setProblem] = useState<string>();
  const name = incident.target?.id ?? "this target";
  const scopes: Readonly<Record<(typeof SCOPES)[number], string>> = {
    family: `Incidents of the family ${incident.family} of ${name}`,
    target: `Every incident of ${name}`,
  };

  const change = (next: boolean) => {
    setProblem(undefined);
    onOpenChange(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const read = readSilence(new FormData(event.currentTarget), incident);
    if (!read.silence) return setProblem(read.problem);
    onSilence(read.silence);
    return change(false);
  };

  return (
    <Dialog open={open} onOpenChange={change} title="Silence it for a while?" description="It is recorded as ever. Nobody is called, and it is not counted as burning.">
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field label="What">
          <Select name="scope">
            {SCOPES.map((scope) => (
              <option key={scope} value={scope}>
                {scopes[scope]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="For" hint="Simulated time, from now on.">
          <Select name="minutes" defaultValue={MINUTES[1]}>
            {MINUTES.map((minutes) => (
              <option key={minutes} value={minutes}>
                {formatScenarioLength(minutes * 60)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Comment" hint="Required. Everybody who meets the incident sees it." error={problem}>
          <TextArea name="comment" maxLength={MAX_COMMENT_CHARS} aria-required placeholder="For example: known, OPS-17; new disks until noon" />
        </Field>
        <label className="flex items-start gap-2 text-[13px]">
          <input type="checkbox" name="maintenance" className="mt-0.5" />
          <span>
            Maintenance
            <span className="block text-xs text-ink-muted">Somebody is at work there: the agent proposes nothing either.</span>
          </span>
        </label>
        <div className="flex justify-end gap-2">
          <Button onClick={() => change(false)}>Cancel</Button>
          <Button tone="primary" type="submit">
            Silence
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
