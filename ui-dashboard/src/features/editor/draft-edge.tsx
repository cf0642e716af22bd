"use client";

import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { formatNumber } from "@/format/format";
import type { DraftCall } from "./cloud";

export type DraftEdgeType = Edge<{ readonly call: DraftCall; readonly problems: number }, "draft">;

/** A call that is drawn: dashed when nobody waits for it, with its number when that is not one a request. */
export const DraftEdge = memo(function DraftEdge({ data, selected, ...ends }: EdgeProps<DraftEdgeType>) {
  const [path, x, y] = getBezierPath(ends);
  const call = data?.call;
  const perRequest = call?.fields["calls_per_request"];
  const stroke = (data?.problems ?? 0) > 0 ? "var(--critical)" : selected ? "var(--accent-ink)" : "var(--line-strong)";
  return (
    <>
      <BaseEdge path={path} style={{ stroke, strokeWidth: selected ? 2.5 : 1.5, strokeDasharray: call?.asynchronous ? "6 4" : undefined }} />
      {typeof perRequest === "number" && perRequest !== 1 && (
        <EdgeLabelRenderer>
          <span className="pointer-events-none absolute rounded bg-canvas px-1 text-[11px] text-ink-muted" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {formatNumber(perRequest)}×
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
