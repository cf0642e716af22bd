"use client";

import { ShieldCheck } from "lucide-react";
import Link from "next/link";
import { formatDuration, instantMs } from "@/format/format";
import { burningIncidents } from "@/features/cloud/assessment";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { SeverityBadge } from "@/features/incidents/severity";
import { Card } from "@/ui/card";
import { EmptyState, SkeletonRows } from "@/ui/states";

const SHOWN = 3;

export function Burning() {
  const known = useCloud((state) => state.snapshots > 0);
  const incidents = useCloud((state) => state.incidents);
  const nowMs = useCalmCloud(({ simulation }) => instantMs(simulation?.time));
  const open = burningIncidents(incidents);
  return (
    <Card flush title="Burning" hint={known ? `${open.length} open` : undefined} actions={<Link href="/incidents/" className="rounded text-xs text-accent-ink hover:underline">All incidents</Link>}>
      <div className="min-h-30">
        {!known && <SkeletonRows rows={3} label="Loading incidents" />}
        {known && open.length === 0 && <EmptyState icon={ShieldCheck} title="No open incidents" />}
        <ul className="divide-y divide-line">
          {open.slice(0, SHOWN).map((incident) => (
            <li key={incident.id}>
              <Link href={`/incidents/?id=${incident.id}`} className="flex h-10 items-center gap-2.5 px-4 text-[13px] hover:bg-raised">
                <SeverityBadge severity={incident.severity} />
                <span className="truncate">{incident.title}</span>
                <span className="ml-auto shrink-0 text-xs text-ink-muted" title="Open for, in simulated time">
                  {formatDuration(openForMs(incident, nowMs))}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}

function openForMs(incident: { detectedAt?: Parameters<typeof instantMs>[0] }, nowMs: number | undefined): number | undefined {
  const since = instantMs(incident.detectedAt);
  return since === undefined || nowMs === undefined ? undefined : nowMs - since;
}
