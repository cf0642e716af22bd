"use client";

import { getBezierPath, Position, ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { Standing } from "@/features/cloud/objectives";
import type { Call } from "./graph";
import { type Layout, NODE_HEIGHT, NODE_WIDTH } from "./layout";
import { useHasFocus } from "./map-choice";
import { useCallLevels } from "./use-vitals";

export const STROKE: Readonly<Record<Standing, string>> = { unknown: "var(--line-strong)", ok: "var(--line-strong)", warning: "var(--warning)", critical: "var(--critical)" };

/** All calls of a large cloud in one drawing, which costs nothing while it moves: elements of their own for a thousand do. */
export const CallLayer = memo(function CallLayer({ calls, layout }: { calls: readonly Call[]; layout: Layout }) {
  const dimmed = useHasFocus();
  const levels = useCallLevels(calls).split(" ");
  const paths = useMemo(() => calls.map((call) => pathOf(call, layout)), [calls, layout]);
  return (
    <ViewportPortal>
      <svg aria-hidden className="pointer-events-none absolute top-0 left-0 -z-10 overflow-visible" width="1" height="1" opacity={dimmed ? 0.15 : 0.5} fill="none" strokeWidth={1.5}>
        {paths.map((path, i) => (
          <path key={i} d={path} stroke={STROKE[(levels[i] ?? "unknown") as Standing]} />
        ))}
      </svg>
    </ViewportPortal>
  );
});

function pathOf({ from, to }: Call, { places, direction }: Layout): string {
  const [caller, callee] = [places.get(from), places.get(to)];
  if (!caller || !callee) return "";
  const across = direction === "LR";
  const [path] = getBezierPath({
    sourceX: caller.x + (across ? NODE_WIDTH : NODE_WIDTH / 2),
    sourceY: caller.y + (across ? NODE_HEIGHT / 2 : NODE_HEIGHT),
    sourcePosition: across ? Position.Right : Position.Bottom,
    targetX: callee.x + (across ? 0 : NODE_WIDTH / 2),
    targetY: callee.y + (across ? NODE_HEIGHT / 2 : 0),
    targetPosition: across ? Position.Left : Position.Top,
  });
  return path;
}

/** The calls that are drawn one by one even in a large cloud: those of the chosen service, and between marked ones. */
export function callsToShow(calls: readonly Call[], chosen: string | null, marked: { readonly has: (id: string) => boolean }): Call[] {
  return calls.filter((call) => call.from === chosen || call.to === chosen || (marked.has(call.from) && marked.has(call.to)));
}
