"use client";

import { Trash2 } from "lucide-react";
import { useState } from "react";
import { formatClock } from "@/format/format";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { Field, Select, TextInput } from "@/ui/field";
import { idProblem } from "./checks";
import { Check, NameField, NumberFields } from "./draft-fields";
import { FAULT_KINDS, faultKind, isTraffic, type Target, targetsIn, targetWords, writtenTarget } from "./faults";
import { FAULT_FIELDS, numberProblem, SEVERITY, TIME } from "./fields";
import { ProblemList } from "./problem-list";
import { beginnings, type Beginning, type End, endOf, type Entry, faultWords, nameFault, removeEntry, setEnd, setFault, setKind, setTarget } from "./timeline";
import { useEdit, useOpenDraft, useProblems } from "./use-draft";

interface EntryProps {
  readonly entry: Entry;
  readonly entries: readonly Entry[];
  /** How much time the bars show. */
  readonly spanS: number;
  /** `goesTo` is what gets the focus next. */
  readonly onTime: (timeS: number, goesTo: Element | null) => void;
}

export function TimelineEntry({ entry, entries, spanS, onTime }: EntryProps) {
  const edit = useEdit();
  const problems = useProblems({ kind: "moment", at: entry.at });
  const words = wordsOf(entry, entries);
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-3">
      <legend className="px-1 text-[13px] font-medium">
        {entry.timeS === undefined ? "No time" : formatClock(entry.timeS)} · {words}
      </legend>
      {entry.does === "begin" && <Bar fault={entry} entries={entries} spanS={spanS} />}
      <ProblemList problems={problems} />
      <div className="flex items-start gap-3">
        <div className="grid flex-1 grid-cols-2 items-start gap-3 sm:grid-cols-[7rem_minmax(0,1fr)_minmax(0,1fr)]">
          <TimeField value={entry.fields["at_s"]} onTime={onTime} />
          {entry.does === "begin" && <FaultFields fault={entry} />}
          {entry.does === "end" && <EndField end={entry} faults={beginnings(entries)} />}
          {entry.does === "unclear" && <p className="text-xs text-ink-muted">Neither a fault nor the end of one: mend it in the file.</p>}
        </div>
        <Button tone="danger" size="icon" className="mt-[1.375rem]" aria-label={`Delete: ${words}`} title="Delete" onClick={() => edit(removeEntry(entry.at))}>
          <Trash2 aria-hidden className="size-4" />
        </Button>
      </div>
      {entry.does === "begin" && <More fault={entry} others={beginnings(entries).flatMap(({ at, id }) => (at === entry.at ? [] : [id]))} />}
    </fieldset>
  );
}

function wordsOf(entry: Entry, entries: readonly Entry[]): string {
  if (entry.does === "begin") return faultWords(entry);
  if (entry.does === "unclear") return "unclear";
  const ended = beginnings(entries).find(({ id }) => id === entry.id);
  return `end of ${ended ? faultWords(ended) : entry.id || "nothing"}`;
}

/** When it is in force, within the whole. */
function Bar({ fault, entries, spanS }: { fault: Beginning; entries: readonly Entry[]; spanS: number }) {
  const percent = (timeS: number) => Math.min(100, (100 * timeS) / spanS);
  const from = percent(fault.timeS ?? 0);
  const to = percent(endOf(fault, entries) ?? spanS);
  return (
    <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-raised">
      <div className={cx("h-full rounded-full", isTraffic(fault.kind) ? "bg-accent" : "bg-critical")} style={{ marginLeft: `${from}%`, width: `max(${Math.max(0, to - from)}%, 4px)` }} />
    </div>
  );
}

