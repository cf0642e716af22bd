"use client";

import * as Popover from "radix-ui/popover";
import { formatCountdown, formatDuration, plural } from "@/format/format";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { useRetryConnection } from "@/features/cloud/cloud-runtime-provider";
import { useNow } from "@/features/clock/use-now";
import { Dot } from "@/ui/badge";
import { Button } from "@/ui/button";
import { connectionLook } from "./connection-words";

/** Live, reconnecting, stale or disconnected; the details are one click away. */
export function ConnectionBadge() {
  const connection = useCloud((state) => state.connection);
  const engineSilent = useCloud((state) => state.engineSilent);
  const look = connectionLook({ connection, engineSilent });
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button tone="quiet" size="sm" aria-label={`Connection: ${look.word}`} data-testid="connection" data-state-word={look.word}>
          <Dot tone={look.tone} pulse={look.word === "Reconnecting" || look.word === "Connecting"} />
          <span className="text-ink">{look.word}</span>
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content align="end" sideOffset={6} className="z-40 w-72 rounded-lg border border-line bg-surface p-4 text-[13px] shadow-xl outline-none" aria-label="Connection">
          <p className="font-medium">{look.word}</p>
          <p className="mt-0.5 text-ink-muted">{look.sentence}</p>
          <Details retryAt={connection.retryAt} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Details({ retryAt }: { retryAt: number | undefined }) {
  const retry = useRetryConnection();
  const now = useNow();
  const malformed = useCloud((state) => state.malformed);
  const offset = useCalmCloud((state) => Math.round(state.serverOffsetMs / 1_000) * 1_000);
  return (
    <div className="mt-3 flex flex-col gap-2 text-xs text-ink-muted">
      {retryAt !== undefined && (
        <div className="flex items-center gap-2">
          <span>{retryAt > now ? `Next attempt in ${formatCountdown(retryAt - now)}` : "Trying now"}</span>
          <Button size="sm" className="ml-auto" onClick={retry}>
            Retry now
          </Button>
        </div>
      )}
      {malformed.count > 0 && (
        <p>
          {plural(malformed.count, "event")} could not be read and {malformed.count === 1 ? "was" : "were"} skipped. Last: {malformed.last}
        </p>
      )}
      {Math.abs(offset) >= 2_000 && (
        <p>
          This machine&apos;s clock is {formatDuration(Math.abs(offset))} {offset > 0 ? "behind" : "ahead of"} the server&apos;s. Countdowns follow the server.
        </p>
      )}
    </div>
  );
}
