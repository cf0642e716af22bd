"use client";

import { SPEEDS } from "@/features/simulation/speed-select";
import { formatSpeed } from "@/format/format";
import { Field, Select, TextInput } from "@/ui/field";

interface IdFieldsProps {
  readonly id: string;
  readonly problem: string | undefined;
  readonly onId: (id: string) => void;
}

/** What every new simulation takes, wherever it comes from: names `name`, `speed` and `autostart` in the form. */
export function NewFields({ id, problem, onId }: IdFieldsProps) {
  return (
    <>
      <Field label="Id" hint="a to z, 0 to 9 and “-”." error={problem}>
        <TextInput value={id} spellCheck={false} onChange={(event) => onId(event.target.value)} />
      </Field>
      <Field label="Name" hint="For people; empty: the id.">
        <TextInput name="name" maxLength={128} />
      </Field>
      <Field label="Speed">
        <Select name="speed" defaultValue={1}>
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {formatSpeed(speed)}
            </option>
          ))}
        </Select>
      </Field>
      <label className="flex min-h-7 items-center gap-2 text-[13px]">
        <input type="checkbox" name="autostart" defaultChecked />
        Its clock runs at once
      </label>
    </>
  );
}

/** Those fields as a request has them. */
export function readNewFields(form: FormData): { readonly displayName: string; readonly speed: number; readonly autostart: boolean } {
  return { displayName: String(form.get("name") ?? "").trim(), speed: Number(form.get("speed")), autostart: form.get("autostart") === "on" };
}
