import { expect, openLive, test } from "./journey";

test("the map shows every service, and the list beside it walks it by keyboard", async ({ page }) => {
  await openLive(page, "/topology/");
  await expect(page.locator(".react-flow__node", { hasText: "checkout" })).toBeVisible();
  const list = page.getByRole("list", { name: "Services", exact: true });
  await expect(list.getByRole("button")).toHaveCount(await page.locator(".react-flow__node").count());

  await test.step("a service opens down to its replicas, and the URL says so", async () => {
    await list.getByRole("button").first().focus();
    await page.keyboard.press("ArrowDown");
    await expect(list.getByRole("button").nth(1)).toBeFocused();
    await page.getByRole("searchbox", { name: "Find a service" }).fill("payment-db");
    await list.getByRole("button", { name: /^payment-db/ }).press("Enter");
    await expect(page).toHaveURL(/service=payment-db/);
    await expect(page.getByTestId("service-panel").getByText("#0")).toBeVisible();
  });

  await test.step("nodes and zones are another view of the same", async () => {
    await page.getByRole("button", { name: "Nodes and zones" }).click();
    await page.reload();
    await expect(page.getByTestId("zones").getByRole("button", { name: /^payment-db/, pressed: true })).toBeVisible();
  });
});
