/** A page that is open while many services send ten samples a second: how busy it is, and whether its memory stays what it is. */
import { launch, measured } from "./browser.mjs";
import { SAMPLE_TICKS, serviceId, withCloud } from "./cloud.mjs";

const SERVICES = 100;
/** In each of the overview's four charts. */
const IN_CHARTS = 13;
const SECONDS = 20;
const BUSY_BAR = 25;
const FRAMES_BAR = 55;
/** The history holds ten simulated minutes: from then on nothing should be added. */
const FILLED_AFTER_S = 75;
const HEAP_EVERY_S = 10;
/** What two standard errors of the slope come to when nothing grows, at least. */
const FLAT_MIB_PER_MINUTE = 0.2;

export async function measureStream(base, soakMinutes, report) {
  await withCloud(base, SERVICES, async (simulationId) => {
    const browser = await launch();
    try {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      await context.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), simulationId);
      const page = await context.newPage();
      const shown = Array.from({ length: IN_CHARTS }, (_, i) => serviceId(i));
      await page.goto(`${base}/?service=${shown.join(",")}`);
      await page.locator(".uplot canvas").nth(3).waitFor();
      // All of them are in sight: what is out of sight is not drawn.
      await page.locator(".uplot").first().evaluate((chart) => window.scrollBy(0, chart.getBoundingClientRect().top - 140));
      // What a page does once, when it opens, is not what it does all day.
      await page.waitForTimeout(10_000);
      const ticks = await ticksOf(base, simulationId);
      const { busyPercent, framesPerSecond, longestPauseMs, shares } = await measured(page, () => page.waitForTimeout(SECONDS * 1_000));
      const rate = ((await ticksOf(base, simulationId)) - ticks) / SAMPLE_TICKS / SECONDS;
      const what = `${SERVICES} services, ${rate.toFixed(1)} samples/s, ${4 * IN_CHARTS} series`;
      report(`${what}: main thread`, `${busyPercent.toFixed(1)} % (${shares})`, `≤ ${BUSY_BAR} %`, busyPercent <= BUSY_BAR);
      report(`${what}: frames`, `${framesPerSecond.toFixed(0)}/s (longest pause ${longestPauseMs.toFixed(0)} ms)`, `≥ ${FRAMES_BAR}/s`, framesPerSecond >= FRAMES_BAR);
      if (soakMinutes > 0) await soak(page, soakMinutes, report);
    } finally {
      await browser.close();
    }
  });
}

async function ticksOf(base, simulationId) {
  const answer = await fetch(`${base}/sim.v1.SimulationService/Get`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ simulationId }) });
  return Number((await answer.json()).simulation.state.tick);
}

async function soak(page, minutes, report) {
  const session = await page.context().newCDPSession(page);
  await page.waitForTimeout(FILLED_AFTER_S * 1_000);
  const points = [];
  const from = Date.now();
  while (Date.now() - from < minutes * 60_000) {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    points.push({ minute: (Date.now() - from) / 60_000, mib: usedSize / 1_048_576 });
    await page.waitForTimeout(HEAP_EVERY_S * 1_000);
  }
  const { slope, error } = line(points);
  const noise = Math.max(2 * error, FLAT_MIB_PER_MINUTE);
  const sizes = points.map(({ mib }) => mib);
  report(`heap over ${minutes} min of streaming, after GC`, `${slope.toFixed(2)} MiB/min (${Math.min(...sizes).toFixed(1)} to ${Math.max(...sizes).toFixed(1)} MiB)`, `within ± ${noise.toFixed(2)} MiB/min`, slope <= noise);
}

/** The straight line of least squares: its slope, and the standard error of that. */
function line(points) {
  const n = points.length;
  const meanX = points.reduce((sum, { minute }) => sum + minute, 0) / n;
  const meanY = points.reduce((sum, { mib }) => sum + mib, 0) / n;
  const spread = points.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0);
  const slope = points.reduce((sum, { minute, mib }) => sum + (minute - meanX) * (mib - meanY), 0) / spread;
  const rest = points.reduce((sum, { minute, mib }) => sum + (mib - meanY - slope * (minute - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / Math.max(1, n - 2) / spread) };
}
