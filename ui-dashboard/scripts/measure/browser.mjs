/** A headless browser, and what it tells of how busy a page is. */
import { chromium } from "@playwright/test";

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

export const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

/** Measures while `during` goes on: frames a second, the longest pause between two, and the share of the main thread that is busy. */
export async function measured(page, during) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const taskSeconds = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  await page.evaluate(countFrames);
  const busyBefore = await taskSeconds();
  const from = Date.now();
  await during();
  const seconds = (Date.now() - from) / 1_000;
  const busy = (await taskSeconds()) - busyBefore;
  const { frames, worst } = await page.evaluate(() => window.frameCount());
  await session.detach();
  return { framesPerSecond: frames / seconds, longestPauseMs: worst, busyPercent: (100 * busy) / seconds };
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
