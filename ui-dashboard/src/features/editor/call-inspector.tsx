"use client";

import { ArrowRight, Trash2, X } from "lucide-react";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import type { DraftCall } from "./cloud";
import { asRecord, asText, type Path } from "./draft";
import { Check, NumberFields, OptionalPart, Part } from "./draft-fields";
import { removeCalls, setCall } from "./edits";
import { BREAKER_FIELDS, CACHE_FIELDS, CALL_FIELDS, POOL_FIELDS, RETRY_FIELDS } from "./fields";
import { ProblemList } from "./problem-list";
import { useEdit, useOpenDraft, useProblems } from "./use-draft";

/** A new pool has to have a size. */
const FIRST_POOL = { per_replica: 20 };

/** A call, and what its caller does when it fails. */
export function CallInspector({ call, onService }: { call: DraftCall; onService: (id: string | null) => void }) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const { from, to, fields } = call;
  const problems = useProblems({ kind: "call", from, to });
  const set = (path: Path, value: unknown) => edit(setCall(call, path, value), `${from}>${to} ${path.join(".")}`);
  const remove = () => {
    edit(removeCalls([call]));
    onService(from);
  };
  return (
    <section aria-label={`Call from ${from} to ${to}`} data-testid="call-inspector" className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4">
      <header className="flex items-center gap-1">
        <h2 className="flex min-w-0 flex-wrap items-center gap-x-1.5 text-[15px] font-semibold">
          <button type="button" className="rounded hover:underline" onClick={() => onService(from)}>
            {from}
          </button>
          <ArrowRight aria-label="calls" className="size-4 text-ink-muted" />
          <button type="button" className="rounded hover:underline" onClick={() => onService(to)}>
            {to}
          </button>
        </h2>
        <Button tone="danger" size="icon" className="ml-auto border-transparent" aria-label={`Delete the call from ${from} to ${to}`} title="Delete" onClick={remove}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
        <Button tone="quiet" size="icon" aria-label="Back to the list of services" onClick={() => onService(null)}>
          <X aria-hidden className="size-4" />
        </Button>
      </header>
      <ProblemList problems={problems} />
      <NumberFields specs={CALL_FIELDS} values={fields} onChange={set} />
      <div>
        <Check label="A request fails when this call does" checked={call.required} onChange={(on) => set(["required"], on ? undefined : false)} />
        <Check label="The caller goes on without waiting (asynchronous)" checked={call.asynchronous} onChange={(on) => set(["asynchronous"], on || undefined)} />
        <Check label="What misses the same item asks once (coalescing)" checked={fields["coalescing"] === true} onChange={(on) => set(["coalescing"], on || undefined)} />
      </div>
      <Part title="Retries">
        <NumberFields specs={RETRY_FIELDS} values={fields} onChange={set} />
      </Part>
      <OptionalPart title="Circuit breaker" hint="Stops calling when too many attempts fail." on={fields["breaker"] !== undefined} onToggle={(on) => set(["breaker"], on ? {} : undefined)}>
        <NumberFields specs={BREAKER_FIELDS} values={asRecord(fields["breaker"])} onChange={(path, value) => set(["breaker", ...path], value)} />
      </OptionalPart>
      <OptionalPart title="Connection pool" hint="Without one, connections are unlimited." on={fields["connections"] !== undefined} onToggle={(on) => set(["connections"], on ? FIRST_POOL : undefined)}>
        <NumberFields specs={POOL_FIELDS} values={asRecord(fields["connections"])} onChange={(path, value) => set(["connections", ...path], value)} />
      </OptionalPart>
      <Part title="Cache before it">
        <Field label="Cached by">
          <Select value={asText(fields["cache"])} onChange={(event) => set(["cache"], event.target.value === "" ? undefined : event.target.value)}>
            <option value="">{from} itself</option>
            {cloud.services.flatMap(({ id }) => (id === from || id === to ? [] : [<option key={id}>{id}</option>]))}
          </Select>
        </Field>
        <NumberFields specs={CACHE_FIELDS} values={fields} onChange={set} />
      </Part>
    </section>
  );
}
