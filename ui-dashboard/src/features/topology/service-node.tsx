"use client";

import { Handle, type Node, type NodeProps, Position, useStore } from "@xyflow/react";
import { DoorOpen, Zap } from "lucide-react";
import { memo } from "react";
import type { Standing } from "@/features/cloud/objectives";
import { severityLook } from "@/features/incidents/severity";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { Dot } from "@/ui/badge";
import { cx } from "@/ui/class-names";
import type { Mark } from "./focus";
import { type Direction, isInSight, LEGIBLE_ZOOM, NODE_HEIGHT, NODE_WIDTH } from "./layout";
import { useFaultsOn, useHasFocus, useIsChosen, useServiceMark } from "./map-choice";
import { ROLE_LOOKS } from "./role-look";
import { TONES } from "./standing-tones";
import { useServiceLevel, useServiceVitals } from "./use-vitals";

interface ServiceNodeData extends Record<string, unknown> {
  readonly entry: boolean;
  readonly direction: Direction;
  /** Has lines that are elements, too. */
  readonly connected: boolean;
}

export type ServiceNodeType = Node<ServiceNodeData, "service">;

const TEXT: Readonly<Record<Standing, string>> = { unknown: "", ok: "", warning: "font-medium text-warning", critical: "font-medium text-critical" };
const FILL: Readonly<Record<Standing, string>> = { unknown: "bg-line-strong", ok: "bg-ok", warning: "bg-warning", critical: "bg-critical" };

/** A service on the map. Draws itself anew when its own numbers change, and else never. */
export const ServiceNode = memo(function ServiceNode({ id, data, positionAbsoluteX, positionAbsoluteY }: NodeProps<ServiceNodeType>) {
  const level = useServiceLevel(id);
  const mark = useServiceMark(id);
  const dimmed = useHasFocus() && mark === undefined;
  const chosen = useIsChosen(id);
  const legible = useStore((map) => map.transform[2] >= LEGIBLE_ZOOM && isInSight({ x: positionAbsoluteX, y: positionAbsoluteY }, map));
  return (
    <div
      style={{ width: NODE_WIDTH, height: NODE_HEIGHT }}
      data-level={level}
      data-role={mark?.role}
      title={titleOf(id, mark)}
      className={cx("map-appears relative rounded-md border bg-surface", mark ? ROLE_LOOKS[mark.role].frame : "border-line", chosen && "outline-2 outline-offset-2 outline-accent-ink", dimmed && "opacity-40")}
    >
      {data.connected && <Handle type="target" position={data.direction === "LR" ? Position.Left : Position.Top} isConnectable={false} className="invisible" />}
      {legible ? <Words id={id} entry={data.entry} /> : <div className={cx("size-full rounded-[5px] opacity-60", FILL[level])} />}
      {data.connected && <Handle type="source" position={data.direction === "LR" ? Position.Right : Position.Bottom} isConnectable={false} className="invisible" />}
    </div>
  );
});

export function titleOf(id: string, mark: Mark | undefined): string {
  return mark ? `${id}: ${mark.words}` : id;
}

function Words({ id, entry }: { id: string; entry: boolean }) {
  const vitals = useServiceVitals(id);
  const faults = useFaultsOn(TargetKind.SERVICE, id);
  const severity = vitals?.severity ?? Severity.UNSPECIFIED;
  const Incident = severityLook(severity).icon;
  return (
    <div className="flex h-full flex-col justify-between px-2.5 py-1.5">
      <p className="flex items-center gap-1.5 text-sm font-medium">
        <Dot tone={TONES[vitals?.level ?? "unknown"]} />
        <span className="truncate">{id}</span>
        {entry && <DoorOpen aria-label="traffic enters here" className="size-3.5 shrink-0 text-ink-muted" />}
        {faults.length > 0 && <Zap aria-label={`fault in force: ${faults.map(({ words }) => words).join("; ")}`} className="size-3.5 shrink-0 text-high" />}
        {severity !== Severity.UNSPECIFIED && <Incident aria-label={`open incident, ${severityLook(severity).word}`} className="ml-auto size-3.5 shrink-0 text-critical" />}
      </p>
      <p className="flex justify-between gap-2 text-xs whitespace-nowrap text-ink-muted">
        <span>{vitals?.rate}</span>
        <span className={TEXT[vitals?.p99Level ?? "unknown"]}>{vitals?.p99}</span>
        <span className={TEXT[vitals?.errorLevel ?? "unknown"]}>{vitals?.errors}</span>
      </p>
      <p className="flex items-center gap-2 text-[11px] text-ink-muted">
        <span aria-hidden className="h-1 flex-1 overflow-hidden rounded-full bg-raised">
          {vitals?.load !== undefined && <span className={cx("block h-full", FILL[vitals.loadLevel])} style={{ width: `${vitals.load}%` }} />}
        </span>
        <span className={vitals?.short ? "font-medium text-warning" : undefined}>{vitals?.replicas}</span>
      </p>
    </div>
  );
}
