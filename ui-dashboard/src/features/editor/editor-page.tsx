"use client";

import { useQueryStates } from "nuqs";
import { useEffect, useRef, useState } from "react";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Tabs } from "@/ui/tabs";
import type { Draft } from "./draft";
import { EditorBar, EditorStatus } from "./editor-bar";
import { EDITOR_PARAMS, type View, VIEWS } from "./editor-params";
import { StartPanel } from "./start-panel";
import { DraftProvider, OpenDraft, useDraftState } from "./use-draft";
import { useStarts } from "./use-start";
import type { DraftStore } from "./draft-store";
import { Workbench } from "./workbench";

const VIEW_WORDS: Readonly<Record<View, string>> = { services: "Services", nodes: "Nodes and zones", scenario: "Traffic and scenario", files: "Files" };

/** A cloud of one's own: drawn, checked while it is drawn, saved as files, simulated. */
export function EditorPage({ drafts }: { drafts?: DraftStore }) {
  return (
    <DraftProvider drafts={drafts}>
      <h1 className="sr-only">Cloud editor</h1>
      <Editor />
    </DraftProvider>
  );
}

function Editor() {
  const draft = useDraftState((state) => state.draft);
  const [{ scenario }, set] = useQueryStates(EDITOR_PARAMS);
  const { fromScenario } = useStarts(() => void set({ scenario: null, service: null, call: null }));
  const asked = useRef<string>(undefined);
  useEffect(() => {
    if (scenario === null || asked.current === scenario) return;
    asked.current = scenario;
    void fromScenario(scenario);
  });
  return draft ? (
    <OpenDraft draft={draft}>
      <OpenEditor draft={draft} />
    </OpenDraft>
  ) : (
    <Card title="Draw a cloud" hint="what to begin with">
      <StartPanel onOpened={() => undefined} />
    </Card>
  );
}

function OpenEditor({ draft }: { draft: Draft }) {
  const [{ view }, set] = useQueryStates(EDITOR_PARAMS);
  const [starting, setStarting] = useState(false);
  const opened = () => {
    setStarting(false);
    void set({ service: null, call: null, file: null });
  };
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <EditorBar onStart={() => setStarting(true)} />
        <Tabs label="View" options={VIEWS} words={VIEW_WORDS} value={view} onChange={(next) => void set({ view: next })} />
      </div>
      <Card flush title={draft.name} hint="a draft: nothing happens until you simulate it">
        <EditorStatus onProblems={() => void set({ view: "services", service: null, call: null })} />
        <Workbench />
      </Card>
      <Dialog wide open={starting} onOpenChange={setStarting} title="Start from…" description="Takes the place of this draft. Undo brings this one back.">
        <StartPanel onOpened={opened} />
      </Dialog>
    </div>
  );
}
