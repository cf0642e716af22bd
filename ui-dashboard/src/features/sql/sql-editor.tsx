"use client";

import { Play, Square } from "lucide-react";
import { type KeyboardEvent, type Ref, useId } from "react";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Select, TextArea } from "@/ui/field";
import { Keys } from "@/ui/keys";
import { useQuestions } from "./use-sql";

/** What the API accepts. */
const MAX_CHARS = 65_536;

interface SqlEditorProps {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly draft: string;
  readonly busy: boolean;
  readonly onChange: (draft: string) => void;
  readonly onRun: (statement: string) => void;
  readonly onStop: () => void;
}

/** Where a statement is written; Ctrl-Enter runs it, and Tab leaves it as everywhere. */
export function SqlEditor({ ref, draft, busy, onChange, onRun, onStop }: SqlEditorProps) {
  const questions = useQuestions();
  const hintId = useId();
  const asked = questions.find(({ statement }) => statement === draft);
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onRun(draft);
  };
  const choose = (title: string) => {
    const question = questions.find((one) => one.title === title);
    if (!question) return;
    onChange(question.statement);
    onRun(question.statement);
  };
  return (
    <Card
      title="Statement"
      actions={
        <Select aria-label="Questions" className="w-44 sm:w-72" value={asked?.title ?? ""} onChange={({ target: { value } }) => choose(value)}>
          <option value="">Choose a question…</option>
          {questions.map(({ title }) => (
            <option key={title} value={title}>
              {title}
            </option>
          ))}
        </Select>
      }
    >
      <TextArea
        ref={ref}
        aria-label="SQL statement"
        aria-describedby={hintId}
        className="min-h-52 font-mono text-[13px] leading-5"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        maxLength={MAX_CHARS}
        placeholder="select … from metrics_1m …"
        value={draft}
        onChange={({ target: { value } }) => onChange(value)}
        onKeyDown={press}
      />
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        {busy ? (
          <Button onClick={onStop}>
            <Square aria-hidden className="size-3.5" />
            Stop
          </Button>
        ) : (
          <Button tone="primary" disabled={draft.trim() === ""} onClick={() => onRun(draft)}>
            <Play aria-hidden className="size-3.5" />
            Run
          </Button>
        )}
        <Keys keys={["Ctrl", "Enter"]} className="max-sm:hidden" />
        <p id={hintId} className="min-w-0 flex-1 basis-60 text-xs text-ink-muted">
          {asked && asked.about !== "" ? asked.about : "One statement that reads. Times are simulated, so now() means nothing: telemetry_clock says how far they reach."}
        </p>
      </div>
    </Card>
  );
}
