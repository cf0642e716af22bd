/**
 * The lines of a chart, at whole pixels and with gaps, as uPlot draws them. Without a graphics card the cost of a line grows faster than
 * its points, and the main thread pays for it: so points that nobody can see are left out, and long lines are cut.
 */
import type uPlot from "uplot";

export const LINE_WIDTH = 1.5;
/** Points of one stroke. */
const LONGEST_STROKE = 64;

/** Draws every series in its colour; the series themselves have no paths then. */
export function drawLines({ ctx, bbox, data, scales: { x, y } }: uPlot, colors: readonly string[]): void {
  if (x?.min === undefined || x.max === undefined || y?.min === undefined || y.max === undefined) return;
  const { left, top, width, height } = bbox;
  const [first, highest] = [x.min, y.max];
  const perX = width / (x.max - first);
  const perY = height / (highest - y.min);
  const thickness = LINE_WIDTH * devicePixelRatio;
  const offset = (thickness % 2) / 2;
  const across = Array.from(data[0], (at) => Math.round(left + (at - first) * perX));
  ctx.save();
  ctx.beginPath();
  // At whole pixels: a clip through the middle of one makes every stroke dearer.
  ctx.rect(Math.floor(left), Math.floor(top - thickness), Math.ceil(width + thickness), Math.ceil(height + 2 * thickness));
  ctx.clip();
  ctx.translate(offset, offset);
  ctx.lineWidth = thickness;
  ctx.lineJoin = "bevel";
  ctx.lineCap = "round";
  colors.forEach((color, i) => {
    ctx.strokeStyle = color;
    const down = Array.from<number | null | undefined, number | undefined>(data[i + 1] ?? [], (value) => (value === null || value === undefined ? undefined : Math.round(top + (highest - value) * perY)));
    for (const stroke of strokesOf(across, down)) {
      ctx.beginPath();
      for (let at = 0; at < stroke.length; at += 2) ctx.lineTo(stroke[at] ?? 0, stroke[at + 1] ?? 0);
      ctx.stroke();
    }
  });
  ctx.restore();
}

/** Strokes as x, y, x, y …: without points between others on a straight line, cut at gaps and where they get long. A lone point is a dot. */
export function strokesOf(across: readonly number[], down: readonly (number | undefined)[]): number[][] {
  const strokes: number[][] = [];
  let stroke: number[] = [];
  const end = () => {
    if (stroke.length === 2) stroke.push(...stroke);
    if (stroke.length > 0) strokes.push(stroke);
    stroke = [];
  };
  for (let i = 0; i < across.length; i += 1) {
    const [x, y] = [across[i] ?? 0, down[i]];
    if (y === undefined) {
      end();
      continue;
    }
    if (goesOn(stroke, x, y)) stroke.length -= 2;
    else if (stroke.length >= 2 * LONGEST_STROKE) {
      const [lastX = 0, lastY = 0] = stroke.slice(-2);
      end();
      stroke.push(lastX, lastY);
    }
    stroke.push(x, y);
  }
  end();
  return strokes;
}

/** The point before lies on the way to this one. */
function goesOn(stroke: readonly number[], x: number, y: number): boolean {
  const n = stroke.length;
  if (n < 2) return false;
  const [lastX = 0, lastY = 0] = [stroke[n - 2], stroke[n - 1]];
  if (lastX === x && lastY === y) return true;
  if (n < 4) return false;
  const [dx, dy] = [lastX - (stroke[n - 4] ?? 0), lastY - (stroke[n - 3] ?? 0)];
  return dx * (y - lastY) === dy * (x - lastX) && dx * (x - lastX) + dy * (y - lastY) > 0;
}
