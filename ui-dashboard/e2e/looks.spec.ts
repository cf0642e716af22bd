import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { call, expect, openLive, signAs, test } from "./journey";
import { readRecording, record, replay } from "./recording";

/**
 * Pictures of the main pages against those under `looks/`. What they show is the same in every run: a simulation with a fixed seed that
 * stands still except when it is told how far to go, and whose time begins at the same instant. What depends on the wall clock is masked.
 */
const FOLDER = join(import.meta.dirname, "looks");
const ID = "looks";
const SCENARIO = "bad_release";
const BEGINNING = Date.UTC(2026, 0, 1, 9, 0, 0);
/** Ticks are 50 ms, and samples are 20 of them apart. */
const SAMPLE_TICKS = 20;
const SAMPLES = 90;

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

declare global {
  interface Window {
    /** Tick of the newest sample that the page was sent. */
    newestSample?: number;
  }
}

/** What other journeys, and the people at this stack, leave behind. */
const ANSWERS: Readonly<Record<string, object>> = {
  // Stored samples come with numbers for times, which nobody moves; the stream brings them all.
  "TelemetryService/Query": {},
  "GameService/List": { games: [] },
  "PolicyService/GetAutomation": {
    automation: { state: "AUTOMATION_STATE_RUNNING", version: "1", changedBy: "the orchestrator", changedAt: "2026-01-01T09:00:00+01:00", reason: "first start" },
    mode: "AUTOMATION_MODE_AUTOMATIC",
    explanation: "Automation runs.",
  },
  "PolicyService/GetPolicies": {
    policies: {
      policies: [
        { name: "two-for-drains", match: { types: ["ACTION_TYPE_DRAIN_NODE"] }, mode: "APPROVAL_MODE_TWO_PERSON", expiryS: 600 },
        { name: "small-restarts", match: { types: ["ACTION_TYPE_RESTART_SERVICE"], maxSeverity: "SEVERITY_HIGH", maxBlastPct: 10, effect: { minHelps: 0.75 } }, mode: "APPROVAL_MODE_AUTO_APPROVE", expiryS: 60 },
      ],
      version: "0",
    },
  },
};

/** The page sees every instant that the server tells as if the run had begun at another one. */
async function moveClock(page: Page, byMs: number): Promise<void> {
  await page.addInitScript((delta) => {
    const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g;
    const moved = (text: string) => text.replaceAll(instant, (at) => new Date(Date.parse(at) + delta).toISOString());
    const original = window.fetch.bind(window);
    let event = "";
    const line = (text: string) => {
      if (text.startsWith("event: ")) event = text.slice(7);
      else if (event === "metrics" && text.startsWith("data: ")) window.newestSample = Number(/"tick":"(\d+)"/.exec(text)?.[1] ?? 0);
      return moved(text);
    };
    const movedStream = (body: ReadableStream<Uint8Array>) => {
      let rest = "";
      const lines = new TransformStream<string, string>({
        transform(chunk, controller) {
          const parts = (rest + chunk).split("\n");
          rest = parts.pop() ?? "";
          if (parts.length > 0) controller.enqueue(`${parts.map(line).join("\n")}\n`);
        },
      });
      return body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).pipeThrough(lines).pipeThrough(new TextEncoderStream());
    };
    window.fetch = async (input, init) => {
      const response = await original(input, init);
      const kind = response.headers.get("content-type") ?? "";
      const { status, headers } = response;
      if (kind.startsWith("text/event-stream") && response.body) return new Response(movedStream(response.body), { status, headers });
      return kind.startsWith("application/json") ? new Response(moved(await response.text()), { status, headers }) : response;
    };
  }, byMs);
}

