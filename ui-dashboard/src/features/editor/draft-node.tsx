"use client";

import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { CircleAlert, DoorOpen } from "lucide-react";
import { memo } from "react";
import { formatNumber, plural } from "@/format/format";
import { type Direction, NODE_HEIGHT, NODE_WIDTH } from "@/features/topology/layout";
import { cx } from "@/ui/class-names";
import { engineWords, specsOf } from "./catalogue";
import type { DraftService } from "./cloud";
import { asRecord } from "./draft";

export type DraftNodeType = Node<{ readonly service: DraftService; readonly direction: Direction; readonly problems: number }, "draft">;

const HANDLE = "!size-2.5 !rounded-full !border !border-solid !border-line-strong !bg-surface hover:!bg-accent";

/** A service that is drawn, not measured: what it is, how many, how much they take. */
export const DraftNode = memo(function DraftNode({ data: { service, direction, problems }, selected }: NodeProps<DraftNodeType>) {
  const { id, engine, entry } = service;
  const across = direction === "LR";
  return (
    <div
      style={{ width: NODE_WIDTH, height: NODE_HEIGHT }}
      className={cx("flex flex-col justify-between rounded-md border bg-surface px-2.5 py-1.5", problems > 0 ? "border-critical" : "border-line-strong", selected && "outline-2 outline-offset-2 outline-accent-ink")}
    >
      <Handle type="target" position={across ? Position.Left : Position.Top} className={HANDLE} />
      <p className="flex items-center gap-1.5 text-sm font-medium">
        <span className="truncate">{id}</span>
        {entry && <DoorOpen aria-label="traffic enters here" className="size-3.5 shrink-0 text-ink-muted" />}
        {problems > 0 && <CircleAlert aria-label={plural(problems, "problem")} className="ml-auto size-3.5 shrink-0 text-critical" />}
      </p>
      <p className="truncate text-xs text-ink-muted">{engine ? engineWords(engine.name) : "no engine"}</p>
      <p className="text-[11px] text-ink-muted">{capacityWords(service)}</p>
      <Handle type="source" position={across ? Position.Right : Position.Bottom} className={HANDLE} />
    </div>
  );
});

/** `3 × 130 req/s` */
export function capacityWords({ engine, fields }: DraftService): string {
  const replicas = Number(fields["replicas"] ?? 1);
  const own = asRecord(fields["specs"])["max_throughput"];
  const throughput = typeof own === "number" ? own : engine && specsOf(engine)?.max_throughput;
  return throughput === undefined ? plural(replicas, "replica") : `${formatNumber(replicas)} × ${formatNumber(throughput)} req/s`;
}
