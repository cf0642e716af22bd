import { expect, openLive, signAs, test } from "./journey";

test("an operator writes a rule, sees how often it would have fired, disables it, takes that back, and deletes it", async ({ page }) => {
  const name = `journey_${Date.now()}`;
  await signAs(page, "Ana");
  await openLive(page, "/rules/");
  await page.getByRole("button", { name: "New rule" }).click();
  const editor = page.getByTestId("rule-editor");
  await editor.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await editor.getByRole("combobox", { name: "Metric" }).selectOption("request_rate");
  await expect(editor.getByTestId("firings")).toHaveText(/^[1-9][0-9]* times?$/, { timeout: 60_000 });

  await test.step("a mistake is named before anything is sent", async () => {
    await editor.getByRole("textbox", { name: /^Limit/ }).fill("much");
    await editor.getByRole("button", { name: "Create" }).click();
    await expect(editor.getByRole("alert")).toHaveText("Write a number.");
    await editor.getByRole("textbox", { name: /^Limit/ }).fill("1000000");
    await expect(editor.getByTestId("firings")).toHaveText("0 times", { timeout: 60_000 });
  });

  await test.step("it is created, disabled, and enabled again by taking that back", async () => {
    await editor.getByRole("button", { name: "Create" }).click();
    const line = page.getByTestId(`rule-${name}`);
    await expect(line).toContainText("enabled");
    await line.getByRole("button", { name: `Disable ${name}` }).click();
    await expect(line).toContainText("disabled");
    await page.getByRole("button", { name: "Undo" }).first().click();
    await expect(line).toContainText("enabled");
  });

  await test.step("it is deleted with a reason", async () => {
    await page.goto(`/rules/?rule=${name}`);
    await editor.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: /Reason/ }).fill("the journey is over");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(page.getByTestId(`rule-${name}`)).toHaveCount(0);
  });
});
