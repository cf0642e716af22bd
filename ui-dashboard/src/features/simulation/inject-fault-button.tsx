"use client";

import { Zap } from "lucide-react";
import { useState } from "react";
import { useIsInGame } from "@/features/game/use-in-game";
import type { Target } from "@/gen/common/v1/target_pb";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { InjectFaultForm } from "./inject-fault-form";

/** Breaks what it stands beside. Not there in a game, which it would spoil. */
export function InjectFaultButton({ target, compact = false }: { target: Pick<Target, "kind" | "id">; compact?: boolean }) {
  const [open, setOpen] = useState(false);
  const inGame = useIsInGame();
  if (inGame) return null;
  return (
    <>
      {compact ? (
        <Button tone="quiet" size="icon" className="!size-7" aria-label={`Inject a fault into ${target.id}`} title="Inject a fault" onClick={() => setOpen(true)}>
          <Zap aria-hidden className="size-3.5" />
        </Button>
      ) : (
        <Button size="sm" className="self-start" onClick={() => setOpen(true)}>
          <Zap aria-hidden className="size-3.5" />
          Inject a fault…
        </Button>
      )}
      <Dialog wide open={open} onOpenChange={setOpen} title={`Inject a fault into ${target.id}`} description="Takes effect at the next tick.">
        {open && <InjectFaultForm target={target} onDone={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}
