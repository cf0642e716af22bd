/** The draft with its past: undo, redo, and a copy in the browser that survives a reload. Free of React. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { asRecord, type Draft } from "./draft";
import type { Edit } from "./edits";

export interface DraftState {
  readonly draft: Draft | undefined;
  readonly past: readonly Draft[];
  readonly future: readonly Draft[];
  /** What the last step was about: further steps about the same make one. */
  readonly key: string;
  /** Whether the browser has a copy; `undefined` while one is made. */
  readonly saved: boolean | undefined;
}

const KEY = "microcloud.draft";
/** Steps that can be taken back: each is two texts, and most share them. */
const MAX_STEPS = 200;
const SAVE_AFTER_MS = 250;
/** After a pause, even typing in the same field is another step. */
const SAME_STEP_MS = 2_000;

export interface DraftStore {
  readonly store: StoreApi<DraftState>;
  /** Edits with one `key` in a row are one step of undo. */
  readonly apply: (edit: Edit, key?: string) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Another draft in place of this one; this one can be had back by undo. */
  readonly open: (draft: Draft) => void;
  /** Reads the browser's copy; called once on the page. */
  readonly restore: () => void;
}

export function createDraftStore(storage: () => Storage = () => window.localStorage): DraftStore {
  const store = createStore<DraftState>(() => ({ draft: undefined, past: [], future: [], key: "", saved: true }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let changedAt = Number.NEGATIVE_INFINITY;

  const save = () => {
    const { draft } = store.getState();
    try {
      if (draft) storage().setItem(KEY, JSON.stringify(draft));
      store.setState({ saved: true });
    } catch {
      store.setState({ saved: false });
    }
  };
  const change = (state: Partial<DraftState>) => {
    store.setState({ ...state, saved: undefined });
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER_MS);
  };
  const step = (draft: Draft, key: string) => {
    const { draft: before, past, key: last } = store.getState();
    const now = Date.now();
    const same = key !== "" && key === last && now - changedAt < SAME_STEP_MS;
    changedAt = now;
    change({ draft, past: same || !before ? past : [...past, before].slice(-MAX_STEPS), future: [], key });
  };

  return {
    store,
    apply: (edit, key = "") => {
      const { draft } = store.getState();
      const next = draft && edit(draft);
      if (next && next !== draft) step(next, key);
    },
    undo: () => {
      const { draft, past, future } = store.getState();
      const before = past.at(-1);
      if (draft && before) change({ draft: before, past: past.slice(0, -1), future: [draft, ...future], key: "" });
    },
    redo: () => {
      const { draft, past, future } = store.getState();
      const [after, ...rest] = future;
      if (draft && after) change({ draft: after, past: [...past, draft], future: rest, key: "" });
    },
    open: (draft) => step(draft, ""),
    restore: () => {
      if (store.getState().draft) return;
      const draft = readCopy(storage);
      if (draft) store.setState({ draft, saved: true });
    },
  };
}

function readCopy(storage: () => Storage): Draft | undefined {
  try {
    const copy = asRecord(JSON.parse(storage().getItem(KEY) ?? "null"));
    const { name, files, places, notes } = copy;
    if (typeof name !== "string" || !Object.values(asRecord(files)).every((text) => typeof text === "string")) return undefined;
    return { name, files: asRecord(files) as Draft["files"], places: asRecord(places) as Draft["places"], notes: Array.isArray(notes) ? notes.map(String) : [] };
  } catch {
    return undefined;
  }
}
