import { expect, openLive, test } from "./journey";

test("a question is chosen, changed, drawn, taken along, and sent as a link", async ({ page }) => {
  await openLive(page, "/sql/");
  await page.getByLabel("Questions").selectOption("How far does the stored telemetry reach?");
  await expect(page.getByTestId("sql-result")).toContainText("default");
  const editor = page.getByRole("textbox", { name: "SQL statement" });
  await editor.fill("select time, service_id, metric_value from metrics where metric_name = 'cpu_usage' and service_id <> '' order by time desc limit 200");
  await editor.press("Control+Enter");
  await expect(page.getByText(/^Rows 1 to 100 of 200$/)).toBeVisible();
  await page.getByTestId("sql-result").getByRole("button", { name: "Chart" }).click();
  await expect(page.getByRole("img", { name: /^metric_value\. Highest: / }).locator("canvas")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toBe("result.csv");
  await page.reload();
  await expect(editor).toHaveValue(/cpu_usage/);
  await expect(page.getByRole("img", { name: /^metric_value/ })).toBeVisible();
});

for (const [statement, words] of [
  ["delete from metrics", "It was not run: here everything can be read and nothing changed."],
  ["select titel from incidents", "PostgreSQL does not understand it."],
  ["select pg_sleep(60)", "It took too long and was stopped."],
] as const) {
  test(`says kindly what happened to: ${statement}`, async ({ page }) => {
    await openLive(page, "/sql/");
    await page.getByRole("textbox", { name: "SQL statement" }).fill(statement);
    await page.getByRole("button", { name: "Run" }).click();
    await expect(page.getByText(words)).toBeVisible({ timeout: 30_000 });
  });
}
