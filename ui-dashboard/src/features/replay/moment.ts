/** A moment of a run: which sample shows it, what the cloud was, and how it did. Pure. */
import { create } from "@bufbuild/protobuf";
import { OBJECTIVES } from "@/features/cloud/objectives";
import { type ServiceHealth, serviceRows } from "@/features/cloud/rows";
import { measured, type Sample } from "@/features/cloud/sample";
import { goldenSignals, type GoldenSignals } from "@/features/cloud/traffic";
import { faultsOf, type MapFaults } from "@/features/topology/map-faults";
import { type SimulationEvent, SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { type ActiveFault, ActiveFaultSchema } from "@/gen/sim/v1/fault_pb";
import { type Topology, TopologySchema } from "@/gen/sim/v1/state_pb";
import type { Frame, Past } from "./past";

/** Place of the last one at or before a tick; of the first when all are later; −1 when there is none. */
export function placeAt(ticks: readonly number[], tick: number): number {
  let [low, high] = [0, ticks.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((ticks[middle] ?? 0) <= tick) low = middle + 1;
    else high = middle - 1;
  }
  return ticks.length === 0 ? -1 : Math.max(0, high);
}

/** What a run looked like at a tick; nothing when it has not come that far. */
export function frameAt({ frames, to }: Pick<Past, "frames" | "to">, tick: number): Frame | undefined {
  if (tick > to) return undefined;
  return frames[placeAt(frames.map((frame) => frame.tick), tick)];
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** Where a key leads from a tick: so many samples on or back. Nothing when the key means nothing here. */
export function tickAfterKey(key: string, ticks: readonly number[], tick: number): number | undefined {
  const step = STEPS[key];
  return step === undefined ? undefined : tickAfterSteps(step, ticks, tick);
}

export function tickAfterSteps(steps: number, ticks: readonly number[], tick: number): number | undefined {
  const place = placeAt(ticks, tick);
  return place < 0 ? undefined : ticks[Math.min(ticks.length - 1, Math.max(0, place + steps))];
}

/** Every tick that somebody has a sample of. */
export function ticksOf(pasts: readonly Pick<Past, "frames">[]): number[] {
  return [...new Set(pasts.flatMap(({ frames }) => frames.map(({ tick }) => tick)))].sort((a, b) => a - b);
}

/** The cloud of a moment, as the map tells it. Of its health and replicas the sample tells. */
export function topologyAt({ map, sample }: Frame): Topology {
  if (!map) return create(TopologySchema);
  const { services, nodes, zones, nodeZones, profiles, callers, callees } = map;
  const called = new Set(callees);
  return create(TopologySchema, {
    zones: zones.map((id) => ({ id })),
    nodes: nodes.map((id, i) => ({ id, zoneId: zones[nodeZones[i] ?? -1] ?? "", state: "ready" })),
    services: services.map((id, i) => {
      const replicas = Math.round(measured(sample.services, id, "replicas") ?? 0);
      const missing = Math.round(measured(sample.services, id, "replicas_missing") ?? 0);
      return {
        id,
        profile: profiles[i] ?? "",
        // The map does not tell where traffic enters: where nobody calls.
        entry: !called.has(i),
        desiredReplicas: replicas + missing,
        replicas: Array.from({ length: replicas }, (_, ordinal) => ({ ordinal, state: "running" })),
        health: healthAt(sample, id),
      };
    }),
    // How often is not recorded: callers that are equally busy call equally often.
    edges: callers.map((caller, i) => ({ fromServiceId: services[caller] ?? "", toServiceId: services[callees[i] ?? -1] ?? "", callsPerRequest: 1 })),
  });
}

/** As the engine judges it. */
function healthAt({ services }: Sample, id: string): ServiceHealth {
  const [replicas, missing, errors, p99] = (["replicas", "replicas_missing", "error_rate", "latency_p99"] as const).map((metric) => measured(services, id, metric));
  if (replicas === undefined) return "unknown";
  if (replicas === 0) return "down";
  const isOver = (value: number | undefined, limit: number | undefined) => value !== undefined && limit !== undefined && value > limit;
  return (missing ?? 0) > 0 || isOver(errors, OBJECTIVES.error_rate?.warning) || isOver(p99, OBJECTIVES.latency_p99?.warning) ? "degraded" : "healthy";
}

/** Faults that were in force after a tick. */
export function faultsAt(events: readonly SimulationEvent[], tick: number): ActiveFault[] {
  const inForce = new Map<string, ActiveFault>();
  for (const { kind, tick: at, target, attributes } of events) {
    if (Number(at) > tick) break;
    const id = attributes.fault_id ?? "";
    if (kind === SimulationEventKind.FAULT_ENDED) inForce.delete(id);
    if (kind !== SimulationEventKind.FAULT_STARTED || !target) continue;
    inForce.set(id, create(ActiveFaultSchema, { startedTick: at, spec: { id, kind: attributes.fault ?? "fault", severity: Number(attributes.severity), target } }));
  }
  return [...inForce.values()];
}

export interface Moment {
  readonly frame: Frame;
  readonly topology: Topology;
  readonly signals: GoldenSignals;
  /** Services that are not well; nothing when none was measured. */
  readonly unwell: number | undefined;
  readonly faults: MapFaults;
}

export function momentOf(frame: Frame, events: readonly SimulationEvent[], tick: number): Moment {
  const topology = topologyAt(frame);
  const services = serviceRows(topology, frame.sample).filter(({ health }) => health !== "unknown");
  return {
    frame,
    topology,
    signals: goldenSignals(topology, frame.sample),
    unwell: services.length === 0 ? undefined : services.filter(({ health }) => health !== "healthy").length,
    faults: faultsOf(faultsAt(events, tick), topology),
  };
}
