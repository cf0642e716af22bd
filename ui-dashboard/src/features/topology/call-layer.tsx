"use client";

import { getBezierPath, Position, useStoreApi } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { cssColor } from "@/features/charts/palette";
import type { Standing } from "@/features/cloud/objectives";
import { useResolvedTheme } from "@/features/theme/theme";
import { CallDrawing } from "./call-drawing";
import type { Call } from "./graph";
import { type Layout, NODE_HEIGHT, NODE_WIDTH } from "./layout";
import { useHasFocus } from "./map-choice";
import { useCallLevels } from "./use-vitals";

const COLORS: Readonly<Record<Standing, string>> = { unknown: "--line-strong", ok: "--line-strong", warning: "--warning", critical: "--critical" };

/** The colour of a call's line by how the callee answers. */
export const strokeOf = (level: Standing) => `var(${COLORS[level]})`;

/** All calls of a large cloud in one drawing, which costs nothing while it moves: elements of their own for a thousand do, and so does their raster. */
export const CallLayer = memo(function CallLayer({ calls, layout }: { calls: readonly Call[]; layout: Layout }) {
  const dimmed = useHasFocus();
  const levels = useCallLevels(calls);
  const theme = useResolvedTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useStoreApi();
  useEffect(() => {
    if (!canvas.current) return undefined;
    const standings = levels.split(" ") as Standing[];
    const drawing = new CallDrawing(canvas.current, calls.map((call, i) => ({ path: pathOf(call, layout), color: cssColor(COLORS[standings[i] ?? "unknown"]) })));
    drawing.follow(map.getState());
    const unsubscribe = map.subscribe((state) => drawing.follow(state));
    return () => {
      unsubscribe();
      drawing.stop();
    };
  }, [calls, layout, levels, map, theme]);
  return <canvas ref={canvas} aria-hidden className="pointer-events-none absolute top-0 left-0 -z-1 origin-top-left" style={{ opacity: dimmed ? 0.15 : 0.5 }} />;
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
