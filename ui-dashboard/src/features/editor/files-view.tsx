"use client";

import { Download } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/ui/button";
import { cx } from "@/ui/class-names";
import { TextArea } from "@/ui/field";
import { saveFile } from "@/ui/save-file";
import { scenarioPath } from "./draft";
import { setText } from "./edits";
import { ProblemList } from "./problem-list";
import type { Problem } from "./problems";
import { useEdit, useOpenDraft } from "./use-draft";

/** What a file is called once it is on a disk. */
export function fileName(path: string): string {
  return path.split("/").at(-1) ?? path;
}

/** The files as text: everything that the canvas has no field for is written here. */
export function FilesView({ file, onFile }: { file: string | null; onFile: (path: string) => void }) {
  const { draft, verdict } = useOpenDraft();
  const edit = useEdit();
  const area = useRef<HTMLTextAreaElement>(null);
  const first = scenarioPath(draft);
  const paths = Object.keys(draft.files).toSorted((one, other) => Number(other === first) - Number(one === first) || one.localeCompare(other));
  const path = file !== null && paths.includes(file) ? file : (paths[0] ?? "");
  const text = draft.files[path] ?? "";
  const goTo = ({ line }: Problem) => {
    const start = text.split("\n").slice(0, Math.max(0, line - 1)).join("\n").length + (line > 1 ? 1 : 0);
    const end = text.indexOf("\n", start);
    area.current?.focus();
    area.current?.setSelectionRange(start, end < 0 ? text.length : end);
  };
  return (
    <div className="flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <div role="group" aria-label="Files" className="flex flex-wrap gap-1">
          {paths.map((one) => (
            <button key={one} type="button" aria-pressed={one === path} onClick={() => onFile(one)} className={cx("min-h-7 rounded-md px-2 font-mono text-xs", one === path ? "bg-raised text-ink" : "text-ink-muted hover:text-ink")}>
              {one}
            </button>
          ))}
        </div>
        <Button size="sm" className="ml-auto" onClick={() => saveFile(fileName(path), text, path.endsWith(".csv") ? "text/csv" : "application/yaml")}>
          <Download aria-hidden className="size-3.5" />
          Save {fileName(path)}
        </Button>
      </div>
      <ProblemList problems={verdict.problems.filter((problem) => problem.file === path)} onGo={goTo} />
      <TextArea
        ref={area}
        aria-label={path}
        spellCheck={false}
        wrap="off"
        className="min-h-[60dvh] font-mono text-xs leading-5"
        value={text}
        onChange={(event) => edit(setText(path, event.target.value), `text ${path}`)}
      />
    </div>
  );
}