/** A time changes when it is done, not with every digit: the entry goes to its place then. */
function TimeField({ value, onTime }: { value: unknown; onTime: EntryProps["onTime"] }) {
  const [typed, setTyped] = useState<string>();
  const shown = typed ?? (value === undefined || value === null ? "" : String(value));
  const number = shown.trim() === "" ? Number.NaN : Number(shown);
  const wrong = typed !== undefined && (Number.isNaN(number) || numberProblem(TIME, number) !== undefined) ? `Write a number of seconds from 0 to ${TIME.high}.` : undefined;
  const finish = (goesTo: Element | null) => {
    if (typed !== undefined && wrong === undefined) onTime(number, goesTo);
    setTyped(undefined);
  };
  return (
    <Field label="When, s" hint="Simulated." error={wrong}>
      <TextInput
        inputMode="decimal"
        value={shown}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={(event) => finish(event.relatedTarget)}
        onKeyDown={(event) => event.key === "Enter" && finish(event.currentTarget)}
      />
    </Field>
  );
}

function FaultFields({ fault: { at, kind: name, target } }: { fault: Beginning }) {
  const { cloud } = useOpenDraft();
  const edit = useEdit();
  const kind = faultKind(name);
  const targets = kind ? targetsIn(cloud, kind) : [];
  const value = target ? keyOf(target) : "";
  const choose = (key: string) => {
    const chosen = targets.find((known) => keyOf(known) === key);
    if (chosen) edit(setTarget(at, chosen));
  };
  return (
    <>
      <Field label="What">
        <Select value={name} onChange={(event) => edit(setKind(at, event.target.value))}>
          {!kind && <option value={name}>{name === "" ? "choose one" : name}</option>}
          {FAULT_KINDS.map((known) => (
            <option key={known.name} disabled={targetsIn(cloud, known).length === 0}>
              {known.name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Strikes" hint={kind && kind.targets.map((struck) => (struck === "simulation" ? "everything" : `a ${struck}`)).join(" or ")}>
        <Select value={value} onChange={(event) => choose(event.target.value)}>
          {!targets.some((known) => keyOf(known) === value) && <option value={value}>{target ? targetWords(target) : "choose one"}</option>}
          {targets.map((known) => (
            <option key={keyOf(known)} value={keyOf(known)}>
              {targetWords(known)}
            </option>
          ))}
        </Select>
      </Field>
      <p className="col-span-full text-xs text-ink-muted">{kind?.says}</p>
    </>
  );
}

function keyOf(target: Target): string {
  return JSON.stringify(writtenTarget(target));
}

function More({ fault: { at, id, kind, fault }, others }: { fault: Beginning; others: readonly string[] }) {
  const edit = useEdit();
  const severity = faultKind(kind)?.severity;
  return (
    <>
      <NumberFields
        inRow
        specs={FAULT_FIELDS}
        values={fault}
        fallbacks={severity === undefined ? undefined : { [SEVERITY.name]: severity }}
        onChange={(path, value) => edit(setFault(at, path, value), `timeline ${at} ${path.join(".")}`)}
      />
      <div className="grid grid-cols-2 items-start gap-3">
        <NameField label="Name" hint="To end it by." value={id} problemOf={(name) => (name === "" ? undefined : idProblem(name, others))} onRename={(name) => edit(nameFault(at, name))} />
        <div className="pt-6">
          <Check label="Outlives what would cure it" checked={fault["persistent"] === true} onChange={(on) => edit(setFault(at, ["persistent"], on || undefined))} />
        </div>
      </div>
    </>
  );
}

function EndField({ end: { at, id }, faults }: { end: End; faults: readonly Beginning[] }) {
  const edit = useEdit();
  const ended = faults.find((fault) => fault.id === id && id !== "");
  const choose = (key: string) => {
    const chosen = faults.find((fault) => String(fault.at) === key);
    if (chosen) edit(setEnd(at, chosen));
  };
  return (
    <Field label="Ends">
      <Select value={ended ? String(ended.at) : ""} onChange={(event) => choose(event.target.value)}>
        {!ended && <option value="">{id === "" ? "choose one" : id}</option>}
        {faults.map((fault) => (
          <option key={fault.at} value={fault.at}>
            {formatClock(fault.timeS)} · {faultWords(fault)}
          </option>
        ))}
      </Select>
    </Field>
  );
}
