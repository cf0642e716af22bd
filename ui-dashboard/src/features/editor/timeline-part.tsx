"use client";

import { Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "@/ui/button";
import { Part } from "./draft-fields";
import { FAULT_KINDS, targetsIn, TRAFFIC_SPIKE } from "./faults";
import { addEnd, addFault, beginnings, endOf, placeFor, setTime, spanOf, timelineOf } from "./timeline";
import { TimelineEntry } from "./timeline-entry";
import { useEdit, useOpenDraft } from "./use-draft";

/** What a new fault is, until somebody chooses another. */
const FIRST = "service_crash";

/** Which field of which entry is to have the focus once the entries are in their new order. */
interface Follow {
  readonly at: number;
  readonly field: number;
}

/** What goes wrong when: faults, more traffic, and their ends. */
export function TimelinePart({ durationS }: { durationS: number }) {
  const { draft, cloud } = useOpenDraft();
  const edit = useEdit();
  const list = useRef<HTMLOListElement>(null);
  const follow = useRef<Follow>(undefined);
  const entries = timelineOf(draft);
  const faults = beginnings(entries);
  const open = faults.findLast((fault) => endOf(fault, entries) === undefined) ?? faults.at(-1);
  const kinds = FAULT_KINDS.filter((kind) => targetsIn(cloud, kind).length > 0);
  const traffic = kinds.find(({ name }) => name === TRAFFIC_SPIKE);
  const fault = kinds.find(({ name }) => name === FIRST) ?? kinds[0];

  useEffect(() => {
    const { at, field } = follow.current ?? {};
    follow.current = undefined;
    if (at !== undefined && field !== undefined) fieldsOf(list.current?.querySelector(`[data-at="${at}"]`))[field]?.focus();
  }, [draft]);

  const move = (at: number, timeS: number, goesTo: Element | null) => {
    const place = placeFor(draft, at, timeS);
    const field = fieldsOf(list.current?.querySelector(`[data-at="${at}"]`)).indexOf(goesTo as HTMLElement);
    if (place !== at && field >= 0) follow.current = { at: place, field };
    edit(setTime(at, timeS));
  };

  return (
    <Part
      title="Timeline"
      actions={
        <div className="flex flex-wrap justify-end gap-2">
          <Add label="Add a fault" disabled={!fault} onAdd={() => fault && edit(addFault(fault))} />
          <Add label="Add more traffic" disabled={!traffic} onAdd={() => traffic && edit(addFault(traffic))} />
          <Add label="Add an end" disabled={!open} onAdd={() => open && edit(addEnd(open))} />
        </div>
      }
    >
      {entries.length === 0 && <p className="text-xs text-ink-muted">It is empty: nothing goes wrong by itself.</p>}
      <ol ref={list} aria-label="Entries of the timeline, in order of time" className="grid items-start gap-3 xl:grid-cols-2">
        {entries.map((entry) => (
          <li key={entry.at} data-at={entry.at}>
            <TimelineEntry entry={entry} entries={entries} spanS={spanOf(entries, durationS)} onTime={(timeS, goesTo) => move(entry.at, timeS, goesTo)} />
          </li>
        ))}
      </ol>
    </Part>
  );
}

function fieldsOf(entry: Element | null | undefined): HTMLElement[] {
  return [...(entry?.querySelectorAll<HTMLElement>("input, select, button") ?? [])];
}

function Add({ label, disabled, onAdd }: { label: string; disabled: boolean; onAdd: () => void }) {
  return (
    <Button size="sm" disabled={disabled} onClick={onAdd}>
      <Plus aria-hidden className="size-3.5" />
      {label}
    </Button>
  );
}
