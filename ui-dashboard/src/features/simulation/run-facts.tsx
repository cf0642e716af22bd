"use client";

import type { ReactNode } from "react";
import { formatCount, formatDuration, formatSimulatedDateTime, formatSpeed, instantMs, NO_DATA, plural, shortId } from "@/format/format";
import type { SimulationState } from "@/gen/sim/v1/state_pb";
import { useCalmCloud } from "@/features/cloud/use-cloud";
import { Card } from "@/ui/card";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { Boxes } from "lucide-react";

export function RunFacts() {
  const { simulation, topology, loading } = useCalmCloud((state) => ({ simulation: state.simulation, topology: state.topology, loading: state.snapshots === 0 }));
  const hint = topology && `${topology.name}: ${plural(topology.services.length, "service")}, ${plural(topology.nodes.length, "node")}, ${plural(topology.zones.length, "zone")}`;
  return (
    <Card title="This run" hint={hint}>
      {loading && <SkeletonRows rows={3} label="Loading the run" />}
      {!loading && !simulation && (
        <EmptyState icon={Boxes} title="No simulation is known">
          The simulation engine has not been heard from.
        </EmptyState>
      )}
      {simulation && (
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-[13px] md:grid-cols-3">
          {factsOf(simulation).map(([label, value]) => (
            <div key={label} className="min-w-0">
              <dt className="text-xs text-ink-muted">{label}</dt>
              <dd className="mt-0.5 break-words">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

function factsOf(simulation: SimulationState): readonly (readonly [string, ReactNode])[] {
  const { scenario, seed, tick, tickMs, time, startedAt, playing, speed, effectiveSpeed, speedLimitReason, telemetryLagMessages, telemetryHash, runId } = simulation;
  const at = instantMs(time);
  const from = instantMs(startedAt);
  return [
    ["Scenario", scenario],
    ["Simulated time", formatSimulatedDateTime(time)],
    ["Running for", `${formatDuration(at === undefined || from === undefined ? undefined : at - from)} simulated`],
    ["Tick", `${formatCount(tick)}, ${tickMs} ms each`],
    ["Clock", playing ? "playing" : "paused"],
    ["Speed", `${formatSpeed(speed)} asked, ${playing ? formatSpeed(effectiveSpeed) : "paused"}${speedLimitReason === "" ? "" : ` (${speedLimitReason})`}`],
    ["Seed", seed.toString()],
    ["Telemetry not stored yet", plural(Number(telemetryLagMessages), "message")],
    ["Run", <span key="run" className="font-mono text-xs" title={runId}>{shortId(runId)}</span>],
    ["Telemetry hash", <span key="hash" className="font-mono text-xs" title={telemetryHash}>{telemetryHash.slice(0, 16) || NO_DATA}</span>],
  ];
}
