import { expect, openLive, test } from "./journey";

test("any metric can be looked at over stored time, alone and closer, and taken along", async ({ page }) => {
  await openLive(page, "/explore/?metric=request_rate");
  const chart = page.getByRole("img", { name: /^Request rate\. Highest: / });
  await expect(chart.locator("canvas")).toBeVisible();
  await page.getByRole("combobox", { name: "Metric" }).selectOption("cpu_usage");
  await page.getByRole("button", { name: "Nodes" }).click();
  await page.getByRole("table").first().getByRole("button", { name: /^node-/ }).first().click();
  await expect(page).toHaveURL(/metric=cpu_usage.*kind=node.*ids=/);
  await page.reload();
  await expect(page.getByRole("img", { name: /^CPU\. Highest: / }).locator("canvas")).toBeVisible();
  await expect(page.getByRole("table").first().getByRole("rowheader")).toHaveCount(1);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toBe("cpu_usage.csv");
});
