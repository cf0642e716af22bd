import { expect, openLive, signAs, test } from "./journey";

test("an operator has something else done than what is proposed, and it waits for a decision like any other", async ({ page }) => {
  await signAs(page, "Ana");
  await openLive(page, "/");
  await page.getByLabel("Speed").selectOption("1");
  const play = page.getByRole("button", { name: "Play the simulation" });
  if (await play.isVisible()) await play.click();
  await page.getByLabel("Scenario", { exact: true }).selectOption("cascade_failure");
  await page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("link", { name: /^Actions/ }).click();
  const other = page.getByRole("button", { name: /^Do this instead: / }).first();
  await expect(other).toBeVisible({ timeout: 120_000 });
  // What would come of it is read off the curves, too.
  await page.locator(".uplot .u-over").first().hover();
  await expect(page.getByTestId("readings").first()).toContainText(/Do nothing/i);
  const title = ((await other.getAttribute("aria-label")) ?? "").replace("Do this instead: ", "");
  await other.click();
  await expect(page.getByRole("dialog").getByLabel(/Reason/)).toHaveValue(/^Predicted: .* of requests fail or are slow/);
  await page.getByRole("dialog").getByRole("button", { name: "Propose" }).click();
  await expect(page.getByText(`Proposed: ${title}`, { exact: true })).toBeVisible();
  const card = page.getByRole("article", { name: title });
  await expect(card).toContainText("Ana");
  await card.getByRole("button", { name: `Reject: ${title}` }).click();
  await page.getByRole("dialog").getByLabel(/Reason/).fill("only tried out");
  await page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
  await expect(page.getByText("Rejected by Ana: only tried out").first()).toBeVisible();
});
