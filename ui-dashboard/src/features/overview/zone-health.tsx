"use client";

import Link from "next/link";
import { formatCount } from "@/format/format";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { type ZoneRow, zoneRows } from "@/features/cloud/zones";
import { Badge, type BadgeTone, Dot } from "@/ui/badge";
import { Meter } from "@/ui/meter";
import { Skeleton } from "@/ui/states";

const TONES: Readonly<Record<ZoneRow["state"], BadgeTone>> = { ready: "ok", degraded: "warning", down: "critical", unknown: "neutral" };
/** Most clouds have so many; until it is known, room is kept for one row of them. */
const USUAL = 3;

/** Is a whole zone in trouble? A tile a zone. */
export function ZoneHealth() {
  const { loading, zones } = useCalmCloud(({ snapshots, topology, sample }) => ({ loading: snapshots === 0, zones: zoneRows(topology, sample) }));
  if (!loading && zones.length === 0) return null;
  return (
    <section aria-label="Zones" aria-busy={loading} className="grid gap-3 sm:grid-cols-[repeat(auto-fit,minmax(18rem,1fr))] lg:gap-4">
      {loading && Array.from({ length: USUAL }, (_, i) => <Skeleton key={i} className="h-13 w-full" />)}
      {zones.map((zone) => (
        <Tile key={zone.id} zone={zone} />
      ))}
    </section>
  );
}

function Tile({ zone: { id, state, nodes, readyNodes, replicas, runningReplicas, cpuPercent } }: { zone: ZoneRow }) {
  return (
    <Link href="/topology/?view=nodes" data-testid={`zone-${id}`} className="flex min-h-13 min-w-0 items-center gap-3 rounded-lg border border-line bg-surface px-4 py-2 text-[13px] shadow-card hover:bg-raised">
      <Dot tone={TONES[state]} />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-2 font-medium">
          <span className="truncate">{id}</span>
          {state !== "ready" && <Badge tone={TONES[state]}>{state}</Badge>}
        </span>
        <span className="block truncate text-xs text-ink-muted">
          {formatCount(readyNodes)} of {formatCount(nodes)} nodes ready · {formatCount(runningReplicas)} of {formatCount(replicas)} replicas run
        </span>
      </span>
      <span className="shrink-0 text-xs">
        <span className="sr-only">CPU </span>
        <Meter metric="cpu_usage" value={cpuPercent} />
        <span aria-hidden className="block text-right text-ink-muted">
          CPU
        </span>
      </span>
    </Link>
  );
}
