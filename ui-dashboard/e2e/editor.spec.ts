import { expect, openLive, signAs, test } from "./journey";

const node = (id: string) => `.react-flow__node[data-id="${id}"]`;

test("a cloud is drawn, checked while it is drawn, kept over a reload, and simulated", async ({ page }) => {
  const name = `journey_${Date.now()}`;
  await signAs(page, "Ana");
  await openLive(page, "/topology/edit/");
  await page.getByRole("button", { name: /^Three tiers/ }).click();
  const status = page.getByTestId("editor-status");
  await expect(status).toContainText("The engine would take it");
  await expect(page.locator(".react-flow__node")).toHaveCount(4);

  await test.step("a service from the palette is connected by dragging", async () => {
    await page.getByRole("button", { name: "Add: message queue" }).dragTo(page.locator(".react-flow__pane"), { targetPosition: { x: 90, y: 120 } });
    await expect(page.getByTestId("service-inspector")).toContainText("message-queue");
    await page.locator(`${node("api")} .react-flow__handle.source`).dragTo(page.locator(`${node("message-queue")} .react-flow__handle.target`));
    const call = page.getByRole("region", { name: "Call from api to message-queue" });
    // The box shows what the draft says once it has been read again.
    await call.getByLabel(/asynchronous/).click();
    await expect(call.getByLabel(/asynchronous/)).toBeChecked();
    await expect(status).toContainText("5 services, 7 replicas, 4 calls, 2 nodes");
  });

  await test.step("a circle cannot be drawn", async () => {
    await page.locator(`${node("message-queue")} .react-flow__handle.source`).dragTo(page.locator(`${node("balancer")} .react-flow__handle.target`));
    await expect(page.getByText("message-queue cannot call balancer")).toBeVisible();
  });

  await test.step("what the engine would refuse stands on what it is about, until it is taken back", async () => {
    await page.locator(node("db")).click();
    const inspector = page.getByTestId("service-inspector");
    await inspector.getByLabel("Memory, GiB", { exact: true }).fill("500");
    await expect(inspector).toContainText("find no room");
    await expect(page.getByRole("button", { name: "Simulate…" })).toBeDisabled();
    await page.locator("header").first().click();
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(status).toContainText("The engine would take it");
  });

  await test.step("a service is deleted by key, and had back", async () => {
    await page.locator(node("cache")).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Delete");
    await expect(page.locator(".react-flow__node")).toHaveCount(4);
    await page.keyboard.press("Control+z");
    await expect(page.locator(".react-flow__node")).toHaveCount(5);
    await page.keyboard.press("Control+Shift+z");
    await expect(page.locator(".react-flow__node")).toHaveCount(4);
    await page.keyboard.press("Control+z");
  });

  await test.step("it gets a name and a fault, and survives a reload", async () => {
    await page.getByRole("button", { name: "Traffic and scenario" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill(name);
    await page.keyboard.press("Enter");
    const timeline = page.getByRole("region", { name: "Timeline" });
    await timeline.getByRole("button", { name: "Add a fault" }).click();
    const fault = timeline.getByRole("group").first();
    await fault.getByRole("combobox", { name: /^What/ }).selectOption("slow_dependency");
    await fault.getByRole("combobox", { name: /^Strikes/ }).selectOption("message-queue");
    await fault.getByRole("textbox", { name: /^Severity/ }).fill("0.05");
    await fault.getByRole("textbox", { name: /^When/ }).fill("1");
    await page.keyboard.press("Enter");
    await expect(timeline.getByRole("group", { name: "0:01 · slow_dependency on message-queue" })).toBeVisible();
    await expect(status).toContainText("Kept in this browser");
    await page.reload();
    await expect(page.getByRole("heading", { name })).toBeVisible();
    await expect(status).toContainText("5 services, 7 replicas, 4 calls, 2 nodes");
  });

  await test.step("it runs as a simulation of its own, which is deleted again", async () => {
    await page.getByRole("button", { name: "Simulate…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Start it" }).click();
    await expect(page).toHaveURL(/\/topology\/$/);
    await expect(page.locator(node("message-queue"))).toBeVisible();
    await expect(page.locator(node("message-queue")).getByLabel(/^fault in force: slow_dependency/)).toBeVisible();
    const id = name.replace("_", "-");
    await openLive(page, "/simulations/");
    const line = page.getByTestId(`simulation-${id}`);
    await expect(line).toContainText("shown here");
    await expect(line).toContainText("running");
    await line.getByRole("button", { name: `Delete ${id}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(line).toHaveCount(0);
  });
});

test("a compose file becomes a draft, with a note of what it does not say", async ({ page }) => {
  await openLive(page, "/topology/edit/");
  const text = "services:\n  web: {image: nginx, ports: ['80:80'], depends_on: [db], teleport: now}\n  db: {image: postgres}\n";
  await page.getByLabel("Files to open").setInputFiles({ name: "compose.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) });
  await expect(page.getByRole("list", { name: "What was not understood" })).toContainText("Not understood: teleport.");
  await expect(page.getByTestId("editor-status")).toContainText("The engine would take it");
});
