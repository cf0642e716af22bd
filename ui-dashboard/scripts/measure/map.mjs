/**
 * How smoothly the map of a large cloud moves: serves the export with a made-up cloud that changes ten times a second, and drags and
 * zooms for some seconds.
 */
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve } from "node:path";
import { launch, measured } from "./browser.mjs";

const SERVICES = 500;
const SECONDS = 8;
const BAR = 30;
/** At this zoom words can be read, and more than a hundred services are in sight. */
const READABLE = 0.6;
const SAMPLE_MS = 100;
const START = Date.UTC(2026, 0, 1);
const RUN = "11111111-1111-5111-8111-111111111111";
const out = resolve(import.meta.dirname, "../../out");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

const ids = Array.from({ length: SERVICES }, (_, i) => `service-${String(i).padStart(3, "0")}`);
const edges = ids.slice(1).flatMap((id, i) => [Math.floor(i / 4), Math.floor(i / 3)].map((caller) => ({ fromServiceId: ids[caller], toServiceId: id, callsPerRequest: 1 })));
const topology = {
  name: "large",
  zones: [{ id: "zone-a" }],
  nodes: [{ id: "node-1", zoneId: "zone-a", cpuCores: 64, memoryGb: 256, networkMbps: 10_000, state: "ready", version: "1" }],
  services: ids.map((id, i) => ({ id, profile: "api_server", desiredReplicas: 1, replicas: [{ nodeId: "node-1", state: "running" }], version: "1", health: "healthy", entry: i === 0 })),
  edges,
};
const timeOf = (tick) => new Date(START + tick * 1_000).toISOString();
const state = (tick) => ({ simulationId: "default", runId: RUN, scenario: "large", tick: String(tick), time: timeOf(tick), startedAt: timeOf(0), tickMs: 1_000, playing: true, speed: 10, effectiveSpeed: 10 });
/** One service in five changes with every sample. */
const valuesOf = (tick, base) => ids.map((_, i) => base * (1 + 0.5 * Math.sin(i + Math.floor((tick + i) / 5))));
const sample = (tick) => ({
  simulationId: "default", runId: RUN, tick: String(tick), time: timeOf(tick), shardCount: 1, sampleIntervalMs: 1_000, scenario: "large",
  services: { ids, versions: ids.map(() => "1"), columns: [["request_rate", 100], ["latency_p99", 200], ["error_rate", 4], ["cpu_usage", 50]].map(([metric, base]) => ({ metric, values: valuesOf(tick, base) })) },
});

function stream(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  let tick = 1;
  const send = (event, data) => response.write(`id: ${tick}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  send("snapshot", { state: state(tick), topology, metrics: [sample(tick)], openIncidents: [], pendingActions: [] });
  const timer = setInterval(() => {
    tick += 1;
    send("metrics", sample(tick));
    if (tick % 10 === 0) send("heartbeat", { serverTime: new Date().toISOString(), state: state(tick) });
  }, SAMPLE_MS);
  response.on("close", () => clearInterval(timer));
}

export async function measureMap(report) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/api/stream") return stream(response);
    const file = join(out, path.endsWith("/") ? `${path}index.html` : path);
    if (file.startsWith(out) && existsSync(file)) {
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
      return createReadStream(file).pipe(response);
    }
    response.writeHead(path.includes(".v1.") ? 501 : 404, { "content-type": "application/json" });
    return response.end(JSON.stringify({ code: "unimplemented", message: "not part of the measurement" }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const began = Date.now();
    await page.goto(`http://127.0.0.1:${server.address().port}/topology/`);
    await page.locator(`canvas[data-services="${SERVICES}"]`).waitFor();
    const arrivedMs = Date.now() - began;
    await page.waitForTimeout(1_500);
    for (const [name, move] of [["at rest", rest], ["dragging", drag], ["zooming", zoom], ["dragging, zoomed in", drag]]) {
      if (name.endsWith("zoomed in")) await zoomTo(page, READABLE);
      const until = Date.now() + SECONDS * 1_000;
      const { framesPerSecond, longestPauseMs, busyPercent, shares } = await measured(page, async () => {
        while (Date.now() < until) await move(page);
      });
      const figure = `${framesPerSecond.toFixed(0)}/s (longest pause ${longestPauseMs.toFixed(0)} ms, main thread ${busyPercent.toFixed(0)} %: ${shares})`;
      report(`${SERVICES} services, ${edges.length} calls on the map, ${name}`, figure, `≥ ${BAR}/s`, framesPerSecond >= BAR);
    }
    console.log(`  the map was on screen after ${arrivedMs} ms`);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

async function rest(page) {
  await page.waitForTimeout(500);
}

async function drag(page) {
  await page.mouse.move(600, 500);
  await page.mouse.down();
  for (let i = 0; i < 20; i += 1) await page.mouse.move(600 + 12 * i, 500 - 6 * i);
  for (let i = 20; i > 0; i -= 1) await page.mouse.move(600 + 12 * i, 500 - 6 * i);
  await page.mouse.up();
}

async function zoom(page) {
  await page.mouse.move(600, 500);
  for (let i = 0; i < 12; i += 1) {
    await page.mouse.wheel(0, -60);
    await page.waitForTimeout(30);
  }
  for (let i = 0; i < 9; i += 1) {
    await page.mouse.wheel(0, 60);
    await page.waitForTimeout(30);
  }
}

async function zoomTo(page, wanted) {
  await page.getByRole("button", { name: "Show everything" }).click();
  await page.waitForTimeout(500);
  await page.mouse.move(600, 500);
  const reached = () => page.locator(".react-flow__viewport").evaluate((map) => new DOMMatrix(map.style.transform).a);
  while ((await reached()) < wanted) await page.mouse.wheel(0, -20);
  await page.waitForTimeout(1_000);
}
