"use client";

import { History } from "lucide-react";
import { formatClock, formatCount, shortNumbers } from "@/format/format";
import { BLIND_SENTENCE, isBlind } from "@/features/cloud/blind";
import { eventTone } from "@/features/simulation/event-list";
import { Dot } from "@/ui/badge";
import { Card } from "@/ui/card";
import { cx } from "@/ui/class-names";
import { EmptyState } from "@/ui/states";
import { isTold } from "./marks";
import { secondsOf } from "./past";
import type { Watched } from "./use-replay";

const SHOWN = 40;

/** What had happened by the moment, the latest first; a press goes there. `beside` the map it is as high as that. */
export function PastEvents({ run: { past, events }, at, beside, onSeek }: { run: Watched; at: number; beside: boolean; onSeek: (tick: number) => void }) {
  const before = events.filter((event) => isTold(event) && Number(event.tick) <= at);
  const shown = before.slice(-SHOWN).reverse();
  return (
    <Card flush title={`Before it in ${past.simulation.displayName}`} hint="latest first" className="flex min-h-0 flex-col">
      <div role="region" aria-label={`Events of ${past.simulation.displayName} before the moment`} tabIndex={0} className={cx("overflow-y-auto", beside ? "lg:h-[42dvh] lg:min-h-72 max-lg:max-h-[42dvh]" : "max-h-[42dvh]")}>
        {isBlind(past.simulation.state) && <p className="border-b border-line px-4 py-2 text-xs text-ink-muted">{BLIND_SENTENCE}</p>}
        {shown.length === 0 && (
          <EmptyState icon={History} title="Nothing had happened yet">
            Faults, crashes, recoveries and actions are listed here.
          </EmptyState>
        )}
        <ol className="divide-y divide-line">
          {shown.map((event) => (
            <li key={event.id}>
              <button type="button" onClick={() => onSeek(Number(event.tick))} className="flex w-full items-baseline gap-2.5 px-4 py-2 text-left text-[13px] hover:bg-raised">
                <span className="w-10 shrink-0 font-mono text-xs text-ink-muted">{formatClock(secondsOf(past, Number(event.tick)))}</span>
                <Dot tone={eventTone(event)} />
                <span className="min-w-0 break-words">{shortNumbers(event.message)}</span>
              </button>
            </li>
          ))}
        </ol>
        {before.length > SHOWN && <p className="px-4 py-2 text-xs text-ink-muted">and {formatCount(before.length - SHOWN)} before</p>}
      </div>
      {past.eventsLeftOut > 0 && <p className="border-t border-line px-4 py-2 text-xs text-ink-muted">{formatCount(past.eventsLeftOut)} later events did not fit. Look closer at a part of the run to see them.</p>}
    </Card>
  );
}
