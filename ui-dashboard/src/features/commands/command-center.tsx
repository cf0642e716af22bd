"use client";

import { Search } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { Keys } from "@/ui/keys";
import { isTaken, reactionTo } from "./shortcuts";

/** Loaded when somebody asks for them. */
const Palette = dynamic(() => import("./palette"), { ssr: false });
const HelpSheet = dynamic(() => import("./help-sheet"), { ssr: false });

/** How long `g` waits for its letter. */
const PREFIX_MS = 1_500;

const OpenContext = createContext<() => void>(() => undefined);

/** Listens for keys on every page, and shows what they ask for. */
export function CommandCenter({ children }: { children: ReactNode }) {
  const router = useRouter();
  const [open, setOpen] = useState<"palette" | "help">();
  const prefixedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const prefixed = event.timeStamp - prefixedAt.current < PREFIX_MS;
      const reaction = reactionTo(event, isTaken(event.target), prefixed);
      if (!["Shift", "Control", "Alt", "Meta"].includes(event.key)) prefixedAt.current = reaction?.kind === "prefix" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (!reaction) return;
      event.preventDefault();
      if (reaction.kind === "go") router.push(reaction.href);
      if (reaction.kind === "palette") setOpen((shown) => (shown === "palette" ? undefined : "palette"));
      if (reaction.kind === "help") setOpen("help");
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [router]);
  const [openPalette] = useState(() => () => setOpen("palette"));
  return (
    <OpenContext value={openPalette}>
      {children}
      {open === "palette" && <Palette onClose={() => setOpen(undefined)} onHelp={() => setOpen("help")} />}
      {open === "help" && <HelpSheet onClose={() => setOpen(undefined)} />}
    </OpenContext>
  );
}

/** The palette for who does not know its key yet, or has no keyboard. */
export function CommandButton({ compact = false }: { compact?: boolean }) {
  const openPalette = useContext(OpenContext);
  if (compact) {
    return (
      <Button tone="quiet" size="icon" aria-label="Find" onClick={openPalette}>
        <Search aria-hidden className="size-4" />
      </Button>
    );
  }
  return (
    <button type="button" onClick={openPalette} className="mx-2 mb-1 flex h-8 items-center gap-2 rounded-md border border-line px-2.5 text-[13px] text-ink-muted hover:bg-raised hover:text-ink">
      <Search aria-hidden className="size-4" />
      Find
      <Keys keys={["Ctrl", "K"]} className="ml-auto" />
    </button>
  );
}
