/**
 * Shares the redraws of charts out over animation frames: a sample changes all charts at once, and drawn at once they would make a
 * frame come late. Over as few as that needs, as every frame that draws something has a price of its own.
 */
const waiting = new Set<() => void>();
/** A frame draws this part of the charts that wait, at least one. */
const PART = 2;
let frame = 0;

function drawSome(): void {
  frame = 0;
  const next = [...waiting].slice(0, Math.ceil(waiting.size / PART));
  for (const draw of next) {
    waiting.delete(draw);
    draw();
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
