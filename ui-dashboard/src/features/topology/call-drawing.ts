/**
 * The calls of a large cloud on a canvas that is somewhat larger than what is in sight. While the map moves, the canvas is moved along, which
 * costs nothing; it is drawn anew when the map is about to leave it, and now and then while the zoom changes.
 */
export interface MapPlace {
  /** Left and top of the map on screen, px, and its zoom. */
  readonly transform: readonly [x: number, y: number, zoom: number];
  readonly width: number;
  readonly height: number;
}

export interface CallLine {
  /** An SVG path, in the map's own px. */
  readonly path: string;
  readonly color: string;
}

/** How far the canvas reaches beyond what is in sight, as a share of that. */
const MARGIN = 0.25;
/** While the zoom changes lines are stretched for so long, ms. */
const REDRAW_EVERY_MS = 250;
const LINE_WIDTH = 1.5;

export class CallDrawing {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly lines: readonly { readonly path: Path2D; readonly color: string }[];
  private drawn: MapPlace | undefined;
  private latest: MapPlace = { transform: [0, 0, 1], width: 0, height: 0 };
  private due: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly canvas: HTMLCanvasElement, lines: readonly CallLine[]) {
    this.context = canvas.getContext("2d");
    this.lines = this.context ? lines.map(({ path, color }) => ({ path: new Path2D(path), color })) : [];
  }

  /** The map is there now. */
  follow(now: MapPlace): void {
    if (now.width === 0 || now.height === 0) return;
    this.latest = now;
    const { drawn } = this;
    if (!drawn || drawn.width !== now.width || drawn.height !== now.height || leaves(drawn, now)) this.draw(now);
    else if (drawn.transform[2] !== now.transform[2]) this.due ??= setTimeout(() => this.draw(this.latest), REDRAW_EVERY_MS);
    this.place(now);
  }

  stop(): void {
    clearTimeout(this.due);
  }

  private draw(now: MapPlace): void {
    clearTimeout(this.due);
    this.due = undefined;
    this.drawn = now;
    const { context, canvas } = this;
    if (!context) return;
    const [x, y, zoom] = now.transform;
    const [wide, high] = [Math.round(now.width * (1 + 2 * MARGIN)), Math.round(now.height * (1 + 2 * MARGIN))];
    const pixels = devicePixelRatio;
    if (canvas.width !== Math.round(wide * pixels) || canvas.height !== Math.round(high * pixels)) {
      canvas.width = Math.round(wide * pixels);
      canvas.height = Math.round(high * pixels);
      canvas.style.width = `${wide}px`;
      canvas.style.height = `${high}px`;
    }
    context.resetTransform();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(pixels * zoom, 0, 0, pixels * zoom, pixels * (x + MARGIN * now.width), pixels * (y + MARGIN * now.height));
    context.lineWidth = LINE_WIDTH;
    for (const { path, color } of this.lines) {
      context.strokeStyle = color;
      context.stroke(path);
    }
    this.place(now);
  }

  /** Stretches and moves what was drawn to where it belongs now. */
  private place(now: MapPlace): void {
    if (!this.drawn) return;
    const [x, y, zoom] = now.transform;
    const [drawnX, drawnY, drawnZoom] = this.drawn.transform;
    const stretch = zoom / drawnZoom;
    const left = x - stretch * (drawnX + MARGIN * this.drawn.width);
    const top = y - stretch * (drawnY + MARGIN * this.drawn.height);
    this.canvas.style.transform = `translate(${left}px, ${top}px) scale(${stretch})`;
  }
}

/** Whether something comes into sight that is beyond the canvas; a little of that can wait while the zoom changes. */
export function leaves(drawn: MapPlace, now: MapPlace): boolean {
  if (drawn.transform[2] !== now.transform[2]) return false;
  return Math.abs(now.transform[0] - drawn.transform[0]) > MARGIN * drawn.width || Math.abs(now.transform[1] - drawn.transform[1]) > MARGIN * drawn.height;
}
