import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createDraftStore } from "./draft-store";
import { movePlaces, renameDraft, setText } from "./edits";
import { draftOfSketch, SKETCHES } from "./starts";

const A_DRAFT = draftOfSketch(SKETCHES[1] ?? expect.fail());

function aStorage(full = false): Storage {
  const kept = new Map<string, string>();
  const setItem = (key: string, value: string) => {
    if (full) throw new Error("QuotaExceededError");
    kept.set(key, value);
  };
  return { getItem: (key) => kept.get(key) ?? null, setItem, removeItem: (key) => void kept.delete(key), clear: () => kept.clear(), key: () => null, length: 0 };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("takes steps back and does them again, and forgets those ahead after another one", () => {
  const draft = createDraftStore(() => aStorage());
  draft.open(A_DRAFT);
  draft.apply(renameDraft("one"));
  draft.apply(renameDraft("two"));
  const name = () => draft.store.getState().draft?.name;
  draft.undo();
  draft.undo();
  draft.undo();
  expect(name()).toBe("three_tiers");
  draft.redo();
  expect(name()).toBe("one");
  draft.apply(renameDraft("three"));
  draft.redo();
  expect(name()).toBe("three");
});

it("makes one step of what is typed without a pause, and none of what changes nothing", () => {
  const draft = createDraftStore(() => aStorage());
  draft.open(A_DRAFT);
  for (const text of ["a", "ab", "abc"]) draft.apply(setText("notes.csv", text), "text");
  draft.apply(renameDraft("three_tiers"));
  expect(draft.store.getState().past).toHaveLength(1);
  vi.advanceTimersByTime(5_000);
  draft.apply(setText("notes.csv", "abcd"), "text");
  expect(draft.store.getState().past).toHaveLength(2);
});

it("keeps a copy that another page finds, and says when it cannot", () => {
  const storage = aStorage();
  const draft = createDraftStore(() => storage);
  draft.open(A_DRAFT);
  draft.apply(movePlaces({ api: { x: 3, y: 4 } }));
  expect(draft.store.getState().saved).toBeUndefined();
  vi.runAllTimers();
  expect(draft.store.getState().saved).toBe(true);
  const after = createDraftStore(() => storage);
  after.restore();
  expect(after.store.getState().draft).toEqual({ ...A_DRAFT, places: { api: { x: 3, y: 4 } } });

  const full = createDraftStore(() => aStorage(true));
  full.open(A_DRAFT);
  vi.runAllTimers();
  expect(full.store.getState().saved).toBe(false);
});

it("begins with nothing when the copy is none", () => {
  const storage = aStorage();
  storage.setItem("microcloud.draft", "{");
  const draft = createDraftStore(() => storage);
  draft.restore();
  expect(draft.store.getState().draft).toBeUndefined();
});
