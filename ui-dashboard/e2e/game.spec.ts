import { expect, openLive, signAs, test } from "./journey";

test("a game is played blind, given up, and scored beside nobody, the agent and the best", async ({ page }) => {
  await signAs(page, "Ana");
  await openLive(page, "/game/");
  const begin = page.getByRole("region", { name: "Begin a game" });
  await begin.getByLabel("Difficulty").selectOption({ label: "1 of 5" });
  await begin.getByLabel("Speed").selectOption({ label: "10×" });
  await begin.getByRole("button", { name: "Begin", exact: true }).click();
  const bar = page.getByTestId("game-bar");
  await expect(bar).toContainText(/Game day: \d+:\d\d of \d+:\d\d, Ana/, { timeout: 30_000 });
  await expect(page.getByRole("combobox", { name: "Scenario", exact: true })).toHaveCount(0);

  // Past the onset of every scenario of that difficulty: nothing tells what it is.
  await expect(page.getByTestId("headline")).toHaveAttribute("data-level", /degraded|critical/, { timeout: 90_000 });
  await page.getByRole("link", { name: "Simulation", exact: true }).click();
  await expect(page.getByText(/faults are not shown until it is finished/).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Scenarios" })).toHaveCount(0);

  await bar.getByRole("button", { name: "Give up…" }).click();
  await page.getByRole("button", { name: "End and score it" }).click();
  await expect(page.getByTestId("game-score")).toContainText("of 100", { timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Results of every player" }).getByRole("rowheader")).toHaveText(["Ana", "Nobody", "The agent", "The best in hindsight"]);
  await expect(bar).toHaveCount(0);
  await page.getByRole("link", { name: "What the numbers mean" }).click();
  await expect(page.getByRole("region", { name: "What the numbers mean" })).toBeInViewport();
  await expect(page.getByTestId("player-Ana")).toBeVisible();

  await page.goBack();
  await page.getByRole("button", { name: "Watch The best in hindsight" }).click();
  await expect(page).toHaveURL(/\/replay\/\?with=replay-/, { timeout: 60_000 });
  await expect(page.getByTestId("moment-banner")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId("comparison").getByRole("columnheader")).toHaveText(["What users got", /: oracle$/, /: Ana$/, "Difference"], { timeout: 30_000 });
});

test("a drill notices by itself what was done", async ({ page }) => {
  await signAs(page, "Ben");
  await openLive(page, "/game/");
  await page.getByRole("button", { name: "Begin the drill: Heal the cause, not the symptom" }).click();
  const step = page.getByTestId("drill-step");
  await expect(step).toContainText("Open the incident", { timeout: 30_000 });
  await step.getByRole("link").click();
  await page.locator('[data-testid^="incident-"] > a').first().click({ timeout: 60_000 });
  await expect(step).toContainText("Find the cause on the map");
  await page.getByRole("link", { name: "On the map", exact: true }).first().click();
  await expect(step).not.toContainText("Find the cause on the map");
  await page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("link", { name: /^Actions/ }).click();
  // The card looks ahead by itself; who approves at once has passed that step over.
  await expect(step).toContainText("Approve the restart of payment", { timeout: 60_000 });
  await page.getByRole("button", { name: "Approve: Restart payment" }).click({ timeout: 60_000 });
  await expect(step).toContainText("Every step is done.", { timeout: 120_000 });
  await page.getByTestId("game-bar").getByRole("button", { name: "End the drill…" }).click();
  await page.getByRole("button", { name: "End and score it" }).click();
  await expect(page.getByTestId("game-score")).toBeVisible({ timeout: 60_000 });
});
