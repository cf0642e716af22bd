"use client";

import { useSyncExternalStore } from "react";

/** One timer for every countdown on the page. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = 0;

function subscribe(notify: () => void): () => void {
  listeners.add(notify);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const listener of listeners) listener();
  }, 1_000);
  return () => {
    listeners.delete(notify);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function read(): number {
  // Between the beats the instant stands still, so that a render sees one time only.
  if (timer === undefined || now === 0) now = Date.now();
  return now;
}

/** Wall time of this machine, ms, once a second. 0 in the prerendered page, where there is no time. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read, () => 0);
}
