"use client";

import { createContext, type ReactNode, useContext, useDeferredValue, useEffect, useMemo } from "react";
import { useStore } from "zustand";
import { type Cloud, cloudOf } from "./cloud";
import type { Draft } from "./draft";
import { createDraftStore, type DraftState, type DraftStore } from "./draft-store";
import { indexOf, type Part, partKey, type Problem, type ProblemIndex } from "./problems";
import { useVerdict, type Verdict } from "./use-verdict";

/** The tab's draft: going to another page and back keeps what can be undone. */
const tabs = createDraftStore();

const DraftContext = createContext<DraftStore>(tabs);

export function DraftProvider({ drafts = tabs, children }: { drafts?: DraftStore; children: ReactNode }) {
  useEffect(() => drafts.restore(), [drafts]);
  return <DraftContext value={drafts}>{children}</DraftContext>;
}

export function useDrafts(): DraftStore {
  return useContext(DraftContext);
}

export function useDraftState<T>(selector: (state: DraftState) => T): T {
  return useStore(useDrafts().store, selector);
}

export function useEdit(): DraftStore["apply"] {
  return useDrafts().apply;
}

interface Open {
  readonly draft: Draft;
  readonly cloud: Cloud;
  readonly verdict: Verdict;
  readonly index: ProblemIndex;
}

const OpenContext = createContext<Open | undefined>(undefined);

/** Reads the draft and has it checked, once for everybody on the page; who types into a large one does not wait for that. */
export function OpenDraft({ draft: latest, children }: { draft: Draft; children: ReactNode }) {
  const draft = useDeferredValue(latest);
  const verdict = useVerdict(draft);
  const open = useMemo(() => ({ draft, cloud: cloudOf(draft), verdict, index: indexOf(verdict.problems) }), [draft, verdict]);
  return <OpenContext value={open}>{children}</OpenContext>;
}

export function useOpenDraft(): Open {
  const open = useContext(OpenContext);
  if (!open) throw new Error("useOpenDraft needs an OpenDraft above it.");
  return open;
}

const NONE: readonly Problem[] = [];

export function useProblems(part: Part): readonly Problem[] {
  return useOpenDraft().index.get(partKey(part)) ?? NONE;
}
