/** What keys do on every page. Pure. */
import { NAVIGATION } from "@/features/shell/navigation";

export type Reaction = { readonly kind: "palette" } | { readonly kind: "help" } | { readonly kind: "prefix" } | { readonly kind: "go"; readonly href: string };

export type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

/** `typing`: somebody writes, or answers a dialog. `prefixed`: `g` was pressed a moment ago. */
export function reactionTo({ key, ctrlKey, metaKey, altKey }: Press, typing: boolean, prefixed: boolean): Reaction | undefined {
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === "k") return { kind: "palette" };
  if (typing || ctrlKey || metaKey || altKey) return undefined;
  if (prefixed) {
    const page = NAVIGATION.find((item) => item.letter === key.toLowerCase());
    return page && { kind: "go", href: page.href };
  }
  if (key === "?") return { kind: "help" };
  return key === "g" ? { kind: "prefix" } : undefined;
}

/** Keys belong to whoever is written into, and to a dialog while it is open. */
export function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("[role=dialog]")) return true;
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select, [role=textbox]") !== null);
}

export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ["Ctrl", "K"], does: "Find a page, service, incident, scenario or control" },
  { keys: ["?"], does: "Show this help" },
  ...NAVIGATION.map(({ letter, label }) => ({ keys: ["g", letter], does: label })),
];
