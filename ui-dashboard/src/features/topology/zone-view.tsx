"use client";

import { memo } from "react";
import { formatMetric, plural } from "@/format/format";
import { standing } from "@/features/cloud/objectives";
import { type NodeRow, nodeRows } from "@/features/cloud/rows";
import { useCalmCloud, useCloud } from "@/features/cloud/use-cloud";
import { InjectFaultButton } from "@/features/simulation/inject-fault-button";
import { TargetKind } from "@/gen/common/v1/target_pb";
import type { Topology } from "@/gen/sim/v1/state_pb";
import { Badge, type BadgeTone } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import { FaultList } from "./fault-list";
import { useFaultsOn, useIsChosen, useNodeMark } from "./map-choice";
import { replicaTone } from "./replica-list";
import { ROLE_LOOKS } from "./role-look";

const NODE_TONES: Readonly<Record<NodeRow["state"], BadgeTone>> = { ready: "ok", draining: "warning", down: "critical", unknown: "neutral" };
const CHIP: Readonly<Partial<Record<BadgeTone, string>>> = { ok: "text-ok", info: "text-info", warning: "text-warning", critical: "text-critical" };
const TEXT = { unknown: "", ok: "", warning: "font-medium text-warning", critical: "font-medium text-critical" } as const;

interface Placed {
  readonly service: string;
  readonly ordinal: number;
  readonly state: string;
}

/** Where things run: zones, their nodes, and every replica on them. */
export function ZoneView({ onChoose }: { onChoose: (id: string) => void }) {
  const topology = useCloud((state) => state.topology);
  const rows = useCalmCloud((state) => nodeRows(state.topology, state.sample));
  const placed = placedOn(topology);
  const zones = [...new Set(rows.map(({ zone }) => zone))];
  return (
    <div className="grid h-full content-start gap-4 overflow-y-auto p-3 sm:grid-cols-[repeat(auto-fit,minmax(20rem,1fr))]" data-testid="zones">
      {zones.map((zone) => {
        const nodes = rows.filter((row) => row.zone === zone);
        return (
          <section key={zone} aria-label={zone === "" ? "Zone unknown" : `Zone ${zone}`} className="min-w-0">
            <div className="mb-2 flex items-center">
              <h2 className="flex items-baseline gap-2 text-[13px] font-semibold">
                {zone || "zone unknown"} <span className="text-xs font-normal text-ink-muted">{plural(nodes.length, "node")}</span>
              </h2>
              {zone !== "" && <InjectFaultButton compact target={{ kind: TargetKind.ZONE, id: zone }} />}
            </div>
            <ul className="flex flex-col gap-2">
              {nodes.map((row) => (
                <NodeCard key={row.id} row={row} replicas={placed.get(row.id) ?? []} onChoose={onChoose} />
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function NodeCard({ row, replicas, onChoose }: { row: NodeRow; replicas: readonly Placed[]; onChoose: (id: string) => void }) {
  const mark = useNodeMark(row.id);
  const faults = useFaultsOn(TargetKind.NODE, row.id);
  const [cpu, memory] = [row.metric("cpu_usage"), row.metric("memory_usage")];
  return (
    <li className={cx("rounded-md border bg-surface p-3", mark ? ROLE_LOOKS[mark.role].frame : "border-line")}>
      <div className="flex min-h-7 flex-wrap items-center gap-x-2 text-[13px]">
        <span className="font-medium">{row.id}</span>
        <Badge tone={NODE_TONES[row.state]}>{row.state}</Badge>
        <InjectFaultButton compact target={{ kind: TargetKind.NODE, id: row.id }} />
        <span className="flex basis-full flex-wrap gap-x-3 text-xs text-ink-muted">
          <span className={TEXT[standing("cpu_usage", cpu)]}>CPU {formatMetric("cpu_usage", cpu)}</span>
          <span className={TEXT[standing("memory_usage", memory)]}>memory {formatMetric("memory_usage", memory)}</span>
        </span>
      </div>
      {faults.length > 0 && <FaultList faults={faults} of={row.id} />}
      {mark && <p className={cx("mt-1 text-xs", ROLE_LOOKS[mark.role].text)}>{mark.words}</p>}
      <ul aria-label={`Replicas on ${row.id}`} className="mt-2 flex flex-wrap gap-1">
        {replicas.map(({ service, ordinal, state }) => (
          <ReplicaChip key={`${service}/${ordinal}`} service={service} ordinal={ordinal} state={state} onChoose={onChoose} />
        ))}
        {replicas.length === 0 && <li className="text-xs text-ink-muted">nothing runs here</li>}
      </ul>
    </li>
  );
}

const ReplicaChip = memo(function ReplicaChip({ service, ordinal, state, onChoose }: Placed & { onChoose: (id: string) => void }) {
  const chosen = useIsChosen(service);
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        title={`${service} #${ordinal}: ${state}`}
        onClick={() => onChoose(service)}
        className={cx("map-appears tint rounded px-1.5 py-0.5 text-[11px]", CHIP[replicaTone({ state })] ?? "text-ink-muted", chosen && "outline-2 outline-accent-ink")}
      >
        {service}
        <span className="sr-only"> replica {ordinal}</span>
        {state !== "running" && ` ${state}`}
      </button>
    </li>
  );
});

function placedOn(topology: Topology | undefined): ReadonlyMap<string, Placed[]> {
  const placed = new Map<string, Placed[]>();
  for (const { id, replicas } of topology?.services ?? []) {
    for (const { nodeId, ordinal, state } of replicas) {
      const there = placed.get(nodeId) ?? [];
      there.push({ service: id, ordinal, state });
      placed.set(nodeId, there);
    }
  }
  return placed;
}
