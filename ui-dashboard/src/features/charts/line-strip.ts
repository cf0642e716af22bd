/**
 * The lines of a chart on a canvas of their own, on which they stay: a new sample moves it along and adds the last pieces. Drawing all lines
 * anew for every sample took most of what the main thread had to do. Everything is drawn anew when the past, the scale or the size is another.
 */
import type uPlot from "uplot";
import { LINE_WIDTH, strokeLine } from "./lines";

/** The strip is so many times as wide as the chart: so seldom it begins anew when its end is reached. */
const LONGER = 2;

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly thickness: number;
  /** Device px a second, and a unit. */
  readonly perX: number;
  readonly perY: number;
  readonly highest: number;
  /** The time at the left edge of the strip. */
  readonly start: number;
}

/** Points in px of the strip. */
interface Points {
  readonly times: readonly number[];
  readonly across: readonly number[];
  readonly down: readonly (readonly (number | undefined)[])[];
}

export class LineStrip {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d");
  private frame: Frame | undefined;
  private points: Points | undefined;

  constructor(private readonly colors: readonly string[]) {}

  draw({ ctx, bbox, data, scales: { x, y } }: uPlot): void {
    if (!this.context || x?.min === undefined || x.max === undefined || y?.min === undefined || y.max === undefined) return;
    const [width, height] = [Math.ceil(bbox.width), Math.ceil(bbox.height)];
    const [perX, perY] = [bbox.width / (x.max - x.min), bbox.height / (y.max - y.min)];
    const thickness = LINE_WIDTH * devicePixelRatio;
    const wanted = { width, height, thickness, perX, perY, highest: y.max, start: x.min };
    const frame = this.frame && fits(this.frame, wanted, x.max) ? this.frame : wanted;
    const points = pointsOf(frame, data);
    const from = frame === this.frame && this.points ? firstChange(this.points, points) : 0;
    if (from === 0) this.clear(frame);
    if (from < points.times.length) this.add(points, from, frame);
    this.frame = frame;
    this.points = points;

    const shift = Math.round((x.min - frame.start) * frame.perX);
    const edge = Math.ceil(thickness);
    const [wide, high] = [width + edge, height + 2 * edge];
    ctx.drawImage(this.canvas, edge + shift, 0, wide, high, Math.round(bbox.left), Math.round(bbox.top) - edge, wide, high);
  }

  private clear({ width, height, thickness }: Frame): void {
    const edge = Math.ceil(thickness);
    // Setting a size clears it.
    this.canvas.width = LONGER * width + 2 * edge;
    this.canvas.height = height + 2 * edge;
    const offset = edge + (thickness % 2) / 2;
    this.context?.translate(offset, offset);
  }

  /** Around the place where new pieces begin everything is drawn anew: caps over caps would make the line bolder there. */
  private add({ across, down }: Points, from: number, { thickness }: Frame): void {
    const { context, canvas } = this;
    if (!context) return;
    const overlap = Math.ceil(thickness) + 1;
    const left = (across[from - 1] ?? 0) - overlap;
    let begin = from;
    while (begin > 0 && (across[begin] ?? 0) >= left - overlap) begin -= 1;
    context.save();
    if (from > 0) {
      const [x, y] = [left - (thickness % 2) / 2, -canvas.height];
      context.beginPath();
      context.rect(x, y, canvas.width, 3 * canvas.height);
      context.clip();
      context.clearRect(x, y, canvas.width, 3 * canvas.height);
    }
    const recent = across.slice(begin);
    this.colors.forEach((color, i) => strokeLine(context, color, recent, (down[i] ?? []).slice(begin)));
    context.restore();
  }
}

/** The strip can go on: the scale is the same, and there is room for what is seen now. */
function fits(frame: Frame, { width, height, thickness, perX, perY, highest, start }: Frame, end: number): boolean {
  const alike = (one: number, other: number) => Math.abs(one - other) <= Math.abs(one) * 1e-6;
  const same = frame.width === width && frame.height === height && frame.thickness === thickness && frame.highest === highest && alike(frame.perX, perX) && alike(frame.perY, perY);
  return same && start >= frame.start && (end - frame.start) * frame.perX <= LONGER * width;
}

function pointsOf({ start, perX, perY, highest }: Frame, data: uPlot.AlignedData): Points {
  const times = data[0] as readonly number[];
  const rows = data.slice(1) as readonly (readonly (number | null | undefined)[])[];
  return {
    times,
    across: times.map((at) => Math.round((at - start) * perX)),
    down: rows.map((row) => row.map((value) => (value === null || value === undefined ? undefined : Math.round((highest - value) * perY)))),
  };
}

/** The first point that was not drawn as it is now; nothing of what was drawn can stay when it is the first. */
export function firstChange(before: Pick<Points, "times" | "down">, now: Pick<Points, "times" | "down">): number {
  const skipped = before.times.indexOf(now.times[0] ?? Number.NaN);
  if (skipped < 0 || before.down.length !== now.down.length) return 0;
  const known = before.times.length - skipped;
  for (let i = 0; i < known; i += 1) {
    if (before.times[skipped + i] !== now.times[i] || now.down.some((row, line) => row[i] !== before.down[line]?.[skipped + i])) return 0;
  }
  return known;
}
