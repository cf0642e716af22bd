/**
 * The lines of a chart, at whole pixels and with gaps, as uPlot draws them. Without a graphics card the cost of a line grows faster than
 * its points, and the main thread pays for it: so points that nobody can see are left out, and long lines are cut.
 */

export const LINE_WIDTH = 1.5;
/** Points of one stroke. */
const LONGEST_STROKE = 64;

/** Draws a line through points at whole pixels, with gaps where there is none. */
export function strokeLine(context: CanvasRenderingContext2D, color: string, across: readonly number[], down: readonly (number | undefined)[]): void {
  context.lineWidth = LINE_WIDTH * devicePixelRatio;
  context.lineJoin = "bevel";
  context.lineCap = "round";
  context.strokeStyle = color;
  for (const stroke of strokesOf(across, down)) {
    context.beginPath();
    for (let at = 0; at < stroke.length; at += 2) context.lineTo(stroke[at] ?? 0, stroke[at + 1] ?? 0);
    context.stroke();
  }
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
