"use client";

import { Inbox } from "lucide-react";
import { plural } from "@/format/format";
import { useCloud } from "@/features/cloud/use-cloud";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { ActionCard } from "./action-card";
import { useConflicts } from "./conflicts";
import { pendingActions } from "./pending";

export function PendingQueue({ highlighted }: { highlighted?: string }) {
  const known = useCloud((state) => state.snapshots > 0);
  const actions = useCloud((state) => state.actions);
  const conflicts = useConflicts((state) => state.byAction);
  const pending = pendingActions(actions).filter(({ id }) => !conflicts.has(id));
  const empty = known && pending.length === 0 && conflicts.size === 0;
  return (
    <section aria-labelledby="pending-title" className="flex flex-col gap-3">
      <div className="flex h-6 items-baseline gap-2">
        <h2 id="pending-title" className="text-[15px] font-semibold">
          Waiting for a decision
        </h2>
        {known && <span className="text-xs text-ink-muted">{plural(pending.length, "proposal")}</span>}
      </div>
      {!known && (
        <div className="rounded-lg border border-line bg-surface">
          <SkeletonRows rows={3} label="Loading proposals" />
        </div>
      )}
      {empty && (
        <div className="rounded-lg border border-line bg-surface">
          <EmptyState icon={Inbox} title="Nothing waits for a decision">
            When an incident opens, agents propose what to do about it, and you decide here.
          </EmptyState>
        </div>
      )}
      <div className="grid gap-3 xl:grid-cols-2">
        {[...conflicts.values()].map((conflict) => (
          <ActionCard key={conflict.action.id} action={conflict.action} conflict={conflict} />
        ))}
        {pending.map((action, place) => (
          <ActionCard key={action.id} action={action} highlighted={action.id === highlighted} initiallyAhead={highlighted ? action.id === highlighted : place === 0} />
        ))}
      </div>
    </section>
  );
}
