import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, expectState, openLive, signAs, test } from "./journey";
import { readRecording, type Recording, replay } from "./recording";

/** What a stack once told, spoilt in one way a test. */
const STORY = join(import.meta.dirname, "looks/answers/cascade_failure.json");
const MARKUP = "<img src=x onerror=alert(1)>";
const LONG = `payment-${"of-the-north-".repeat(12)}end`;
const AN_HOUR_MS = 3_600_000;
const SYMPTOMS = 300;
const WIDTHS = [1440, 390];

interface Incident {
  readonly id: string;
  readonly symptomOf?: string;
}

const change = <T extends object>(value: T, how: (text: string) => string) => JSON.parse(how(JSON.stringify(value))) as T;

async function open(page: Page, recording: Recording, path: string, ...circumstances: Parameters<typeof replay>[2][]): Promise<void> {
  await signAs(page, "Ana");
  await page.addInitScript(() => sessionStorage.setItem("microcloud.simulation", "story"));
  await replay(page, recording, ...circumstances);
  await openLive(page, path);
}

async function expectToFit(page: Page, path: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: `${path} at ${width} px` }).toBeLessThanOrEqual(width);
  }
}

test("names with markup are text, and very long ones fit", async ({ page }) => {
  page.on("dialog", () => {
    throw new Error("the markup was run");
  });
  const story = change(await readRecording(STORY), (text) => text.replaceAll(/\bcheckout\b/g, MARKUP).replaceAll(/\bpayment\b(?!-db)/g, LONG));
  const lead = (story.snapshot as { openIncidents: Incident[] }).openIncidents.find(({ symptomOf }) => !symptomOf);
  await open(page, story, "/");
  for (const path of ["/", "/topology/", `/topology/?service=${encodeURIComponent(MARKUP)}`, `/topology/?service=${LONG}`, "/topology/?view=nodes", "/incidents/", `/incidents/?id=${lead?.id}`, "/actions/", "/explore/", "/simulation/"]) {
    await page.goto(path);
    await expectState(page, "Live");
    await expect(page.locator("main")).toContainText(path === "/simulation/" ? "Scenarios" : LONG);
    await expect(page.locator('img[src="x"]')).toHaveCount(0);
    await expectToFit(page, path);
  }
});

test("an incident with hundreds of symptoms can be read", async ({ page }) => {
  const recorded = await readRecording(STORY);
  const { openIncidents } = recorded.snapshot as { openIncidents: Incident[] };
  const lead = openIncidents.find(({ symptomOf }) => !symptomOf);
  const some = openIncidents.find(({ symptomOf }) => symptomOf);
  const symptoms = Array.from({ length: SYMPTOMS }, (_, i) => ({ ...some, id: `00000000-0000-5000-8000-${String(i).padStart(12, "0")}`, title: `symptom ${i}` }));
  const many = change(recorded, (text) => text.replaceAll(/"symptoms":\d+,"openSymptoms":\d+|"openSymptoms":\d+,"symptoms":\d+/g, `"symptoms":${SYMPTOMS},"openSymptoms":${SYMPTOMS}`));
  const story: Recording = {
    ...many,
    snapshot: { ...many.snapshot, openIncidents: [...symptoms, ...(many.snapshot as { openIncidents: Incident[] }).openIncidents.filter(({ symptomOf }) => !symptomOf)] },
    answers: many.answers.map((one) => (JSON.stringify(one.asked).includes('"symptomOf"') ? { ...one, answer: { incidents: symptoms.slice(0, 200), nextPageToken: "more" } } : one)),
  };
  await open(page, story, "/incidents/");
  await expect(page.getByText(new RegExp(`^${SYMPTOMS} symptoms`)).first()).toBeVisible();
  await expectToFit(page, "/incidents/");
  await page.goto(`/incidents/?id=${lead?.id}`);
  await expect(page.getByTestId("incident-detail")).toBeVisible();
  await expect(page.getByText(new RegExp(`^${SYMPTOMS} symptoms`)).first()).toBeVisible();
  await expect(page.getByText("symptom 199", { exact: true })).toBeVisible();
  await expectToFit(page, "an incident");
  await page.goto("/");
  await expect(page.getByTestId("headline")).toBeVisible();
  await expectToFit(page, "/");
});

for (const [words, aheadMs] of [["behind", -AN_HOUR_MS], ["ahead of", AN_HOUR_MS]] as const) {
  test(`a browser whose clock is an hour ${words} the server's counts by the server's`, async ({ page }) => {
    const story = await readRecording(STORY);
    const { pendingActions } = story.snapshot as { pendingActions: { expiresAt: string }[] };
    const left = Math.floor((Date.parse(pendingActions[0]?.expiresAt ?? "") - Date.parse(story.at)) / 1_000);
    await open(page, story, "/actions/", { aheadMs });
    await expect(page.getByText(new RegExp(`^expires in ${Math.floor(left / 60)}:\\d\\d$`))).toBeVisible();
    await expect(page.getByRole("button", { name: /^Approve: / })).toBeEnabled();
    await page.getByTestId("connection").filter({ visible: true }).click();
    await expect(page.getByRole("dialog")).toContainText(`This machine's clock is 1 h 00 min ${words} the server's. Countdowns follow the server.`);
  });
}

test("events that cannot be read are skipped and counted, and the next one is shown", async ({ page }) => {
  const story = await readRecording(STORY);
  const event = (id: string, message: string) => `id: 1-2\nevent: event\ndata: ${JSON.stringify({ id, simulationId: "story", tick: "861", kind: "SIMULATION_EVENT_KIND_FAULT_STARTED", message })}\n\n`;
  const broken = ['event: incident\ndata: {"id":\n\n', 'event: action\ndata: {"version":"many"}\n\n', "event: metrics\ndata: []\n\n", `event: event\ndata: "${"x".repeat(1_000_000)}"\n\n`];
  const strange = "event: weather\ndata: it rains\n\n\n\n: a comment\n\ndata\n\n";
  await open(page, story, "/", { more: `${event("a", "before it")}${broken.join("")}${strange}${event("b", "after it")}` });
  for (const message of ["before it", "after it"]) await expect(page.getByRole("listitem").filter({ hasText: message })).toHaveCount(1);
  await page.getByTestId("connection").filter({ visible: true }).click();
  const details = page.getByRole("dialog");
  await expect(details).toContainText(`${broken.length} events could not be read and were skipped.`);
  expect((await details.innerText()).length, "characters of the last problem").toBeLessThan(600);
  await expectToFit(page, "/");
});

test("when the engine stops in the middle of the stream, the page says so and keeps what it knew", async ({ page }) => {
  const story = await readRecording(STORY);
  const silent = `event: heartbeat\ndata: ${JSON.stringify({ ...story.heartbeat, state: undefined })}\n\n`;
  await signAs(page, "Ana");
  await page.addInitScript(() => sessionStorage.setItem("microcloud.simulation", "story"));
  await replay(page, { ...story, heartbeat: { ...story.heartbeat, state: undefined } }, { more: silent });
  await page.goto("/");
  await expectState(page, "Stale");
  await expect(page.getByTestId("headline")).toHaveText(/^Last known: /);
  await expect(page.getByRole("status").filter({ hasText: "The simulation engine has been silent for more than 5 s." })).toBeVisible();
  await expect(page.getByRole("region", { name: "Golden signals" })).not.toContainText("no data");
  await page.goto("/actions/");
  await expect(page.getByRole("button", { name: /^Approve: / })).toBeVisible();
});
