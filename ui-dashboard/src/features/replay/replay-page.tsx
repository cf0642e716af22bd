"use client";

import { Telescope } from "lucide-react";
import { Card } from "@/ui/card";
import { EmptyState, ErrorState, Skeleton, SkeletonRows } from "@/ui/states";
import { FirstPart } from "./first-part";
import { ReplayView } from "./replay-view";
import { useReplay } from "./use-replay";

/** Time travel: what a run looked like at any moment, what would come of going on differently from there, and two runs side by side. */
export function ReplayPage() {
  const replay = useReplay();
  const { main, renewed } = replay;
  return (
    <div className="flex flex-col gap-4" aria-busy={main.isPending || replay.beside.isPending}>
      <h1 className="sr-only">Time travel</h1>
      {renewed && (
        <p role="status" className="rounded-lg border border-line bg-surface px-4 py-2.5 text-[13px] shadow-card">
          The simulation began a new run meanwhile. The one that you looked at is gone; this is the new one.
        </p>
      )}
      {main.isPending && <Loading />}
      {main.error !== undefined && main.error !== null && !main.watched && (
        <Card title="Time travel">
          <ErrorState error={main.error} what="The past could not be computed." onRetry={() => void main.retry?.()} />
          <FirstPart error={main.error} onShow={replay.show} />
        </Card>
      )}
      {main.watched && main.whole?.frames.length === 0 && (
        <Card title="Time travel">
          <EmptyState icon={Telescope} title="There is no sample of this run yet">
            The first one comes after a second of simulated time. Let the clock run, then come back.
          </EmptyState>
        </Card>
      )}
      {main.watched && main.whole && main.whole.frames.length > 0 && <ReplayView replay={replay} watched={main.watched} />}
    </div>
  );
}

/** In the places of what is coming. A long run is computed for some seconds. */
function Loading() {
  return (
    <>
      <Card title="Time travel" hint="the run is computed again">
        <SkeletonRows rows={5} label="Computing the past" />
      </Card>
      <Skeleton className="h-24 w-full" />
      <Skeleton className="h-80 w-full" />
    </>
  );
}