/** Creates the simulation, opens the page on it, and lets it go on sample by sample, so that the page has seen all of them. */
async function openRun(page: Page): Promise<void> {
  await page.request.post("/sim.v1.SimulationService/Delete", { data: { simulationId: ID } });
  const { simulation } = await call<{ simulation: { state: { startedAt: string } } }>(page, "sim.v1.SimulationService/Create", { simulationId: ID, scenario: SCENARIO, seed: "7" });
  await signAs(page, "Ana");
  await page.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), ID);
  await moveClock(page, BEGINNING - Date.parse(simulation.state.startedAt));
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize(DESK);
  await openLive(page, "/");
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    await call(page, "sim.v1.ControlService/Step", { simulationId: ID, ticks: SAMPLE_TICKS });
    // Of samples that come faster than the page draws, the stream leaves some out.
    await page.waitForFunction((tick) => window.newestSample === tick, sample * SAMPLE_TICKS);
  }
  await expect(page.getByText(/^tick /)).toHaveText(/^tick 1.?800$/);
  await expect(page.getByText(`As of 1 Jan 2026, 09:01:30 sim · scenario ${SCENARIO}`)).toBeVisible();
  await expect(page.locator("main").getByText("1 open", { exact: true })).toBeVisible();
  await expect(page.locator("main").getByText("1 to decide", { exact: true })).toBeVisible();
}

interface Look {
  readonly mask?: readonly Locator[];
  /** To its end, and not only what is in view at first. */
  readonly whole?: boolean;
}

/** In both themes, as wide as the page is now. */
async function compare(page: Page, name: string, { mask = [], whole = false }: Look = {}): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expect.soft(page).toHaveScreenshot(`${name}-${colorScheme}.png`, { mask: [...mask], fullPage: whole });
  }
}

/** Where a PNG says how its colours are written, and that they are in a palette. */
const [COLOURS_AT, PALETTE] = [25, 3];

/** New pictures of flat colours keep what they show in a third of the size. */
async function shrink(): Promise<void> {
  const { default: sharp } = await import("sharp");
  for (const name of await readdir(FOLDER)) {
    const path = join(FOLDER, name);
    const picture = name.endsWith(".png") ? await readFile(path) : undefined;
    if (picture && picture[COLOURS_AT] !== PALETTE) await writeFile(path, await sharp(picture).png({ palette: true, dither: 0, effort: 10 }).toBuffer());
  }
}

test.afterAll(async ({}, { config }) => {
  if (config.updateSnapshots === "all" || config.updateSnapshots === "changed") await shrink();
});

