"use client";

import { CircleAlert, CircleCheck, Download, FolderOpen, LoaderCircle, Redo2, Undo2 } from "lucide-react";
import { useEffect } from "react";
import { plural } from "@/format/format";
import { Button } from "@/ui/button";
import { saveFile } from "@/ui/save-file";
import { fileName } from "./files-view";
import { SimulateButton } from "./simulate-dialog";
import { useDrafts, useDraftState, useOpenDraft } from "./use-draft";

/** What can be done with the draft as a whole. */
export function EditorBar({ onStart }: { onStart: () => void }) {
  const { draft } = useOpenDraft();
  const { undo, redo } = useDrafts();
  const canUndo = useDraftState(({ past }) => past.length > 0);
  const canRedo = useDraftState(({ future }) => future.length > 0);
  useUndoKeys(undo, redo);
  const save = () => {
    for (const [path, text] of Object.entries(draft.files)) saveFile(fileName(path), text, path.endsWith(".csv") ? "text/csv" : "application/yaml");
  };
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <Button size="icon" aria-label="Undo" title="Undo (Ctrl-Z)" disabled={!canUndo} onClick={undo}>
        <Undo2 aria-hidden className="size-4" />
      </Button>
      <Button size="icon" aria-label="Redo" title="Redo (Ctrl-Shift-Z)" disabled={!canRedo} onClick={redo}>
        <Redo2 aria-hidden className="size-4" />
      </Button>
      <Button onClick={onStart}>
        <FolderOpen aria-hidden className="size-3.5" />
        Start from…
      </Button>
      <Button onClick={save} title={Object.keys(draft.files).map(fileName).join(", ")}>
        <Download aria-hidden className="size-3.5" />
        Save files
      </Button>
      <SimulateButton />
    </div>
  );
}

/** Where a text is written, undo is about its letters. */
function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
      if (!(ctrlKey || metaKey) || altKey || document.querySelector("[role=dialog]")) return;
      if (target instanceof HTMLElement && target.closest("input:not([type=checkbox]), textarea")) return;
      const wanted = key.toLowerCase() === "z" ? (shiftKey ? redo : undo) : key.toLowerCase() === "y" ? redo : undefined;
      if (!wanted) return;
      event.preventDefault();
      wanted();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [undo, redo]);
}

/** Whether something is wrong, what the draft makes, and whether it would survive a reload. */
export function EditorStatus({ onProblems }: { onProblems: () => void }) {
  const { verdict, cloud } = useOpenDraft();
  const saved = useDraftState((state) => state.saved);
  const { problems, engine, reason, size } = verdict;
  const makes = size ? `${plural(size.services, "service")}, ${plural(size.replicas, "replica")}, ${plural(size.edges, "call")}, ${plural(size.nodes, "node")}` : `${plural(cloud.services.length, "service")}, ${plural(cloud.calls.length, "call")}, ${plural(cloud.nodes.length, "node")}`;
  return (
    <div role="status" data-testid="editor-status" data-engine={engine} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-raised px-4 py-1.5 text-xs">
      {problems.length > 0 ? (
        <button type="button" onClick={onProblems} className="flex min-h-6 items-center gap-1 rounded font-medium text-critical hover:underline">
          <CircleAlert aria-hidden className="size-3.5" />
          {plural(problems.length, "problem")}
        </button>
      ) : engine === "said" ? (
        <span className="flex items-center gap-1 font-medium text-ok">
          <CircleCheck aria-hidden className="size-3.5" />
          The engine would take it
        </span>
      ) : (
        <span className="text-ink-muted">No problem is seen here</span>
      )}
      <span className="text-ink-muted">{makes}</span>
      {engine === "checking" && (
        <span className="flex items-center gap-1 text-ink-muted">
          <LoaderCircle aria-hidden className="size-3.5 animate-spin" />
          the engine looks through it
        </span>
      )}
      {engine === "silent" && <span className="text-warning">The engine could not look through it: {reason}</span>}
      <span className={saved === false ? "ml-auto text-warning" : "ml-auto text-ink-muted"}>{saved === undefined ? "saving…" : saved ? "Kept in this browser" : "Not kept: this browser takes no more. Save the files."}</span>
    </div>
  );
}
