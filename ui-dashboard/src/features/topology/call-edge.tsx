"use client";

import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { cx } from "@/ui/class-names";
import { callKey } from "./graph";
import { useHasFocus, useIsChosen, useServiceMark } from "./map-choice";
import { CALL_COLORS } from "./standing-tones";
import { useCallLook, useCallVitals } from "./use-vitals";

export type CallEdgeType = Edge<{ readonly labelled: boolean }, "call">;

/** Calls from one service to another: as wide as they are many, coloured when the callee's answers are errors. */
export const CallEdge = memo(function CallEdge({ source, target, data, ...ends }: EdgeProps<CallEdgeType>) {
  const key = callKey({ from: source, to: target });
  const { level, width } = useCallLook(key);
  const chosen = useIsChosen(source, target);
  const sourceMarked = useServiceMark(source) !== undefined;
  const targetMarked = useServiceMark(target) !== undefined;
  const dimmed = useHasFocus() && !(sourceMarked && targetMarked);
  const failing = level === "warning" || level === "critical";
  const [path, x, y] = getBezierPath(ends);
  const stroke = chosen && !failing ? "var(--accent-ink)" : `var(${CALL_COLORS[level]})`;
  return (
    <>
      <BaseEdge path={path} interactionWidth={0} style={{ stroke, strokeWidth: width, opacity: dimmed ? 0.15 : chosen || failing ? 0.9 : 0.5 }} />
      {!dimmed && (data?.labelled === true || chosen) && <CallLabel callKey={key} x={x} y={y} />}
    </>
  );
});

/** How many calls that are, in words. */
export function CallLabel({ callKey: key, x, y }: { callKey: string; x: number; y: number }) {
  const vitals = useCallVitals(key);
  if (!vitals) return null;
  const { level, rate, failing } = vitals;
  return (
    <EdgeLabelRenderer>
      <span
        className="pointer-events-none absolute rounded bg-canvas px-1 text-[11px] whitespace-nowrap text-ink-muted"
        style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
      >
        {rate}
        {(level === "warning" || level === "critical") && <span className={cx("ml-1 font-medium", level === "critical" ? "text-critical" : "text-warning")}>{failing} fail</span>}
      </span>
    </EdgeLabelRenderer>
  );
}
