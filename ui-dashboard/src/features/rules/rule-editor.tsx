"use client";

import { Users, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Rule } from "@/gen/ops/v1/rule_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field, TextInput } from "@/ui/field";
import { ReasonDialog } from "@/ui/reason-dialog";
import { BackTest } from "./back-test";
import { draftOf, NEW_RULE, readRule, type RuleDraft } from "./rule-draft";
import { RuleFields } from "./rule-fields";
import { changeWords } from "./rule-words";
import { useRuleChanges } from "./use-rules";

interface RuleEditorProps {
  /** The rule as it is now; none for a new one. */
  readonly latest: Rule | undefined;
  readonly onClose: () => void;
  readonly onSaved: (name: string) => void;
}

const DELETE_WORDS = {
  title: "Delete this rule?",
  description: "Its open incidents resolve. A built-in rule can be restored.",
  hint: "Required. It is kept with the change.",
  placeholder: "For example: replaced by latency_slow",
  leave: "Keep it",
  confirm: "Delete",
};

/** What a rule says, what that would have told of, and saving exactly what was looked at. */
export function RuleEditor({ latest, onClose, onSaved }: RuleEditorProps) {
  const [base, setBase] = useState(latest);
  const [draft, setDraft] = useState<RuleDraft>(() => (latest?.definition ? draftOf(latest.definition) : NEW_RULE));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const { save, remove } = useRuleChanges();
  const { problems, definition } = readRule(draft);
  const overtaken = latest !== undefined && base !== undefined && latest.version !== base.version;
  const name = latest?.definition?.name;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    if (!definition || overtaken) return;
    save.mutate(
      { definition, base, reason: reason.trim() },
      {
        onSuccess: (answer) => {
          if (!answer?.rule) return;
          setBase(answer.rule);
          setReason("");
          onSaved(definition.name);
        },
      },
    );
  };
  const takeTheirs = () => {
    setBase(latest);
    if (latest?.definition) setDraft(draftOf(latest.definition));
  };

  return (
    <Card
      title={name ?? "New rule"}
      hint={base && `version ${base.version}, ${changeWords(base)}`}
      data-testid="rule-editor"
      actions={
        <Button tone="quiet" size="icon" aria-label="Close the editor" onClick={onClose}>
          <X aria-hidden className="size-4" />
        </Button>
      }
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-5">
        {overtaken && (
          <div role="alert" className="flex flex-wrap items-center gap-3 rounded-md bg-raised p-3 text-[13px]">
            <Users aria-hidden className="size-4 shrink-0 text-info" />
            <p className="min-w-0 flex-1 basis-56">
              <span className="font-medium">Meanwhile {changeWords(latest)}.</span> What you typed is kept.
            </p>
            <Button size="sm" onClick={takeTheirs}>
              Show theirs
            </Button>
            <Button size="sm" onClick={() => setBase(latest)}>
              Go on with mine
            </Button>
          </div>
        )}
        <RuleFields draft={draft} problems={tried || name !== undefined ? problems : {}} named={name !== undefined} onChange={(change) => setDraft((before) => ({ ...before, ...change }))} />
        <BackTest definition={definition} />
        <Field label="Why" hint="May be empty. It is kept with the change.">
          <TextInput maxLength={1_000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        <div className="flex gap-2">
          <Button tone="primary" type="submit" busy={save.isPending} disabled={overtaken || latest?.deleted}>
            {name === undefined ? "Create" : "Save"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          {latest && !latest.deleted && (
            <Button tone="danger" className="ml-auto" busy={remove.isPending} onClick={() => setDeleting(true)}>
              Delete…
            </Button>
          )}
        </div>
      </form>
      {latest && <ReasonDialog open={deleting} onOpenChange={setDeleting} words={DELETE_WORDS} tone="danger" onConfirm={(why) => remove.mutate({ rule: latest, reason: why }, { onSuccess: (answer) => answer && onClose() })} />}
    </Card>
  );
}
