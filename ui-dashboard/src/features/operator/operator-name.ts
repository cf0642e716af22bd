"use client";

import { useSyncExternalStore } from "react";

const KEY = "microcloud.operator";
const CHANGED = "microcloud:operator";
/** What the API accepts. */
export const MAX_OPERATOR_CHARS = 128;

/** Private windows may refuse storage; the name then lasts as long as the page. */
let unstored = "";

function read(): string {
  try {
    return localStorage.getItem(KEY) ?? unstored;
  } catch {
    return unstored;
  }
}

export function setOperatorName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    unstored = name;
  }
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(notify: () => void): () => void {
  window.addEventListener(CHANGED, notify);
  window.addEventListener("storage", notify);
  return () => {
    window.removeEventListener(CHANGED, notify);
    window.removeEventListener("storage", notify);
  };
}

/** Who decides in this browser; empty until somebody said. */
export function useOperatorName(): string {
  return useSyncExternalStore(subscribe, read, () => "");
}
