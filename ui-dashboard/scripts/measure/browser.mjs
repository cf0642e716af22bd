/** A headless browser, and what it tells of how busy a page is. */
import { chromium } from "@playwright/test";
import { CHROMIUM } from "../chromium.mjs";

export const launch = () => chromium.launch(CHROMIUM);

export const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

/**
 * Measures while `during` goes on: frames a second, the longest pause between two, and the share of the main thread that is busy, by the
 * clock on the wall and, in words, what it is busy with. What is neither script nor layout nor style is drawing: recording, layers, and the
 * raster of canvases, which without a graphics card is done there, too.
 */
export async function measured(page, during) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const spent = async () => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  await page.evaluate(countFrames);
  const before = await spent();
  const from = Date.now();
  await during();
  const seconds = (Date.now() - from) / 1_000;
  const after = await spent();
  const { frames, worst } = await page.evaluate(() => window.frameCount());
  await session.detach();
  const percent = (...names) => names.reduce((sum, name) => sum + (100 * (after[name] - before[name])) / seconds, 0);
  const [busyPercent, script, layout] = [percent("TaskDuration"), percent("ScriptDuration"), percent("LayoutDuration", "RecalcStyleDuration")];
  const drawing = Math.max(0, busyPercent - script - layout);
  const shares = `script ${script.toFixed(0)}, style and layout ${layout.toFixed(0)}, drawing and the rest ${drawing.toFixed(0)}`;
  return { framesPerSecond: frames / seconds, longestPauseMs: worst, busyPercent, shares };
}

function countFrames() {
  let frames = 0;
  let worst = 0;
  let last = performance.now();
  let going = true;
  const frame = (now) => {
    frames += 1;
    worst = Math.max(worst, now - last);
    last = now;
    if (going) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.frameCount = () => {
    going = false;
    return { frames, worst };
  };
}
