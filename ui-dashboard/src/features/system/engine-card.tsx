"use client";

import { Gauge } from "lucide-react";
import { formatCount, formatSpeed, plural, shortId } from "@/format/format";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { EmptyState } from "@/ui/states";
import { FactList } from "./fact-list";

/** How fast the simulation runs, why not faster, and who holds it up. */
export function EngineCard() {
  const simulation = useCalmCloud((state) => state.simulation);
  const silent = useCloud((state) => state.engineSilent);
  if (!simulation) {
    return (
      <Card title="Engine">
        <EmptyState icon={Gauge} title="Nothing has been heard from sim-engine" />
      </Card>
    );
  }
  const { speed, effectiveSpeed, speedLimitReason, telemetryLagMessages, playing, tick, runId, telemetryHash } = simulation;
  return (
    <Card title="Engine" hint={silent ? "silent; this is the last that was heard" : undefined}>
      <FactList
        facts={[
          ["Clock", playing ? <Badge key="clock" tone="ok">runs</Badge> : <Badge key="clock" tone="neutral">stands still</Badge>],
          ["Speed asked for", formatSpeed(speed)],
          ["Speed reached", playing ? formatSpeed(effectiveSpeed) : "–"],
          ["Slower because", speedLimitReason || "it is not"],
          ["Samples waiting to be stored", plural(Number(telemetryLagMessages), "message")],
          ["Tick", formatCount(tick)],
          ["Run", <span key="run" className="font-mono text-xs" title={runId}>{shortId(runId)}</span>],
          ["Telemetry hash", <span key="hash" className="font-mono text-xs" title={telemetryHash}>{telemetryHash.slice(0, 12) || "–"}</span>],
        ]}
      />
    </Card>
  );
}
