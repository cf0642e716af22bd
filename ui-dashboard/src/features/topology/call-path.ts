/** Where the lines of calls run, and which of them stand out. */
import { getBezierPath, Position } from "@xyflow/react";
import type { Call } from "./graph";
import { type Layout, NODE_HEIGHT, NODE_WIDTH, type Place } from "./layout";

export interface CallPath {
  /** An SVG path, in the map's own px. */
  readonly path: string;
  readonly middle: Place;
}

export function callPath({ from, to }: Call, { places, direction }: Layout): CallPath | undefined {
  const [caller, callee] = [places.get(from), places.get(to)];
  if (!caller || !callee) return undefined;
  const across = direction === "LR";
  const [path, x, y] = getBezierPath({
    sourceX: caller.x + (across ? NODE_WIDTH : NODE_WIDTH / 2),
    sourceY: caller.y + (across ? NODE_HEIGHT / 2 : NODE_HEIGHT),
    sourcePosition: across ? Position.Right : Position.Bottom,
    targetX: callee.x + (across ? 0 : NODE_WIDTH / 2),
    targetY: callee.y + (across ? NODE_HEIGHT / 2 : 0),
    targetPosition: across ? Position.Left : Position.Top,
  });
  return { path, middle: { x, y } };
}

/** Those of the chosen service, and between marked ones. */
export function callsToShow(calls: readonly Call[], chosen: string | null, marked: { readonly has: (id: string) => boolean }): Call[] {
  return calls.filter((call) => isOf(call, chosen) || (marked.has(call.from) && marked.has(call.to)));
}

export function isOf({ from, to }: Call, service: string | null): boolean {
  return service !== null && (from === service || to === service);
}
