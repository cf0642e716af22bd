"use client";

import { MailCheck } from "lucide-react";
import { formatCount, formatWallTime, plural } from "@/format/format";
import type { DeadLetter } from "@/gen/ops/v1/system_service_pb";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, SkeletonRows } from "@/ui/states";
import { FactList } from "./fact-list";
import { useDeadLetters } from "./use-system";

/** What nobody could handle: how many by stream, and the newest with what they say. */
export function DeadLettersCard() {
  const { data, isPending, isError, error, refetch } = useDeadLetters();
  const counts = (data?.counts ?? []).filter(({ letters }) => letters > 0n);
  const all = counts.reduce((sum, { letters }) => sum + letters, 0n);
  const letters = data?.letters ?? [];
  const hint = letters.length < all ? `the newest ${formatCount(letters.length)} of ${formatCount(all)}` : plural(Number(all), "message");
  return (
    <Card flush title="Dead letters" hint={data && (isError ? "the last known: the bus does not answer" : hint)} aria-busy={isPending} className="xl:col-span-2">
      {isPending && <SkeletonRows rows={2} label="Asking for dead letters" />}
      {isError && !data && <ErrorState error={error} what="It is not known whether there are dead letters." onRetry={() => void refetch()} />}
      {data && all === 0n && letters.length === 0 && (
        <EmptyState icon={MailCheck} title="No dead letters" compact>
          Every message could be handled.
        </EmptyState>
      )}
      {counts.length > 0 && (
        <div className="border-b border-line p-4">
          <FactList facts={counts.map(({ stream, letters: many }) => [stream, plural(Number(many), "message")] as const)} />
        </div>
      )}
      {letters.length > 0 && (
        <ul aria-label="Newest dead letters" className="divide-y divide-line">
          {letters.map((letter) => (
            <Letter key={String(letter.sequence)} letter={letter} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  const { sequence, at, reason, subject, stream, streamSequence, consumer, attempts, messageType, payloadBytes, json } = letter;
  return (
    <li data-testid={`letter-${sequence}`}>
      <details>
        <summary className="cursor-pointer px-4 py-2.5 text-[13px] hover:bg-raised">
          <span className="font-medium break-words">{reason}</span>
          <span className="block pl-4 text-xs break-all text-ink-muted">
            {subject} · {formatWallTime(at)}
          </span>
        </summary>
        <div className="flex flex-col gap-3 px-4 pt-1 pb-4 pl-8">
          <FactList
            facts={[
              ["Number", formatCount(sequence)],
              ["From", `${stream}, message ${formatCount(streamSequence)}`],
              ["Given up by", `${consumer}, after ${plural(Number(attempts), "attempt")}`],
              ["Type", messageType || "not told"],
              ["Payload", plural(Number(payloadBytes), "byte")],
            ]}
          />
          {json === "" ? (
            <p className="text-xs text-ink-muted">The payload is not what its header says, so that it cannot be shown.</p>
          ) : (
            <pre tabIndex={0} aria-label="Payload" className="max-h-72 overflow-auto rounded-md bg-raised p-3 font-mono text-xs whitespace-pre-wrap">
              {json}
            </pre>
          )}
        </div>
      </details>
    </li>
  );
}
