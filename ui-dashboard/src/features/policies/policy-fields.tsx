import { severityLook } from "@/features/incidents/severity";
import { Severity } from "@/gen/common/v1/severity_pb";
import { type ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import { cx } from "@/ui/class-names";
import { Field, Select, TextInput } from "@/ui/field";
import type { PolicyDraft, PolicyProblems } from "./policy-draft";
import { MODES, TYPES } from "./policy-words";

interface PolicyFieldsProps {
  readonly draft: PolicyDraft;
  readonly problems: PolicyProblems;
  readonly onChange: (change: Partial<PolicyDraft>) => void;
}

const MODE_ORDER = [ApprovalMode.ASK, ApprovalMode.TWO_PERSON, ApprovalMode.AUTO_APPROVE];
const SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.HIGH, Severity.CRITICAL];
/** Demands that are a percentage; empty demands nothing. */
const LIMITS = [
  { field: "maxBlastPct", label: "Touches at most, % of replicas" },
  { field: "maxHarmsPct", label: "Harms in at most, % of futures" },
  { field: "minHelpsPct", label: "Helps in at least, % of futures" },
  { field: "minBadPctLess", label: "Saves at least, % bad requests" },
] as const;

export function PolicyFields({ draft, problems, onChange }: PolicyFieldsProps) {
  return (
    <div className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <Field label="Name" error={problems.name}>
          <TextInput value={draft.name} onChange={(event) => onChange({ name: event.target.value })} placeholder="small-restarts" />
        </Field>
        <Field label="Whose yes">
          <Select value={draft.mode} onChange={(event) => onChange({ mode: Number(event.target.value) })}>
            {MODE_ORDER.map((mode) => (
              <option key={mode} value={mode}>
                {MODES[mode].word}
              </option>
            ))}
          </Select>
        </Field>
        <SeverityField label="Incident at least" value={draft.minSeverity} onChange={(minSeverity) => onChange({ minSeverity })} />
        <SeverityField label="Incident at most" value={draft.maxSeverity} onChange={(maxSeverity) => onChange({ maxSeverity })} />
        <Field label="Decide within, s" error={problems.expiryS}>
          <TextInput inputMode="numeric" value={draft.expiryS} onChange={(event) => onChange({ expiryS: event.target.value })} placeholder="as usual" />
        </Field>
      </div>
      <Types draft={draft} problem={problems.types} onChange={onChange} />
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <Field label="Only of" hint="Ids; empty: any.">
          <TextInput value={draft.targets} onChange={(event) => onChange({ targets: event.target.value })} placeholder="checkout, payment" />
        </Field>
        {LIMITS.map(({ field, label }) => (
          <Field key={field} label={label} error={problems[field]}>
            <TextInput inputMode="decimal" value={draft[field]} onChange={(event) => onChange({ [field]: event.target.value })} placeholder="any" />
          </Field>
        ))}
      </div>
    </div>
  );
}

function SeverityField({ label, value, onChange }: { label: string; value: Severity; onChange: (severity: Severity) => void }) {
  return (
    <Field label={label}>
      <Select value={value} onChange={(event) => onChange(Number(event.target.value))}>
        <option value={Severity.UNSPECIFIED}>any</option>
        {SEVERITIES.map((severity) => (
          <option key={severity} value={severity}>
            {severityLook(severity).word}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function Types({ draft: { types }, problem, onChange }: { draft: PolicyDraft; problem: string | undefined; onChange: PolicyFieldsProps["onChange"] }) {
  const toggle = (type: ActionType) => onChange({ types: types.includes(type) ? types.filter((one) => one !== type) : [...types, type] });
  return (
    <fieldset>
      <legend className="mb-1 text-[13px] font-medium">Actions; none chosen: any</legend>
      <div className="flex flex-wrap gap-1.5">
        {Object.entries(TYPES).map(([number, word]) => {
          const type: ActionType = Number(number);
          const chosen = types.includes(type);
          return (
            <button key={number} type="button" aria-pressed={chosen} onClick={() => toggle(type)} className={cx("min-h-7 rounded-md border px-2 text-xs", chosen ? "border-accent-ink bg-raised font-medium text-ink" : "border-line text-ink-muted hover:text-ink")}>
              {word}
            </button>
          );
        })}
      </div>
      {problem && (
        <p role="alert" className="mt-1 text-xs text-critical">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
