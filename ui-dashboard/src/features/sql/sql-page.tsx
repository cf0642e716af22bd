"use client";

import { DatabaseZap } from "lucide-react";
import { parseAsString, useQueryState } from "nuqs";
import { useRef, useState } from "react";
import { Card } from "@/ui/card";
import { EmptyState } from "@/ui/states";
import { SchemaCard } from "./schema-card";
import { SqlEditor } from "./sql-editor";
import { SqlProblemCard } from "./sql-problem";
import { SqlResult, SqlRunning } from "./sql-result";
import { useStatement } from "./use-sql";

/** Anything that is stored, asked in SQL. `?q=` is the statement. */
export function SqlPage() {
  const [statement, setStatement] = useQueryState("q", parseAsString.withOptions({ history: "push" }));
  const [draft, setDraft] = useState(statement ?? "");
  const [shown, setShown] = useState(statement);
  const editor = useRef<HTMLTextAreaElement>(null);
  const { data, error, isError, isFetching, refetch, stop } = useStatement(statement);
  // Back and forward bring their statement along.
  if (statement !== shown) {
    setShown(statement);
    setDraft(statement ?? "");
  }
  const run = (text: string) => {
    const wanted = text.trim();
    if (wanted === "" || isFetching) return;
    if (wanted === statement) void refetch();
    else {
      setShown(wanted);
      void setStatement(wanted);
    }
  };
  const insert = (name: string) => {
    const { selectionStart = draft.length, selectionEnd = draft.length } = editor.current ?? {};
    setDraft(draft.slice(0, selectionStart) + name + draft.slice(selectionEnd));
    editor.current?.focus();
  };
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_17rem]">
      <h1 className="sr-only">SQL</h1>
      <div className="flex min-w-0 flex-col gap-4">
        <SqlEditor ref={editor} draft={draft} busy={isFetching} onChange={setDraft} onRun={run} onStop={stop} />
        {isFetching && <SqlRunning />}
        {!isFetching && isError && <SqlProblemCard error={error} statement={statement ?? ""} />}
        {!isFetching && !isError && data && <SqlResult key={statement} result={data} />}
        {!isFetching && !isError && !data && (
          <Card title="Result">
            <EmptyState icon={DatabaseZap} title={statement === null ? "Nothing has been asked yet" : "It was stopped"}>
              Choose a question, or write one and press Ctrl-Enter. Everything that is stored can be read, and nothing changed.
            </EmptyState>
          </Card>
        )}
      </div>
      <SchemaCard onInsert={insert} />
    </div>
  );
}
