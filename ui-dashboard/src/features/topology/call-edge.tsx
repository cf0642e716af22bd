"use client";

import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo, type ReactNode } from "react";
import type { Standing } from "@/features/cloud/objectives";
import { cx } from "@/ui/class-names";
import { callKey } from "./graph";
import { useHasFocus, useIsChosen, useServiceMark } from "./map-choice";
import { CALL_COLORS, isTroubled } from "./standing-tones";
import { useCallLook, useCallVitals } from "./use-vitals";

export type CallEdgeType = Edge<{ readonly labelled: boolean }, "call">;

/** Calls from one service to another: as wide as they are many, coloured when the callee's answers are errors, or late. */
export const CallEdge = memo(function CallEdge({ source, target, data, ...ends }: EdgeProps<CallEdgeType>) {
  const key = callKey({ from: source, to: target });
  const { level, width } = useCallLook(key);
  const chosen = useIsChosen(source, target);
  const sourceMarked = useServiceMark(source) !== undefined;
  const targetMarked = useServiceMark(target) !== undefined;
  const dimmed = useHasFocus() && !(sourceMarked && targetMarked);
  const troubled = isTroubled(level);
  const [path, x, y] = getBezierPath(ends);
  const stroke = chosen && !troubled ? "var(--accent-ink)" : `var(${CALL_COLORS[level]})`;
  return (
    <>
      <BaseEdge path={path} interactionWidth={0} style={{ stroke, strokeWidth: width, opacity: dimmed ? 0.15 : chosen || troubled ? 0.9 : 0.5 }} />
      {!dimmed && (data?.labelled === true || chosen) && <CallLabel callKey={key} x={x} y={y} />}
    </>
  );
});

/** How many calls that are, and what is wrong with the answers, in words. */
export function CallLabel({ callKey: key, x, y }: { callKey: string; x: number; y: number }) {
  const vitals = useCallVitals(key);
  if (!vitals) return null;
  const { rate, failing, failingLevel, p99, p99Level, level } = vitals;
  return (
    <EdgeLabelRenderer>
      <span
        className={cx("pointer-events-none absolute rounded bg-canvas px-1 text-[11px] whitespace-nowrap text-ink-muted", isTroubled(level) && "z-1")}
        style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
      >
        {rate}
        <Trouble level={failingLevel}>{failing} fail</Trouble>
        <Trouble level={p99Level}>{p99}</Trouble>
      </span>
    </EdgeLabelRenderer>
  );
}

/** Only what is beyond its objective. */
function Trouble({ level, children }: { level: Standing; children: ReactNode }) {
  if (!isTroubled(level)) return null;
  return <span className={cx("ml-1 font-medium", level === "critical" ? "text-critical" : "text-warning")}>{children}</span>;
}
