import type { Browser, Page } from "@playwright/test";
import { call, expect, expectState, openLive, test } from "./journey";
import type { Line } from "./line";

/** A simulation of its own that goes only as far as it is told: what happened while nobody looked is known to the sample. */
const ID = "connection";
/** A simulated second: samples are that far apart. */
const SAMPLE_TICKS = 20;
const BACK_MS = 60_000;

const visits = new WeakMap<Line, number>();
const notice = (page: Page) => page.getByRole("status").filter({ hasText: "You see the last known state." });

test.beforeEach(async ({ page }) => {
  await page.request.post("/sim.v1.SimulationService/Delete", { data: { simulationId: ID } });
  await call(page, "sim.v1.SimulationService/Create", { simulationId: ID, scenario: "normal", seed: "7" });
});

test.afterEach(async ({ page }) => {
  await page.request.post("/sim.v1.SimulationService/Delete", { data: { simulationId: ID } });
});

/** So many samples, one by one: of those that come faster than ten a second the stream leaves some out. */
async function go(page: Page, samples: number): Promise<void> {
  for (let sample = 0; sample < samples; sample += 1) {
    await call(page, "sim.v1.ControlService/Step", { simulationId: ID, ticks: SAMPLE_TICKS });
    await new Promise((later) => setTimeout(later, 400));
  }
}

async function openOn(page: Page, line: Line): Promise<void> {
  await page.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), ID);
  await openLive(page, `${line.url}/`);
  await go(page, 8);
  await expectSecond(page, 8);
  visits.set(line, line.visits.length);
}

/** Before the simulation is deleted, which ends the stream. */
const leave = (page: Page) => page.context().close();

/** The page has come to that second of the run. */
async function expectSecond(page: Page, second: number): Promise<void> {
  await expect(page.getByText(`tick ${second * SAMPLE_TICKS}`, { exact: true })).toBeVisible({ timeout: BACK_MS });
}

/** Every time that the first chart has a value for, as a person finds them with the pointer. */
async function timesInChart(page: Page): Promise<string[]> {
  const plot = page.locator(".uplot .u-over").first();
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  if (!box) throw new Error("there is no chart");
  const times = new Set<string>();
  for (let x = 1; x < box.width; x += 6) {
    await page.mouse.move(box.x + x, box.y + box.height / 2);
    const reading = page.getByTestId("readings");
    const [when, first] = await reading.locator("p").allInnerTexts();
    if (when !== undefined && first !== "no data") times.add(when);
  }
  return [...times];
}

/** The stream went on where it had broken off: with the event after the last one, and with no picture from scratch. */
function expectNoGap(line: Line): void {
  const before = line.visits.slice(0, visits.get(line));
  const since = line.visits.slice(visits.get(line)).filter(({ text }) => text !== "");
  expect(since.length, "connections that were made again").toBeGreaterThan(0);
  expect(since.filter(({ text }) => /^event: (snapshot|resync)$/m.test(text))).toEqual([]);
  const ids = (texts: readonly { readonly text: string }[]) => texts.flatMap(({ text }) => [...text.matchAll(/^id: \d+-(\d+)$/gm)].map(([, number]) => Number(number)));
  const all = [...ids(before), ...ids(since)];
  expect(all, "numbers of the events").toEqual(all.map((_, i) => (all[0] ?? 0) + i));
}

async function expectWhatHappened(page: Page, line: Line, seconds: number): Promise<void> {
  await expectSecond(page, seconds);
  await expect(leaks(page)).toHaveCount(1);
  expectNoGap(line);
  const times = await timesInChart(page);
  expect(times, "seconds with a value in the chart").toHaveLength(seconds);
}

/** Something that the list of events tells of. */
const leak = (page: Page) => call(page, "sim.v1.ControlService/InjectFault", { simulationId: ID, fault: { kind: "memory_leak", target: { kind: "TARGET_KIND_SERVICE", id: "payment" } } });
/** Told of once, however often the page connected. */
const leaks = (page: Page) => page.getByRole("listitem").filter({ hasText: "memory_leak" });

test("an operator who loses the connection sees what was last known, and that it is old; when it is back, nothing is missing", async ({ openAs, line }) => {
  const page = await openAs("Ana", line.url);
  await openOn(page, line);
  const signals = page.getByRole("region", { name: "Golden signals" });
  const known = await signals.innerText();

  await test.step("the line is cut", async () => {
    await line.cut();
    await expectState(page, "Reconnecting");
    await expect(page.getByTestId("headline")).toHaveText(/^Last known: /);
    await expectState(page, "Disconnected", 30_000);
    await expect(notice(page)).toContainText("The server cannot be reached.");
    await expect(notice(page).getByRole("button", { name: "Retry now" })).toBeVisible();
    expect(await signals.innerText()).toBe(known);
  });

  await test.step("what needs the server says so", async () => {
    await page.getByRole("button", { name: "Step one tick" }).click();
    await expect(page.getByText("The server cannot be reached. Try again when the connection is back.")).toBeVisible();
  });

  await test.step("meanwhile the cloud goes on, and the line is mended", async () => {
    await go(page, 3);
    await leak(page);
    await go(page, 9);
    expect(await signals.innerText()).toBe(known);
    await line.mend();
    await notice(page).getByRole("button", { name: "Retry now" }).click();
    await expectState(page, "Live", BACK_MS);
    await expect(notice(page)).toHaveCount(0);
    await expect(page.getByTestId("headline")).not.toHaveText(/Last known/);
    await expectWhatHappened(page, line, 20);
  });

  await test.step("and goes on live", async () => {
    await go(page, 1);
    await expectSecond(page, 21);
  });
  await leave(page);
});

test("a connection that falls silent is called stale, and is made again", async ({ openAs, line }) => {
  const page = await openAs("Ana", line.url);
  await openOn(page, line);
  line.hush();
  await expectState(page, "Stale", 15_000);
  await leak(page);
  await go(page, 4);
  await expectState(page, "Reconnecting", 30_000);
  line.speak();
  await expectState(page, "Live", BACK_MS);
  await expectSecond(page, 12);
  await expect(leaks(page)).toHaveCount(1);
  await leave(page);
});

test("a computer that slept has caught up when it wakes", async ({ openAs, line, browser }) => {
  const page = await openAs("Ana", line.url);
  await openOn(page, line);
  await asleep(browser, async () => {
    await line.cut();
    await line.mend();
    await leak(page);
    // More than the page waits before it gives up a silent connection.
    await go(page, 30);
  });
  await expectState(page, "Live", BACK_MS);
  await expectWhatHappened(page, line, 38);
  await leave(page);
});

/** Nothing on any page moves, timers neither; its time goes on all the same. */
async function asleep(browser: Browser, meanwhile: () => Promise<void>): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  for (const id of renderers) process.kill(id, "SIGSTOP");
  try {
    await meanwhile();
  } finally {
    for (const id of renderers) process.kill(id, "SIGCONT");
  }
}
