/** What a large map looks like, and how that is put on a canvas. */
import { isInSight, LEGIBLE_ZOOM, type MapPlace, NODE_HEIGHT, NODE_WIDTH, type Place } from "./layout";
import { type Lettering, paintWords, type ServiceWords } from "./map-words";

/** Lines of calls of one colour; one stroke takes less time than many that are as long together. */
export interface DrawnCalls {
  readonly path: Path2D;
  readonly color: string;
  /** Nothing: as thin as it can be and still be seen. */
  readonly width?: number;
  readonly opacity: number;
}

/** A service: words, or a block of one colour when they could not be read. */
export interface DrawnService {
  readonly id: string;
  readonly place: Place;
  readonly fill: string;
  /** Something is marked, and this is not. */
  readonly dimmed: boolean;
}

/** What surrounds a service that is marked or chosen. */
export interface DrawnFrame {
  readonly place: Place;
  readonly color: string;
  /** How far outside, px of the map. */
  readonly distance: number;
  readonly width: number;
  readonly opacity: number;
  readonly dashed: boolean;
}

export interface Picture {
  readonly calls: readonly DrawnCalls[];
  readonly services: readonly DrawnService[];
  readonly frames: readonly DrawnFrame[];
  readonly lettering: Lettering;
  readonly words: (id: string) => ServiceWords;
}

const CALL_WIDTH = 1.5;
const RADIUS = 6;
/** A corner that is rounder than this is seen, px on screen. */
const SEEN_RADIUS = 1.5;
const DIMMED = 0.4;
const DASHES = [4, 3];

/** Paints what is seen through a window of the canvas. The context already stands where the map does. */
export function paint(context: CanvasRenderingContext2D, { calls, services, frames, lettering, words }: Picture, seen: MapPlace): void {
  const zoom = seen.transform[2];
  const radius = RADIUS * zoom < SEEN_RADIUS ? 0 : RADIUS;
  for (const { path, color, width, opacity } of calls) {
    context.globalAlpha = opacity;
    context.strokeStyle = color;
    // In software a line of a pixel takes a fifth of the time that a wider one does.
    context.lineWidth = width ?? Math.min(CALL_WIDTH, 1 / zoom);
    context.stroke(path);
  }
  context.lineWidth = 1;
  context.strokeStyle = lettering.color("--line");
  const surface = lettering.color("--surface");
  const legible = zoom >= LEGIBLE_ZOOM;
  for (const { id, place, fill, dimmed } of services) {
    if (!isInSight(place, seen)) continue;
    context.globalAlpha = dimmed ? DIMMED : 1;
    context.fillStyle = legible ? surface : fill;
    outline(context, place, 0, radius);
    context.fill();
    outline(context, place, -0.5, radius);
    context.stroke();
    if (legible) paintWords(context, place, words(id), lettering);
  }
  for (const { place, color, distance, width, opacity, dashed } of frames) {
    context.globalAlpha = opacity;
    context.strokeStyle = color;
    // Marks are there to be found: they do not get thinner than a pixel on screen.
    context.lineWidth = Math.max(width, 1 / zoom);
    context.setLineDash(dashed ? DASHES.map((length) => length / Math.min(1, zoom)) : []);
    outline(context, place, distance, radius && radius + distance);
    context.stroke();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function outline(context: CanvasRenderingContext2D, { x, y }: Place, distance: number, radius: number): void {
  const [width, height] = [NODE_WIDTH + 2 * distance, NODE_HEIGHT + 2 * distance];
  context.beginPath();
  if (radius > 0) context.roundRect(x - distance, y - distance, width, height, radius);
  else context.rect(x - distance, y - distance, width, height);
}
