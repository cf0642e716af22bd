import { expect, openLive, test } from "./journey";

test("grades and the leaderboard are those of the build, with words beside the numbers", async ({ page }) => {
  await openLive(page, "/grades/");
  await expect(page.getByRole("region", { name: "Grades, by rule" }).getByRole("rowheader").first()).toBeVisible();
  await page.getByRole("button", { name: "By family" }).click();
  await expect(page).toHaveURL(/by=families/);
  await expect(page.getByRole("region", { name: "Grades, by family" }).getByRole("columnheader", { name: "Root cause first" })).toBeVisible();
  await openLive(page, "/leaderboard/?by=scenarios");
  await expect(page.getByTestId("agent-rules")).toContainText("the agent that ships");
  await expect(page.getByRole("region", { name: "The agent that ships, by scenario" }).getByRole("rowheader").first()).toBeVisible();
});
