"use client";

import { Trash2 } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useRef } from "react";
import { formatWallTime } from "@/format/format";
import { useOperator } from "@/features/operator/operator-provider";
import type { IncidentNote } from "@/gen/ops/v1/incident_note_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";
import { ErrorState, SkeletonRows } from "@/ui/states";
import { useAddNote, useNotes, useRemoveNote } from "./use-notes";

/** What the API accepts. */
const MAX_NOTE_CHARS = 4_000;

/** What people write down while they work on an incident and afterwards. */
export function IncidentNotes({ incident: { id } }: { incident: Pick<Incident, "id"> }) {
  const { notes, isPending, isError, error, refetch } = useNotes(id);
  const add = useAddNote(id);
  const remove = useRemoveNote(add.mutate);
  const { name } = useOperator();
  return (
    <section aria-label="Notes" data-testid="notes" className="min-w-0">
      <h3 className="mb-2 text-[13px] font-semibold">Notes</h3>
      {isPending && notes.length === 0 && <SkeletonRows rows={1} label="Loading notes" />}
      {isError && notes.length === 0 && <ErrorState error={error} what="The notes could not be loaded." onRetry={() => void refetch()} />}
      <ul className="flex flex-col gap-2">
        {notes.map((note) => (
          <Note key={note.id} note={note} isOwn={note.author === name} onRemove={() => remove.mutate(note)} />
        ))}
      </ul>
      <NoteForm busy={add.isPending} onAdd={(text) => add.mutateAsync({ text }).then((answer) => answer !== undefined, () => false)} />
    </section>
  );
}

function Note({ note: { author, text, writtenAt }, isOwn, onRemove }: { note: IncidentNote; isOwn: boolean; onRemove: () => void }) {
  return (
    <li className="rounded-md border border-line px-3 py-2">
      <p className="flex min-h-6 items-center gap-2 text-xs text-ink-muted">
        <span className="min-w-0 truncate font-medium text-ink">{author}</span>
        <span className="shrink-0">{formatWallTime(writtenAt)}</span>
        {isOwn && (
          <Button tone="quiet" size="icon" className="-my-1.5 ml-auto" aria-label="Remove the note" title="Remove the note" onClick={onRemove}>
            <Trash2 aria-hidden className="size-3.5" />
          </Button>
        )}
      </p>
      <p className="text-[13px] break-words whitespace-pre-wrap">{text}</p>
    </li>
  );
}

/** Keeps what was typed until it is stored. */
function NoteForm({ busy, onAdd }: { busy: boolean; onAdd: (text: string) => Promise<boolean> }) {
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const field = form.current?.elements.namedItem("note");
    if (!(field instanceof HTMLTextAreaElement) || field.value.trim() === "") return;
    if (await onAdd(field.value.trim())) form.current?.reset();
  };
  const send = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };
  return (
    <form ref={form} onSubmit={(event) => void submit(event)} className="mt-2 flex flex-col items-start gap-2">
      <TextArea name="note" aria-label="Note" maxLength={MAX_NOTE_CHARS} placeholder="What you found, tried or agreed" className="min-h-16" onKeyDown={send} />
      <Button type="submit" size="sm" busy={busy}>
        Add note
      </Button>
    </form>
  );
}
