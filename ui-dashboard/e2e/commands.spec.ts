import { expect, openLive, test } from "./journey";

test("everything is a few keys away, and keys belong to who types", async ({ page }) => {
  await openLive(page, "/");
  await page.keyboard.press("g");
  await page.keyboard.press("y");
  await expect(page).toHaveURL(/\/system\/$/);
  for (const name of ["orchestrator", "nats", "postgres", "sim-engine", "agent-service"]) await expect(page.getByTestId(`check-${name}`)).toContainText("ok");

  await test.step("the palette finds a service", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find" }).fill("payment-db");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/topology\/\?service=payment-db$/);
    await expect(page.getByTestId("service-panel")).toBeVisible();
  });

  await test.step("a field keeps its keys; the help is a key away elsewhere", async () => {
    await page.getByRole("button", { name: "Back to the list of services" }).click();
    const field = page.getByRole("searchbox", { name: "Find a service" });
    await field.pressSequentially("go?");
    await expect(field).toHaveValue("go?");
    await field.blur();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });
});
