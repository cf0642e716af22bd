import { expect, openLive, signAs, test } from "./journey";

test("an operator has two people decide on drains, and takes that back", async ({ page }) => {
  await signAs(page, "Ana");
  await openLive(page, "/policies/?edit=true");
  const editor = page.getByTestId("policy-editor");
  await expect(editor).toBeVisible();
  const before = await editor.getByRole("listitem").count();
  await editor.getByRole("button", { name: "Add a policy" }).click();
  const added = editor.getByRole("listitem").nth(before);
  await added.getByRole("textbox", { name: /^Name/ }).fill("journey-drains");
  await added.getByRole("combobox", { name: "Whose yes" }).selectOption({ label: "two people" });
  await added.getByRole("button", { name: "drain node", exact: true }).click();
  await editor.getByRole("button", { name: "Put in force" }).click();
  await expect(page.getByTestId("policy-journey-drains")).toContainText("two people");

  await page.getByRole("button", { name: "Edit" }).click();
  await editor.getByRole("button", { name: "Take journey-drains away" }).click();
  await editor.getByRole("button", { name: "Put in force" }).click();
  await expect(page.getByRole("button", { name: "Edit" })).toBeVisible();
  await expect(page.getByTestId("policy-journey-drains")).toHaveCount(0);
});
