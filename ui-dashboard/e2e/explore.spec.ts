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

test("a chart tells the values under the pointer, and a drag looks closer", async ({ page }) => {
  await openLive(page, "/explore/?metric=cpu_usage");
  const plot = page.locator(".uplot .u-over");
  const readings = page.getByTestId("readings");
  const over = (share: number) =>
    // While newer values come the chart is made anew, and for an instant there is none.
    expect(async () => {
      const box = await plot.boundingBox();
      if (!box) throw new Error("there is no chart");
      await page.mouse.move(box.x + box.width * share, box.y + box.height / 2, { steps: 5 });
    }).toPass();
  const when = async () => (await readings.locator("p").first().innerText()).trim();

  await expect(plot).toBeVisible();
  await over(0.5);
  await expect(readings).toContainText(/^\d\d:\d\d:\d\d sim/);
  await expect(readings).toContainText(/\d\s*%/);
  // The chart is made anew with newer values; what is read stays.
  await plot.evaluate((chart) => chart.setAttribute("data-earlier", ""));
  await expect(page.locator("[data-earlier]")).toHaveCount(0);
  await expect(plot).toBeVisible();
  await expect(readings).toContainText(/\d\s*%/);
  const early = await when();
  await over(0.8);
  await expect.poll(when).not.toBe(early);

  await over(0.4);
  const from = await when();
  await page.mouse.down();
  await over(0.7);
  const to = await when();
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d+&to=\d+/);
  await expect(page.getByRole("button", { name: "Latest" })).toBeVisible();
  await over(0.5);
  await expect.poll(async () => from <= (await when()) && (await when()) <= to, { message: `between ${from} and ${to}` }).toBe(true);
  await page.mouse.move(0, 0);
  await expect(readings).toHaveCount(0);
});
