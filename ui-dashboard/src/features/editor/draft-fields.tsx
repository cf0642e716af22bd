"use client";

import { type ReactNode, useId, useState } from "react";
import { formatNumber } from "@/format/format";
import { cx } from "@/ui/class-names";
import { Field, TextInput } from "@/ui/field";
import type { Path } from "./draft";
import { type NumberSpec, numberProblem } from "./fields";

interface NumberFieldProps {
  readonly spec: NumberSpec;
  readonly value: unknown;
  /** What holds while it is empty, when the field itself does not know. */
  readonly fallback?: number;
  readonly onChange: (value: number | undefined) => void;
}

/** A number of the draft. What is no number stays in the field and out of the draft. */
export function NumberField({ spec, value, fallback = spec.fallback, onChange }: NumberFieldProps) {
  const [typed, setTyped] = useState<string>();
  const shown = typed ?? (value === undefined || value === null ? "" : String(value));
  const wrong = shown.trim() !== "" && !Number.isFinite(Number(shown)) ? "Write a number." : numberProblem(spec, value) && `Write ${spec.whole ? "a whole number" : "a number"} from ${formatNumber(spec.low)} to ${formatNumber(spec.high)}.`;
  const change = (text: string) => {
    setTyped(text);
    if (text.trim() === "") onChange(undefined);
    else if (Number.isFinite(Number(text))) onChange(Number(text));
  };
  return (
    <Field label={spec.unit === "" ? spec.label : `${spec.label}, ${spec.unit}`} hint={spec.hint} error={wrong || undefined}>
      <TextInput inputMode="decimal" value={shown} placeholder={fallback === undefined ? undefined : String(fallback)} onChange={(event) => change(event.target.value)} onBlur={() => setTyped(undefined)} />
    </Field>
  );
}

interface NumberFieldsProps {
  readonly specs: readonly NumberSpec[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly fallbacks?: Readonly<Record<string, number>>;
  /** Beside each other where there is room. */
  readonly inRow?: boolean;
  readonly onChange: (path: Path, value: number | undefined) => void;
}

export function NumberFields({ specs, values, fallbacks, inRow = false, onChange }: NumberFieldsProps) {
  return (
    <div className={cx("grid grid-cols-2 items-start gap-3", inRow && "sm:grid-cols-4")}>
      {specs.map((spec) => (
        <NumberField key={spec.name} spec={spec} value={values[spec.name]} fallback={fallbacks?.[spec.name]} onChange={(value) => onChange([spec.name], value)} />
      ))}
    </div>
  );
}

interface NameFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly problemOf: (value: string) => string | undefined;
  readonly onRename: (value: string) => void;
}

/** A name that others refer to: it changes when it is done, not with every letter. */
export function NameField({ label, hint, value, problemOf, onRename }: NameFieldProps) {
  const [typed, setTyped] = useState<string>();
  const wrong = typed === undefined || typed === value ? undefined : problemOf(typed);
  const finish = () => {
    if (typed !== undefined && typed !== value && wrong === undefined) onRename(typed);
    setTyped(undefined);
  };
  return (
    <Field label={label} hint={hint} error={wrong}>
      <TextInput value={typed ?? value} spellCheck={false} onChange={(event) => setTyped(event.target.value)} onBlur={finish} onKeyDown={(event) => event.key === "Enter" && finish()} />
    </Field>
  );
}

export function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="flex min-h-7 items-center gap-2 text-[13px]">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

export function Part({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <h3 id={id} className="text-[13px] font-semibold">
          {title}
        </h3>
        {actions !== undefined && <div className="ml-auto">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** A policy that is there or not; its numbers show when it is. */
export function OptionalPart({ title, hint, on, onToggle, children }: { title: string; hint: string; on: boolean; onToggle: (on: boolean) => void; children: ReactNode }) {
  return (
    <div className="rounded-md border border-line p-3">
      <Check label={title} checked={on} onChange={onToggle} />
      {on ? <div className="mt-2">{children}</div> : <p className="text-xs text-ink-muted">{hint}</p>}
    </div>
  );
}

export function More({ label, children }: { label: string; children: ReactNode }) {
  return (
    <details className="group">
      <summary className="w-fit cursor-pointer rounded text-[13px] text-accent-ink">{label}</summary>
      <div className="mt-3">{children}</div>
    </details>
  );
}
