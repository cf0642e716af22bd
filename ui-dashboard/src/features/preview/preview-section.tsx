"use client";

import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { formatSimulatedAgo, formatSimulatedTime, formatWholeDuration, instantMs, plural } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import type { Action } from "@/gen/ops/v1/action_pb";
import type { Preview, PreviewOption } from "@/gen/ops/v1/preview_pb";
import { errorSentence } from "@/rpc/transport";
import { Button } from "@/ui/button";
import { ErrorState, Skeleton } from "@/ui/states";
import { Curves, CurvesSkeleton } from "./curves";
import { OptionTable } from "./option-table";
import { proposed } from "./preview-words";
import { ProposeDialog } from "./propose-dialog";
import type { PreviewQuery } from "./use-preview";

interface PreviewSectionProps {
  readonly query: PreviewQuery;
  /** What it is an answer to: of an option somebody may make a proposal. */
  readonly incidentId: string;
  /** The proposal that waits: the first option after doing nothing. */
  readonly waiting?: Action;
  /** Why it cannot be computed any more, or nothing. */
  readonly closed?: string;
}

/** Every option beside doing nothing, with the curves: what would come of it, and when that was computed. */
export function PreviewSection({ query: { data, isError, error, isFetching, refetch }, incidentId, waiting, closed }: PreviewSectionProps) {
  const [wanted, setWanted] = useState<PreviewOption>();
  const refresh = () => void refetch();
  const proposal = data && waiting ? proposed(data) : undefined;
  return (
    <div className="@container flex min-w-0 flex-col gap-3" aria-busy={isFetching} data-testid="preview">
      {data && (
        <>
          <Made preview={data} busy={isFetching} onRefresh={closed === undefined ? refresh : undefined} />
          {isError && (
            <p role="alert" className="text-xs text-critical">
              Not refreshed: {errorSentence(error)}
            </p>
          )}
          <OptionTable preview={data} proposal={proposal} onPropose={incidentId === "" || closed !== undefined ? undefined : setWanted} />
          <Curves preview={data} proposal={proposal} />
          <ProposeDialog preview={data} incidentId={incidentId} waiting={waiting} option={wanted} onClose={() => setWanted(undefined)} />
        </>
      )}
      {!data && closed !== undefined && <p className="text-xs text-ink-muted">{closed}</p>}
      {!data && closed === undefined && isError && !isFetching && <ErrorState error={error} what="What would come of it could not be computed." onRetry={refresh} />}
      {!data && closed === undefined && (!isError || isFetching) && <Looking />}
    </div>
  );
}

/** Of which moment it is, how old that is by now, and the way to a newer one. */
function Made({ preview: { time, runId, horizonS, futures }, busy, onRefresh }: { preview: Preview; busy: boolean; onRefresh?: () => void }) {
  const simulation = useCalmCloud((state) => state.simulation);
  const [made, now] = [instantMs(time), instantMs(simulation?.time)];
  const age = simulation !== undefined && simulation.runId !== runId ? "in an earlier run" : made !== undefined && now !== undefined ? formatSimulatedAgo(now - made) : "";
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-muted">
      <p className="min-w-0">
        The next {formatWholeDuration(horizonS)} under up to {plural(futures, "future")} of chance, seen from {formatSimulatedTime(time)} sim
        {age !== "" && `, ${age}`}
      </p>
      {onRefresh && (
        <Button size="sm" busy={busy} onClick={onRefresh} className="ml-auto">
          <RefreshCw aria-hidden className="size-3" />
          Refresh
        </Button>
      )}
    </div>
  );
}

/** In the size of what is coming: most often four options. */
function Looking() {
  return (
    <div role="status" aria-label="Looking ahead" className="flex flex-col gap-3">
      <p className="flex min-h-7 items-center text-xs text-ink-muted">Every option is tried on a copy of the cloud, under several futures of chance. That takes a second or some.</p>
      <Skeleton className="h-57 w-full" />
      <CurvesSkeleton />
    </div>
  );
}
