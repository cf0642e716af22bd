/** Where services stand on the map: callers left, callees right. Pure; runs in a worker because it takes a while. */
import { Graph as Dagre, layout } from "@dagrejs/dagre";
import type { Call, Graph } from "./graph";

/** Size of a service on the map, px. */
export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 70;
const BETWEEN_RANKS = 72;
const BETWEEN_NEIGHBOURS = 22;

export interface Place {
  readonly x: number;
  readonly y: number;
}

export type Places = ReadonlyMap<string, Place>;

/** Where callees stand, seen from their callers: right of them, or below. */
export type Direction = "LR" | "TB";

export interface Layout {
  readonly direction: Direction;
  readonly places: Places;
}

export interface LayoutRequest {
  readonly graph: Graph;
  /** Width of the canvas over its height: of both directions the one that fills it better is taken. */
  readonly aspect: number;
  /** Given when the direction must stay. */
  readonly direction?: Direction;
}

/** From here on ranks have more members than fit over each other, and are folded into columns. */
const FOLDED_FROM = 120;

export function arrange({ graph, aspect, direction }: LayoutRequest): Layout {
  if (graph.services.length >= FOLDED_FROM) return { direction: "LR", places: folded(arrangeTowards(graph, "LR").places, aspect) };
  const tries = (direction ? [direction] : (["LR", "TB"] as const)).map((wanted) => arrangeTowards(graph, wanted));
  const best = tries.reduce((one, other) => (zoomOf(other, aspect) > zoomOf(one, aspect) ? other : one));
  return { direction: best.direction, places: best.places };
}

/** Every rank as a block of columns, in the order it had, with as many rows as fill the canvas best. */
function folded(places: Places, aspect: number): Places {
  const [cellWidth, cellHeight] = [NODE_WIDTH + BETWEEN_NEIGHBOURS, NODE_HEIGHT + BETWEEN_NEIGHBOURS];
  const byRank = new Map<number, [string, Place][]>();
  for (const member of places) byRank.set(member[1].x, [...(byRank.get(member[1].x) ?? []), member]);
  const ranks = [...byRank].sort(([a], [b]) => a - b).map(([, members]) => members.sort(([, a], [, b]) => a.y - b.y).map(([id]) => id));
  const widthOf = (rows: number) => ranks.reduce((width, { length }) => width + Math.ceil(length / rows) * cellWidth + BETWEEN_RANKS, 0);
  const zoom = (rows: number) => Math.min(aspect / widthOf(rows), 1 / (rows * cellHeight));
  let rows = 1;
  for (let more = 2; more <= places.size; more += 1) if (zoom(more) > zoom(rows)) rows = more;
  const result = new Map<string, Place>();
  let left = 0;
  for (const rank of ranks) {
    const columns = Math.ceil(rank.length / rows);
    const used = Math.ceil(rank.length / columns);
    rank.forEach((id, i) => result.set(id, { x: left + Math.floor(i / used) * cellWidth, y: Math.round(((i % used) + (rows - used) / 2) * cellHeight) }));
    left += columns * cellWidth + BETWEEN_RANKS;
  }
  return result;
}

interface Arranged extends Layout {
  readonly width: number;
  readonly height: number;
}

/** How large the whole picture can be drawn, up to a factor. */
function zoomOf({ width, height }: Arranged, aspect: number): number {
  return Math.min(aspect / width, 1 / height);
}

function arrangeTowards({ services, calls }: Graph, direction: Direction): Arranged {
  const dagre = new Dagre();
  dagre.setGraph({ rankdir: direction, ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NEIGHBOURS, ranker: "tight-tree" });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const { id } of services) dagre.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of calls) if (from !== to) dagre.setEdge(from, to);
  layout(dagre);
  const places = new Map(
    services.map(({ id }) => {
      const { x, y } = dagre.node(id);
      return [id, { x: Math.round(x - NODE_WIDTH / 2), y: Math.round(y - NODE_HEIGHT / 2) }];
    }),
  );
  const { width = 1, height = 1 } = dagre.graph();
  return { direction, places, width, height };
}

/** Below this zoom nobody can read words; the colour says enough. */
export const LEGIBLE_ZOOM = 0.45;

export interface MapPlace {
  /** Left and top of the map on the canvas, px, and its zoom. */
  readonly transform: readonly [x: number, y: number, zoom: number];
  readonly width: number;
  readonly height: number;
}

/** Whether any part of a service is on the canvas. */
export function isInSight({ x, y }: Place, { transform: [left, top, zoom], width, height }: MapPlace): boolean {
  const [screenX, screenY] = [x * zoom + left, y * zoom + top];
  return screenX + NODE_WIDTH * zoom > 0 && screenY + NODE_HEIGHT * zoom > 0 && screenX < width && screenY < height;
}

/**
 * Keeps everybody where they stand and finds room for those who are new: as far from a neighbour as they would be in the
 * fresh arrangement, and then down until the place is free. The picture does not jump when a component is added.
 */
export function keepPlaces(standing: Places, fresh: Places, calls: readonly Call[]): Places {
  const kept = new Map([...fresh.keys()].flatMap((id) => (standing.has(id) ? [[id, standing.get(id)] as [string, Place]] : [])));
  // Nobody of the old picture is left: it is another cloud.
  if (kept.size === 0) return fresh;
  for (const [id, wanted] of fresh) {
    if (kept.has(id)) continue;
    const neighbour = calls.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : [])).find((other) => kept.has(other));
    const before = neighbour === undefined ? undefined : kept.get(neighbour);
    const after = neighbour === undefined ? undefined : fresh.get(neighbour);
    const place = before && after ? { x: before.x + wanted.x - after.x, y: before.y + wanted.y - after.y } : wanted;
    kept.set(id, freePlace(place, [...kept.values()]));
  }
  return kept;
}

function freePlace(wanted: Place, taken: readonly Place[]): Place {
  let place = wanted;
  const inTheWay = () => taken.find(({ x, y }) => Math.abs(x - place.x) < NODE_WIDTH + BETWEEN_NEIGHBOURS && Math.abs(y - place.y) < NODE_HEIGHT + BETWEEN_NEIGHBOURS / 2);
  for (let other = inTheWay(); other; other = inTheWay()) place = { x: place.x, y: other.y + NODE_HEIGHT + BETWEEN_NEIGHBOURS };
  return place;
}