/** By the menu: what the page has seen goes along. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.locator(`aside a[href="${path}"]`).click();
  await expect(page).toHaveURL(new RegExp(`${path}$`));
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
}

test("the pages look as they did", async ({ page }) => {
  test.setTimeout(300_000);
  page.setDefaultTimeout(15_000);
  for (const [method, json] of Object.entries(ANSWERS)) await page.route(`**/ops.v1.${method}`, (route) => route.fulfill({ json }));
  // As they were once: they are published anew more often than the pages change.
  for (const report of ["leaderboard", "benchmark", "grades"]) await page.route(`**/reports/${report}.json`, (route) => route.fulfill({ path: join(FOLDER, `reports/${report}.json`) }));
  await openRun(page);

  await test.step("overview", async () => {
    const expiry = page.getByText(/^expires in /);
    await compare(page, "overview", { mask: [expiry] });
    await page.setViewportSize(PHONE);
    await compare(page, "overview-phone", { mask: [expiry] });
    await page.setViewportSize(DESK);
  });

  await test.step("incidents", async () => {
    await goTo(page, "/incidents/");
    await compare(page, "incidents");
    await page.setViewportSize(PHONE);
    await compare(page, "incidents-phone");
    await page.setViewportSize(DESK);
  });

  await test.step("topology", async () => {
    await goTo(page, "/topology/");
    await expect(page.locator(".react-flow__node")).toHaveCount(19);
    await compare(page, "topology");
  });

  await test.step("simulation", async () => {
    await goTo(page, "/simulation/");
    const facts = ["Run", "Telemetry hash", "Telemetry not stored yet"].map((name) => page.locator("dt", { hasText: new RegExp(`^${name}$`) }).locator("xpath=following-sibling::dd"));
    await compare(page, "simulation", { mask: facts });
  });

  await test.step("rules", async () => {
    await goTo(page, "/rules/");
    await compare(page, "rules");
  });

  await test.step("policies", async () => {
    await goTo(page, "/policies/");
    await compare(page, "policies");
  });

  await test.step("leaderboard", async () => {
    await goTo(page, "/leaderboard/");
    await compare(page, "leaderboard");
  });

  await test.step("grades", async () => {
    await goTo(page, "/grades/");
    await compare(page, "grades");
  });

  await test.step("editor", async () => {
    await openLive(page, `/topology/edit/?scenario=${SCENARIO}`);
    await expect(page.getByTestId("editor-status")).toContainText("The engine would take it");
    await expect(page.locator(".react-flow__node")).toHaveCount(19);
    await expect(page.locator("[data-sonner-toast]")).toHaveCount(0);
    await compare(page, "editor");
    await page.getByRole("button", { name: "Traffic and scenario" }).click();
    await compare(page, "editor-timeline");
  });

  await call(page, "sim.v1.SimulationService/Delete", { simulationId: ID });
});

/** Once recorded in a run of cascade_failure: an incident that somebody has acknowledged, a proposal that was rejected, and another that waits. */
const STORY = join(FOLDER, "answers/cascade_failure.json");
const STORY_ID = "story";

test.describe("decisions", () => {
  test.use({ timezoneId: "Europe/Berlin" });

  test("the pages on which decisions are made look as they did", async ({ page, baseURL }) => {
    await signAs(page, "Ana");
    await page.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), STORY_ID);
    if (process.env.RECORD) await recordStory(page, baseURL ?? "");
    await replay(page, await readRecording(STORY));

    await test.step("actions", async () => {
      await openActions(page);
      await compare(page, "actions", { whole: true });
      await page.setViewportSize(PHONE);
      await compare(page, "actions-phone", { whole: true });
      await page.setViewportSize(DESK);
    });

    await test.step("an incident", async () => {
      await openIncident(page);
      await compare(page, "incident", { whole: true });
    });
  });
});

async function openActions(page: Page): Promise<void> {
  await openLive(page, "/actions/");
  await expect(page.getByText(/futures? of chance, seen from/).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator("main .uplot canvas")).toHaveCount(2);
}

/** The first of the feed: what the others are symptoms of. */
async function openIncident(page: Page): Promise<void> {
  await goTo(page, "/incidents/");
  await page.locator('main [data-testid^="incident-"] > a').first().click();
  await expect(page.getByTestId("incident-detail")).toBeVisible();
  await expect(page.getByText(/futures? of chance, seen from/).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator("main .uplot canvas").nth(2)).toBeVisible();
  await expect(page.locator("main [aria-busy=true]")).toHaveCount(0);
}

async function recordStory(page: Page, base: string): Promise<void> {
  const id = { simulationId: STORY_ID };
  const go = (ticks: number) => call(page, "sim.v1.ControlService/Step", { ...id, ticks });
  const goOn = async (samples: number) => {
    for (let sample = 0; sample < samples; sample += 1) {
      await go(SAMPLE_TICKS);
      await page.waitForTimeout(300);
    }
  };
  const pending = async () => (await call<{ actions?: { id: string; incidentId: string }[] }>(page, "ops.v1.ActionService/ListPendingActions", id)).actions?.[0];
  await page.request.post("/sim.v1.SimulationService/Delete", { data: id });
  await call(page, "sim.v1.SimulationService/Create", { ...id, scenario: "cascade_failure", seed: "7" });
  while (!(await pending())) await goOn(1);
  const { incidentId } = (await pending()) ?? {};
  const { action } = await call<{ action: { id: string } }>(page, "ops.v1.ActionService/ProposeAction", { incidentId, type: "ACTION_TYPE_SCALE_UP", targetId: "checkout", replicas: 2, reason: "more of them answer more", operator: "Ben" });
  await call(page, "ops.v1.ActionService/RejectAction", { actionId: action.id, operator: "Cleo", reason: "checkout only waits for payment" });
  await goOn(30);
  const { incidents } = await call<{ incidents: { id: string; symptomOf?: string }[] }>(page, "ops.v1.IncidentService/List", id);
  for (const { id: incidentId } of incidents) await call(page, "ops.v1.IncidentService/Acknowledge", { incidentId, operator: "Ben" });
  const lead = incidents.find(({ symptomOf }) => !symptomOf)?.id;
  await call(page, "ops.v1.IncidentService/AddNote", { incidentId: lead, operator: "Ben", text: "payment fills its memory since the release of this morning" });
  await record(page, base, STORY_ID, STORY, async () => {
    await openActions(page);
    await openIncident(page);
  });
  await page.request.post("/sim.v1.SimulationService/Delete", { data: id });
}
