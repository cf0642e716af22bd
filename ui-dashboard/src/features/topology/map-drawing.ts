/**
 * A large map on a canvas that is somewhat larger than what is in sight. While the map moves, the canvas is moved along, which costs next to
 * nothing; it is drawn anew when the map is about to leave it, and after the zoom has changed: when it rests, or has changed much.
 */
import { LEGIBLE_ZOOM, type MapPlace } from "./layout";
import { paint, type Picture } from "./map-picture";

/** How far the canvas reaches beyond what is in sight, as a share of that. */
const MARGIN = 0.25;
/** So long after the last change of the zoom everything is drawn sharply, ms. */
const REST_MS = 120;
/** While the zoom changes the drawing is stretched until it is so much too small or too large. */
const STRETCHED = 1.6;
/** Dots in the background, as of small maps: their distance in px of the map. They are seen where words can be read. */
const DOTS = 24;

export class MapDrawing {
  private readonly context: CanvasRenderingContext2D | null;
  private picture: Picture | undefined;
  private drawn: MapPlace | undefined;
  private latest: MapPlace = { transform: [0, 0, 1], width: 0, height: 0 };
  private next = 0;
  private due: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d");
  }

  show(picture: Picture): void {
    this.picture = picture;
    this.drawNext();
  }

  /** Words are others now. */
  reword(): void {
    if (this.latest.transform[2] >= LEGIBLE_ZOOM) this.drawNext();
  }

  /** The map is there now. */
  follow(now: MapPlace): void {
    const before = this.latest;
    this.latest = now;
    const { drawn } = this;
    if (!drawn || drawn.width !== now.width || drawn.height !== now.height || leaves(drawn, now)) this.draw(now);
    else if (before.transform[2] !== now.transform[2]) this.drawSoon();
    this.place(now);
  }

  stop(): void {
    clearTimeout(this.due);
    cancelAnimationFrame(this.next);
  }

  /** In the next frame; while the zoom changes, when it rests. */
  private drawNext(): void {
    if (this.due === undefined) this.next ||= requestAnimationFrame(() => this.draw(this.latest));
  }

  private drawSoon(): void {
    clearTimeout(this.due);
    this.due = setTimeout(() => this.draw(this.latest), REST_MS);
  }

  private draw(now: MapPlace): void {
    clearTimeout(this.due);
    this.due = undefined;
    cancelAnimationFrame(this.next);
    this.next = 0;
    const { context, canvas, picture } = this;
    if (!context || !picture || now.width === 0 || now.height === 0) return;
    this.drawn = now;
    const [x, y, zoom] = now.transform;
    const [wide, high] = [Math.round(now.width * (1 + 2 * MARGIN)), Math.round(now.height * (1 + 2 * MARGIN))];
    const [left, top] = [x + MARGIN * now.width, y + MARGIN * now.height];
    const pixels = devicePixelRatio;
    if (canvas.width !== Math.round(wide * pixels) || canvas.height !== Math.round(high * pixels)) {
      canvas.width = Math.round(wide * pixels);
      canvas.height = Math.round(high * pixels);
      canvas.style.width = `${wide}px`;
      canvas.style.height = `${high}px`;
    }
    context.resetTransform();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(pixels * zoom, 0, 0, pixels * zoom, pixels * left, pixels * top);
    paint(context, picture, { transform: [left, top, zoom], width: wide, height: high });
    canvas.style.backgroundImage = zoom < LEGIBLE_ZOOM ? "none" : `radial-gradient(circle at center, var(--line) ${zoom / 2}px, transparent ${zoom / 2}px)`;
    canvas.style.backgroundSize = `${DOTS * zoom}px ${DOTS * zoom}px`;
    canvas.style.backgroundPosition = `${left - (DOTS / 2) * zoom}px ${top - (DOTS / 2) * zoom}px`;
    canvas.dataset.services = String(picture.services.length);
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

/** Whether something comes into sight that was not drawn, or the drawing is stretched too much. */
export function leaves(drawn: MapPlace, now: MapPlace): boolean {
  const [x, y, zoom] = now.transform;
  const [drawnX, drawnY, drawnZoom] = drawn.transform;
  const stretch = zoom / drawnZoom;
  if (stretch > STRETCHED || stretch < 1 / STRETCHED) return true;
  if (stretch !== 1) return false;
  return Math.abs(x - drawnX) > MARGIN * drawn.width || Math.abs(y - drawnY) > MARGIN * drawn.height;
}
