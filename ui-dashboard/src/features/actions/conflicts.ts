/** Decisions that came too late: kept until the person has seen who was first, though the proposal is gone by then. */
import { create } from "zustand";
import type { Action } from "@/gen/ops/v1/action_pb";
import type { Verdict } from "./use-decision";

export interface Conflict {
  /** The action as it is now; as it was shown when it could not be read again. */
  readonly action: Action;
  /** What the person wanted. */
  readonly tried: Verdict["kind"];
}

interface Conflicts {
  readonly byAction: ReadonlyMap<string, Conflict>;
  readonly add: (conflict: Conflict) => void;
  readonly dismiss: (actionId: string) => void;
}

export const useConflicts = create<Conflicts>((set) => ({
  byAction: new Map(),
  add: (conflict) => set(({ byAction }) => ({ byAction: new Map(byAction).set(conflict.action.id, conflict) })),
  dismiss: (actionId) => set(({ byAction }) => ({ byAction: new Map([...byAction].filter(([id]) => id !== actionId)) })),
}));
