"use client";

import { useSyncExternalStore } from "react";
import { THEME_KEY } from "./theme-script";

/** What the viewer chose; `system` follows the machine. */
export type ThemeChoice = "system" | "light" | "dark";

const CHANGED = "microcloud:theme";

export function storedTheme(): ThemeChoice {
  const stored = readStored();
  return stored === "light" || stored === "dark" ? stored : "system";
}

function readStored(): string | null {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

export function setTheme(choice: ThemeChoice): void {
  try {
    if (choice === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, choice);
  } catch {
    // Private windows may refuse storage; the choice then lasts as long as the page.
  }
  applyTheme(choice);
}

function applyTheme(choice: ThemeChoice): void {
  const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(notify: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => applyTheme(storedTheme());
  window.addEventListener(CHANGED, notify);
  system.addEventListener("change", follow);
  return () => {
    window.removeEventListener(CHANGED, notify);
    system.removeEventListener("change", follow);
  };
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, storedTheme, () => "system");
}

/** The theme in force, for what paints by itself (charts). */
export function useResolvedTheme(): "light" | "dark" {
  return useSyncExternalStore(
    subscribe,
    () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light"),
    () => "light",
  );
}
