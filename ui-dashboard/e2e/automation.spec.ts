import { expect, openLive, signAs, test } from "./journey";

test("an operator pauses automation on any page, everybody sees who and why, and it goes on when it is resumed", async ({ page }) => {
  await signAs(page, "Ana");
  await openLive(page, "/incidents/");
  const banner = page.getByTestId("automation-banner");
  await page.getByRole("button", { name: "Pause automation…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: /Reason/ }).fill("restarts make it worse");
  await dialog.getByRole("button", { name: "Pause automation" }).click();
  await expect(banner).toContainText("Ana did that");
  await expect(banner).toContainText("restarts make it worse");

  await test.step("it holds on other pages, and for who comes later", async () => {
    await openLive(page, "/actions/");
    await expect(banner).toContainText("restarts make it worse");
    for (const approve of await page.getByRole("button", { name: /^Approve:/ }).all()) await expect(approve).toBeDisabled();
  });

  await test.step("it is resumed with a reason", async () => {
    await page.getByRole("button", { name: "Resume automation…" }).click();
    await dialog.getByRole("textbox", { name: /Reason/ }).fill("the cause is known");
    await dialog.getByRole("button", { name: "Resume automation" }).click();
    await expect(page.getByRole("button", { name: "Pause automation…" })).toBeVisible();
    await expect(banner).not.toContainText("paused");
  });
});
