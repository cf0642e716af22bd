import type { Page } from "@playwright/test";
import { expect, openLive, signAs, test } from "./journey";

/** Ticks are 50 ms: two simulated minutes. */
const TWO_MINUTES = 2_400;

async function call(page: Page, method: string, data: object): Promise<{ readonly simulation?: { readonly state?: { readonly tick?: string } } }> {
  const answer = await page.request.post(`/sim.v1.SimulationService/${method}`, { data });
  expect(answer.ok(), `${method}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as Awaited<ReturnType<typeof call>>;
}

/** Lets a simulation run at least so far, and stand still there. */
async function runTo(page: Page, simulationId: string, tick: number): Promise<void> {
  await expect.poll(async () => Number((await call(page, "Get", { simulationId })).simulation?.state?.tick ?? 0), { timeout: 90_000 }).toBeGreaterThan(tick);
  await call(page, "Pause", { simulationId });
}

test("a run is scrubbed back, left at an earlier moment, treated differently there, and compared with what became of it", async ({ page }) => {
  const [id, branch] = [`past-${Date.now()}`, `branch-${Date.now()}`];
  await signAs(page, "Ana");
  await call(page, "Create", { simulationId: id, scenario: "cascade_failure", speed: 50, autostart: true });
  await runTo(page, id, TWO_MINUTES);
  await openLive(page, "/simulations/");
  await page.getByRole("button", { name: `Show ${id} in this tab` }).click();
  await expect(page.getByTestId(`simulation-${id}`)).toContainText("shown here");

  const moment = page.getByRole("slider", { name: "Moment of the run" });
  const banner = page.getByTestId("moment-banner");
  await test.step("the past is walked by keys, by pressing, and from event to event", async () => {
    await page.getByRole("link", { name: "Time travel", exact: true }).click();
    await expect(banner).toContainText("You are looking at the latest sample");
    await moment.focus();
    await page.keyboard.press("Home");
    await expect(moment).toHaveAttribute("aria-valuetext", /^0:01 of /);
    await expect(banner).toContainText("You are looking at 0:01 of this run");
    await page.keyboard.press("PageUp");
    await expect(moment).toHaveAttribute("aria-valuetext", /^0:11 of /);
    await page.getByRole("button", { name: "Event before" }).click();
    await expect(page.getByRole("region", { name: `Events of ${id} before the moment` })).toContainText("memory_leak began on service payment");
    const map = page.getByTestId(`past-map-${id}`);
    await expect(map.locator('.react-flow__node[data-id="payment"]').getByLabel(/^fault in force: memory_leak/)).toBeVisible();
    const box = await moment.boundingBox();
    if (!box) throw new Error("the timeline has no place");
    await page.mouse.click(box.x + box.width / 4, box.y + box.height / 2);
    const quarter = Number(await moment.getAttribute("aria-valuemax")) / 4;
    await expect.poll(async () => Math.abs(Number(await moment.getAttribute("aria-valuenow")) - quarter)).toBeLessThan(20);
    await expect(page).toHaveURL(/[?&]at=\d+/);
  });

  await test.step("it plays", async () => {
    const before = Number(await moment.getAttribute("aria-valuenow"));
    await page.getByRole("button", { name: "16×", exact: true }).click();
    await page.getByRole("button", { name: "Play the past" }).click();
    await expect.poll(async () => Number(await moment.getAttribute("aria-valuenow"))).toBeGreaterThan(before + 200);
    await page.getByRole("button", { name: "Pause playback" }).click();
  });

  await test.step("a link leads to the same moment of a part of the run", async () => {
    await page.goto("/replay/?at=800&from=400&to=1400");
    await expect(moment).toHaveAttribute("aria-valuetext", /^0:40 of 1:10$/);
    await expect(page.getByRole("img", { name: /^p99 at the worst door\. Highest: / }).locator("canvas")).toBeVisible();
  });

  await test.step("a branch leaves the run there, and something else is done in it", async () => {
    await page.getByRole("button", { name: "Branch here…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: /^Id/ }).fill(branch);
    await dialog.getByLabel("Its clock runs at once").uncheck();
    await dialog.getByRole("button", { name: "Branch here" }).click();
    await dialog.getByRole("button", { name: "Work in the branch" }).click();
    await expect(page).toHaveURL(/\/topology\/$/);
    await openLive(page, "/topology/?service=cdn");
    await page.getByTestId("service-panel").getByRole("button", { name: "Inject a fault…" }).click();
    await page.getByRole("dialog").getByLabel(/^Kind/).selectOption("cpu_hog");
    await page.getByRole("dialog").getByRole("textbox", { name: /^Severity/ }).fill("0.9");
    await page.getByRole("dialog").getByRole("button", { name: "Inject", exact: true }).click();
    await expect(page.getByTestId("service-panel").getByText(/^cpu_hog, severity 0.9/)).toBeVisible();
    await call(page, "Start", { simulationId: branch });
    await page.getByLabel("Speed").selectOption("50");
    await runTo(page, branch, TWO_MINUTES);
  });

  await test.step("both stand side by side from where they part", async () => {
    await page.getByRole("link", { name: "Time travel", exact: true }).click();
    await page.getByRole("combobox", { name: "Compare with" }).selectOption(id);
    const table = page.getByTestId("comparison");
    await expect(table).toContainText("from 0:40 to 2:");
    await expect(table.getByRole("columnheader")).toHaveText(["What users got", branch, id, "Difference"]);
    await expect(table.getByRole("row", { name: /^Of those unanswered or failed/ })).not.toContainText("no data");
    await expect(page.getByText("the runs part at 0:40")).toBeVisible();
    for (const run of [id, branch]) await expect(page.getByTestId(`past-map-${run}`).locator('.react-flow__node[data-id="payment"]')).toBeVisible();
    await expect(page.getByRole("region", { name: `Events of ${branch} before the moment` })).toContainText("cpu_hog began on service cdn");
    await expect(page.getByRole("region", { name: `Events of ${id} before the moment` })).not.toContainText("cpu_hog");
    await page.goto(`/replay/?with=${id}&at=1600`);
    await expect(banner).toContainText("You are looking at 1:20 of this run");
    await expect(table).toContainText("from 0:40 to 2:");
  });

  for (const simulationId of [branch, id]) await call(page, "Delete", { simulationId });
});
