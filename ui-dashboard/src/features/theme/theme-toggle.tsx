"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { Button } from "@/ui/button";
import { setTheme, type ThemeChoice, useThemeChoice } from "./theme";

const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

/** One button through the three choices. */
export function ThemeToggle() {
  const choice = useThemeChoice();
  const Icon = ICONS[choice];
  return (
    <Button tone="quiet" size="icon" aria-label={`Theme: ${choice}. Switch to ${NEXT[choice]}`} title={`Theme: ${choice}`} onClick={() => setTheme(NEXT[choice])}>
      <Icon aria-hidden className="size-4" />
    </Button>
  );
}
