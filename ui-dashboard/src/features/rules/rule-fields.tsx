import { Plus, X } from "lucide-react";
import { severityLook } from "@/features/incidents/severity";
import { Severity } from "@/gen/common/v1/severity_pb";
import { Button } from "@/ui/button";
import { Field, Select, TextArea, TextInput } from "@/ui/field";
import { ConditionFields } from "./condition-fields";
import { MAX_CONDITIONS, NEW_CONDITION, type RuleDraft, type RuleProblems } from "./rule-draft";

interface RuleFieldsProps {
  readonly draft: RuleDraft;
  readonly problems: RuleProblems;
  /** The name of a rule never changes. */
  readonly named: boolean;
  readonly onChange: (change: Partial<RuleDraft>) => void;
}

const SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL];

export function RuleFields({ draft, problems, named, onChange }: RuleFieldsProps) {
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Name" error={problems.name}>
          <TextInput value={draft.name} disabled={named} onChange={(event) => onChange({ name: event.target.value })} placeholder="error_rate_high" />
        </Field>
        <Field label="Family" hint="Empty: the name." error={problems.family}>
          <TextInput value={draft.family} onChange={(event) => onChange({ family: event.target.value })} />
        </Field>
        <Field label="Severity">
          <Select value={draft.severity} onChange={(event) => onChange({ severity: Number(event.target.value) })}>
            {SEVERITIES.map((severity) => (
              <option key={severity} value={severity}>
                {severityLook(severity).word}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <fieldset className="rounded-md border border-line p-3">
        <legend className="px-1 text-[13px] font-semibold">Fires when the</legend>
        <ConditionFields value={draft} problems={problems} onChange={onChange} />
        <div className="mt-3 grid grid-cols-2 gap-3">
          <Field label="For at least, s" hint="0: at once." error={problems.forS}>
            <TextInput inputMode="numeric" value={draft.forS} onChange={(event) => onChange({ forS: event.target.value })} />
          </Field>
          <Field label="Clear at" hint="Empty: 90 % of the threshold." error={problems.clearThreshold}>
            <TextInput inputMode="decimal" value={draft.clearThreshold} onChange={(event) => onChange({ clearThreshold: event.target.value })} />
          </Field>
        </div>
      </fieldset>
      <Conditions draft={draft} problem={problems.also} onChange={onChange} />
      <fieldset className="grid gap-3 sm:grid-cols-2">
        <legend className="mb-1 text-[13px] font-medium">Watches</legend>
        <div className="flex flex-col gap-1 text-[13px]">
          {(["services", "nodes"] as const).map((kind) => (
            <label key={kind} className="flex min-h-7 items-center gap-2">
              <input type="checkbox" checked={draft[kind]} onChange={(event) => onChange({ [kind]: event.target.checked })} />
              {kind}
            </label>
          ))}
          {problems.services && <span className="text-xs text-critical">{problems.services}</span>}
        </div>
        <Field label="Only these" hint="Ids with commas between; empty: all.">
          <TextInput value={draft.ids} onChange={(event) => onChange({ ids: event.target.value })} placeholder="checkout, payment" />
        </Field>
      </fieldset>
      <Field label="What it means and what to do">
        <TextArea maxLength={1_024} value={draft.description} onChange={(event) => onChange({ description: event.target.value })} />
      </Field>
      <Field label="Labels" hint="One a line, such as team=payments. Every incident of the rule carries them." error={problems.labels}>
        <TextArea className="!min-h-14" value={draft.labels} onChange={(event) => onChange({ labels: event.target.value })} />
      </Field>
    </div>
  );
}

function Conditions({ draft: { also }, problem, onChange }: { draft: RuleDraft; problem: string | undefined; onChange: RuleFieldsProps["onChange"] }) {
  return (
    <div className="flex flex-col gap-2">
      {also.map((condition, at) => (
        <fieldset key={at} className="relative rounded-md border border-line p-3">
          <legend className="px-1 text-[13px] font-semibold">and only while the</legend>
          <ConditionFields value={condition} onChange={(change) => onChange({ also: also.map((one, i) => (i === at ? { ...one, ...change } : one)) })} />
          <Button tone="quiet" size="icon" className="absolute -top-4 right-1" aria-label={`Take condition ${at + 1} away`} onClick={() => onChange({ also: also.filter((_, i) => i !== at) })}>
            <X aria-hidden className="size-4" />
          </Button>
        </fieldset>
      ))}
      {problem && (
        <p role="alert" className="text-xs text-critical">
          {problem}
        </p>
      )}
      {also.length < MAX_CONDITIONS && (
        <Button size="sm" className="self-start" onClick={() => onChange({ also: [...also, NEW_CONDITION] })}>
          <Plus aria-hidden className="size-3.5" />
          And only while…
        </Button>
      )}
    </div>
  );
}
