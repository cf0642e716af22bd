"use client";

import { WifiOff } from "lucide-react";
import { useCloud } from "@/features/cloud/use-cloud";
import { useRetryConnection } from "@/features/cloud/cloud-runtime-provider";
import { Button } from "@/ui/button";
import { connectionLook } from "./connection-words";

/** Says over every page that what it shows is old. Lies over the page, so that nothing moves when it comes and goes. */
export function ConnectionNotice() {
  const connection = useCloud((state) => state.connection);
  const engineSilent = useCloud((state) => state.engineSilent);
  const known = useCloud((state) => state.snapshots > 0);
  const retry = useRetryConnection();
  const look = connectionLook({ connection, engineSilent });
  const shown = look.word === "Stale" || look.word === "Disconnected" || look.word === "Reconnecting";
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-17 z-40 flex justify-center px-3 lg:bottom-5">
      {shown && (
        <div className="pointer-events-auto flex items-center gap-3 rounded-lg border border-line-strong bg-surface px-4 py-2 text-[13px] shadow-xl">
          <WifiOff aria-hidden className="size-4 shrink-0 text-warning" />
          <span>
            <span className="font-medium">{look.word}.</span> {look.sentence} {known ? "You see the last known state." : ""}
          </span>
          {connection.retryAt !== undefined && (
            <Button size="sm" onClick={retry}>
              Retry now
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
