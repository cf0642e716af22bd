/**
 * Draws the charts that a sample has changed together, as every frame in which something is drawn has a price of its own; those that would
 * make the frame come late wait for the next one.
 */
const waiting = new Set<() => void>();
/** Half of a frame at 60 a second, ms: the rest is for what else the page does. */
const BUDGET_MS = 8;
let frame = 0;

function drawSome(): void {
  frame = 0;
  const end = performance.now() + BUDGET_MS;
  for (const draw of [...waiting]) {
    waiting.delete(draw);
    draw();
    if (performance.now() >= end) break;
  }
  if (waiting.size > 0) frame = requestAnimationFrame(drawSome);
}

/** Draws soon; once, however often it is asked for before. */
export function drawSoon(draw: () => void): void {
  waiting.add(draw);
  if (frame === 0) frame = requestAnimationFrame(drawSome);
}

export function drawNoMore(draw: () => void): void {
  waiting.delete(draw);
}
