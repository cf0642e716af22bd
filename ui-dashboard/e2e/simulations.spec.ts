import { expect, openLive, signAs, test } from "./journey";

test("a simulation is created, forked, recorded, restored and deleted", async ({ page }) => {
  const id = `journey-${Date.now()}`;
  await signAs(page, "Ana");
  await openLive(page, "/simulations/?add=new");
  const line = (of: string) => page.getByTestId(`simulation-${of}`);
  const remove = async (of: string) => {
    await line(of).getByRole("button", { name: `Delete ${of}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(line(of)).toHaveCount(0);
  };
  const form = page.getByRole("region", { name: "New simulation" });
  await form.getByRole("combobox", { name: /^Scenario/ }).selectOption("payday");
  await form.getByRole("textbox", { name: /^Id/ }).fill(id);
  await form.getByRole("button", { name: "Create" }).click();
  await expect(line(id)).toContainText("running");

  await test.step("it is paused, and goes on", async () => {
    await line(id).getByRole("button", { name: `Pause ${id}` }).click();
    await expect(line(id)).toContainText("paused");
    await line(id).getByRole("button", { name: `Start ${id}` }).click();
    await expect(line(id)).toContainText("running");
  });

  await test.step("a fork says where it comes from", async () => {
    await line(id).getByRole("button", { name: `Fork ${id}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Fork", exact: true }).click();
    await expect(line(`${id}-fork`)).toContainText(`${id}, tick`);
    await remove(`${id}-fork`);
  });

  await test.step("a recording of it is restored", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), line(id).getByRole("button", { name: `Save a recording of ${id}` }).click()]);
    expect(download.suggestedFilename()).toBe(`${id}.mcr`);
    await page.getByRole("button", { name: "Restore" }).click();
    const restore = page.getByRole("region", { name: "Restore a recording" });
    await restore.getByLabel(/^Recording/).setInputFiles(await download.path());
    await restore.getByRole("textbox", { name: /^Id/ }).fill(`${id}-again`);
    await restore.getByRole("button", { name: "Restore" }).click();
    await expect(line(`${id}-again`)).toContainText("running");
    await remove(`${id}-again`);
  });

  await remove(id);
});

test("a fault is injected into what was clicked on the map, marked there, and cleared", async ({ page }) => {
  await openLive(page, "/topology/?service=recommendation");
  const panel = page.getByTestId("service-panel");
  await panel.getByRole("button", { name: "Inject a fault…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Kind/).selectOption("slow_dependency");
  await dialog.getByRole("textbox", { name: /^Severity/ }).fill("0.05");
  await dialog.getByRole("button", { name: "Inject", exact: true }).click();
  await expect(page.locator('.react-flow__node[data-id="recommendation"]').getByLabel(/^fault in force: slow_dependency/)).toBeVisible();
  await panel.getByRole("button", { name: "Clear slow_dependency on recommendation" }).click();
  await expect(panel.getByText(/slow_dependency/)).toHaveCount(0);
});
