"use client";

import { DoorOpen, Search } from "lucide-react";
import { useState } from "react";
import { plural } from "@/format/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { TextInput } from "@/ui/field";
import { engineWords } from "./catalogue";
import { Part } from "./draft-fields";
import { dismissNotes } from "./edits";
import { ProblemList } from "./problem-list";
import type { Problem } from "./problems";
import { useEdit, useOpenDraft } from "./use-draft";

/** The draft in words: what is wrong, what an import could not do, and every service. */
export function Outline({ onService, onProblem }: { onService: (id: string) => void; onProblem: (problem: Problem) => void }) {
  const { cloud, draft, verdict, index } = useOpenDraft();
  const [find, setFind] = useState("");
  const shown = cloud.services.filter(({ id }) => id.includes(find.trim()));
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4">
      {verdict.problems.length > 0 && (
        <Part title={plural(verdict.problems.length, "problem")}>
          <ProblemList problems={verdict.problems} onGo={onProblem} />
        </Part>
      )}
      {draft.notes.length > 0 && <Notes notes={draft.notes} />}
      <label className="relative block">
        <span className="sr-only">Find a service</span>
        <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-muted" />
        <TextInput type="search" placeholder="Find a service" className="!pl-8" value={find} onChange={(event) => setFind(event.target.value)} />
      </label>
      <ul aria-label="Services" className="flex flex-col">
        {shown.map(({ at, id, entry, engine }) => (
          <li key={at}>
            <button type="button" onClick={() => onService(id)} className="flex min-h-8 w-full items-center gap-2 rounded px-1 text-left text-[13px] hover:bg-raised">
              <span className="min-w-0 truncate">{id}</span>
              {entry && <DoorOpen aria-label="traffic enters here" className="size-3.5 shrink-0 text-ink-muted" />}
              {index.has(`service ${id}`) && <Badge tone="critical">problem</Badge>}
              <span className="ml-auto shrink-0 text-xs text-ink-muted">{engine && engineWords(engine.name)}</span>
            </button>
          </li>
        ))}
        {cloud.services.length === 0 && <li className="text-xs text-ink-muted">There are no services. Take one from the palette.</li>}
        {cloud.services.length > 0 && shown.length === 0 && <li className="text-xs text-ink-muted">No service is called that.</li>}
      </ul>
    </div>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  const edit = useEdit();
  return (
    <Part
      title="What was not understood"
      actions={
        <Button size="sm" onClick={() => edit(dismissNotes)}>
          Put away
        </Button>
      }
    >
      <ul aria-label="What was not understood" className="flex list-disc flex-col gap-1 pl-4 text-xs text-ink-muted">
        {notes.map((note) => (
          <li key={note} className="break-words">
            {note}
          </li>
        ))}
      </ul>
    </Part>
  );
}
