"use client";

import { ArrowDown, ArrowUp, Plus, Trash2, Users } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ApprovalPolicies } from "@/gen/ops/v1/policy_pb";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { Field, TextInput } from "@/ui/field";
import { draftOf, MAX_POLICIES, newPolicy, type PolicyDraft, policyProblems, readPolicy } from "./policy-draft";
import { PolicyFields } from "./policy-fields";
import { PolicyTrials } from "./policy-trial";
import { useSetPolicies } from "./use-policies";

interface PolicyEditorProps {
  /** The policies as they are now. */
  readonly latest: ApprovalPolicies;
  readonly onClose: () => void;
}

/** All policies in their order: they are replaced together, and only those that were looked at. */
export function PolicyEditor({ latest, onClose }: PolicyEditorProps) {
  const [base, setBase] = useState(latest);
  const [drafts, setDrafts] = useState<readonly PolicyDraft[]>(() => latest.policies.map(draftOf));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const { mutate, isPending } = useSetPolicies();
  const overtaken = latest.version !== base.version;
  const problems = drafts.map((draft) => policyProblems(draft, drafts));
  const sound = problems.every((one) => Object.keys(one).length === 0);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    if (sound && !overtaken) mutate({ policies: drafts.map(readPolicy), version: base.version, reason: reason.trim() }, { onSuccess: (answer) => answer && onClose() });
  };
  const change = (key: number, part: Partial<PolicyDraft>) => setDrafts(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)));
  const move = (at: number, by: number) => {
    const next = [...drafts];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(at + by, 0, moved);
    setDrafts(next);
  };
  const takeTheirs = () => {
    setBase(latest);
    setDrafts(latest.policies.map(draftOf));
  };

  return (
    <Card title="Approval policies" hint="the first that matches wins; what none matches, one person decides" data-testid="policy-editor">
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        {overtaken && (
          <div role="alert" className="flex flex-wrap items-center gap-3 rounded-md bg-raised p-3 text-[13px]">
            <Users aria-hidden className="size-4 shrink-0 text-info" />
            <p className="min-w-0 flex-1 basis-56">
              <span className="font-medium">Meanwhile {latest.changedBy || "somebody"} changed the policies{latest.reason === "" ? "" : `: ${latest.reason}`}.</span> What you typed is kept.
            </p>
            <Button size="sm" onClick={takeTheirs}>
              Show theirs
            </Button>
            <Button size="sm" onClick={() => setBase(latest)}>
              Go on with mine
            </Button>
          </div>
        )}
        <ol className={cx("flex flex-col gap-3", drafts.length === 0 && "hidden")}>
          {drafts.map((draft, at) => (
            <li key={draft.key} className="rounded-md border border-line p-3">
              <div className="mb-2 flex items-center gap-1">
                <span className="text-[13px] font-semibold">
                  {at + 1}. {draft.name || "new policy"}
                </span>
                <Button tone="quiet" size="icon" className="ml-auto" disabled={at === 0} aria-label={`Move ${draft.name || "the new policy"} up`} onClick={() => move(at, -1)}>
                  <ArrowUp aria-hidden className="size-4" />
                </Button>
                <Button tone="quiet" size="icon" disabled={at === drafts.length - 1} aria-label={`Move ${draft.name || "the new policy"} down`} onClick={() => move(at, 1)}>
                  <ArrowDown aria-hidden className="size-4" />
                </Button>
                <Button tone="quiet" size="icon" aria-label={`Take ${draft.name || "the new policy"} away`} onClick={() => setDrafts(drafts.filter(({ key }) => key !== draft.key))}>
                  <Trash2 aria-hidden className="size-4" />
                </Button>
              </div>
              <PolicyFields draft={draft} problems={tried ? (problems[at] ?? {}) : {}} onChange={(part) => change(draft.key, part)} />
            </li>
          ))}
        </ol>
        {drafts.length === 0 && <p className="text-xs text-ink-muted">None: one person decides on every proposal.</p>}
        {drafts.length < MAX_POLICIES && (
          <Button size="sm" className="self-start" onClick={() => setDrafts([...drafts, newPolicy()])}>
            <Plus aria-hidden className="size-3.5" />
            Add a policy
          </Button>
        )}
        <PolicyTrials policies={sound ? drafts.map(readPolicy) : undefined} />
        <Field label="Why" hint="May be empty. It is kept with the change.">
          <TextInput maxLength={1_000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        <div className="flex gap-2">
          <Button tone="primary" type="submit" busy={isPending} disabled={overtaken}>
            Put in force
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Card>
  );
}
