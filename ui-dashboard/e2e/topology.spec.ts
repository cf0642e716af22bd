import type { Page } from "@playwright/test";
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

test("a large map is one drawing, on which a service is chosen all the same", async ({ page, request }) => {
  const simulationId = `large-${Date.now()}`;
  const ids = Array.from({ length: 160 }, (_, i) => `service-${String(i).padStart(3, "0")}`);
  const lines = ids.flatMap((id, i) => [
    `  - {id: ${id}, profile: api_server${i === 0 ? ", entry: true" : ""}, calls: [${ids.slice(4 * i + 1, 4 * i + 5).map((to) => `{to: ${to}}`).join(", ")}]}`,
  ]);
  const topology = ["name: large", "zones: [zone-a]", "nodes:", "  - {id: node-1, zone: zone-a, cpu_cores: 640, memory_gb: 2560}", "services:", ...lines].join("\n");
  const scenario = ["description: Many services.", "family: own", "topology: topologies/large.yaml", "traffic:", `  - {service: ${ids[0]}, constant: {rps: 20}}`].join("\n");
  const created = await request.post("/sim.v1.SimulationService/Create", {
    data: { simulationId, bundle: { name: "large", files: { "large.yaml": `${scenario}\n`, "topologies/large.yaml": `${topology}\n` } }, speed: 1, autostart: true },
  });
  expect(created.ok(), await created.text()).toBe(true);
  try {
    await page.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), simulationId);
    await openLive(page, "/topology/");
    await expect(page.getByTestId("map-drawing")).toHaveAttribute("data-services", "160");
    await expect(page.locator(".react-flow__node")).toHaveCount(0);

    const map = page.locator(".react-flow__pane");
    const { width, height } = (await map.boundingBox()) ?? { width: 0, height: 0 };
    // Who is chosen comes into sight when it is not; whoever is, stands where the title says.
    await page.getByRole("searchbox", { name: "Find a service" }).fill("service-100");
    await page.getByRole("list", { name: "Services", exact: true }).getByRole("button", { name: /^service-100/ }).click();
    await expect(page).toHaveURL(/service=service-100/);
    const found = await whereTitled(page, width, height);
    expect(found, "a service under the pointer").toBeDefined();
    await map.click({ position: found });
    await expect(page).toHaveURL(new RegExp(`service=${await map.getAttribute("title")}`));
  } finally {
    await request.post("/sim.v1.SimulationService/Delete", { data: { simulationId } });
  }
});

/** A place on the map at which its title names a service. */
async function whereTitled(page: Page, width: number, height: number) {
  const map = page.locator(".react-flow__pane");
  for (let x = 0.3; x < 0.8; x += 0.05) {
    for (let y = 0.3; y < 0.8; y += 0.1) {
      const position = { x: width * x, y: height * y };
      await map.hover({ position });
      if (/^service-\d+/.test((await map.getAttribute("title")) ?? "")) return position;
    }
  }
  return undefined;
}
