"use client";

import { ChevronRight, Table2 } from "lucide-react";
import { useState } from "react";
import { plural } from "@/format/format";
import type { SqlRelation } from "@/gen/ops/v1/sql_service_pb";
import { Card } from "@/ui/card";
import { TextInput } from "@/ui/field";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { useSchema } from "./use-sql";

/** Every view and table with its columns; a click writes a name into the statement. */
export function SchemaCard({ onInsert }: { onInsert: (name: string) => void }) {
  const { data, isPending, isError, error, refetch } = useSchema();
  const [find, setFind] = useState("");
  const relations = data?.relations ?? [];
  const wanted = find.trim().toLowerCase();
  const found = relations.filter(({ name, columns }) => name.includes(wanted) || columns.some((column) => column.name.includes(wanted)));
  return (
    <Card flush title="What there is" hint={data && plural(relations.length, "view or table", "views and tables")}>
      {isPending && <SkeletonRows rows={8} label="Loading tables" />}
      {isError && <ErrorState error={error} what="The tables could not be listed." onRetry={() => void refetch()} />}
      {data && relations.length === 0 && <EmptyState icon={Table2} title="There is nothing to read" />}
      {relations.length > 0 && (
        <>
          <div className="border-b border-line p-2">
            <TextInput aria-label="Find a table or column" placeholder="Find a table or column" value={find} onChange={({ target: { value } }) => setFind(value)} />
          </div>
          <ul className="max-h-[70dvh] overflow-y-auto py-1" aria-label="Views and tables">
            {found.map((relation) => (
              <Relation key={relation.name} relation={relation} onInsert={onInsert} />
            ))}
            {found.length === 0 && <li className="px-4 py-3 text-xs text-ink-muted">Nothing is called that.</li>}
          </ul>
        </>
      )}
    </Card>
  );
}

function Relation({ relation: { name, view, columns }, onInsert }: { relation: SqlRelation; onInsert: (name: string) => void }) {
  return (
    <li>
      <details className="group">
        <summary className="flex min-h-7 cursor-pointer list-none items-center gap-1.5 px-3 text-[13px] hover:bg-raised">
          <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-muted transition-transform group-open:rotate-90" />
          <span className="truncate font-mono text-xs">{name}</span>
          <span className="ml-auto text-[11px] text-ink-muted">{view ? "view" : "table"}</span>
        </summary>
        <ul className="mb-1 pl-8">
          <li>
            <Insert name={name} word="write its name" onInsert={onInsert} />
          </li>
          {columns.map((column) => (
            <li key={column.name}>
              <Insert name={column.name} word={column.type} onInsert={onInsert} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function Insert({ name, word, onInsert }: { name: string; word: string; onInsert: (name: string) => void }) {
  return (
    <button type="button" onClick={() => onInsert(name)} title={`Write ${name} into the statement`} className="flex min-h-6 w-full items-center gap-2 rounded pr-3 text-left text-xs hover:underline">
      <span className="min-w-0 truncate font-mono">{name}</span>
      <span className="ml-auto shrink-0 text-[11px] text-ink-muted">{word}</span>
    </button>
  );
}
