"use client";

import { Inbox } from "lucide-react";
import Link from "next/link";
import { formatCountdown, instantMs } from "@/format/format";
import { actionTitle } from "@/features/actions/action-words";
import { pendingActions } from "@/features/actions/pending";
import { useServerNow } from "@/features/clock/use-server-now";
import { useCloud } from "@/features/cloud/use-cloud";
import { Card } from "@/ui/card";
import { EmptyState, SkeletonRows } from "@/ui/states";

const SHOWN = 3;

export function Waiting() {
  const known = useCloud((state) => state.snapshots > 0);
  const actions = useCloud((state) => state.actions);
  const now = useServerNow();
  const pending = pendingActions(actions);
  return (
    <Card flush title="Waiting for you" hint={known ? `${pending.length} to decide` : undefined} actions={<Link href="/actions/" className="rounded text-xs text-accent-ink hover:underline">Decide</Link>}>
      <div className="min-h-30">
        {!known && <SkeletonRows rows={3} label="Loading proposals" />}
        {known && pending.length === 0 && <EmptyState icon={Inbox} title="Nothing waits for a decision" />}
        <ul className="divide-y divide-line">
          {pending.slice(0, SHOWN).map((action) => (
            <li key={action.id}>
              <Link href={`/actions/?id=${action.id}`} className="flex h-10 items-center gap-2.5 px-4 text-[13px] hover:bg-raised">
                <span className="truncate">{actionTitle(action)}</span>
                <span className="ml-auto shrink-0 text-xs text-ink-muted">expires in {formatCountdown((instantMs(action.expiresAt) ?? now) - now)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
