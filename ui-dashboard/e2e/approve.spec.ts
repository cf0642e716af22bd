import { expectAccessible } from "./accessible";
import type { Page } from "@playwright/test";
import { expect, openLive, test } from "./journey";

/** From the switch of the scenario to an incident, an approval and its end: generous for a busy machine. */
const INCIDENT_MS = 90_000;
const HEALED_MS = 120_000;

test("an operator lets a failure happen, approves what the agent proposes, and sees the incident resolve", async ({ page }) => {
  await openLive(page, "/");
  await page.getByLabel("Speed").selectOption("1");
  const play = page.getByRole("button", { name: "Play the simulation" });
  if (await play.isVisible()) await play.click();
  await page.getByLabel("Scenario").selectOption("cascade_failure");
  await expect(page.getByLabel("Scenario")).toHaveValue("cascade_failure");

  await test.step("an incident arrives, live", async () => {
    await page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("link", { name: /^Incidents/ }).click();
    await expect(page.locator('[data-testid^="incident-"][data-resolved="false"]').first()).toBeVisible({ timeout: INCIDENT_MS });
  });

  const answered = new Set<string>();
  await test.step("a proposal arrives and is approved", async () => {
    await page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("link", { name: /^Actions/ }).click();
    await expect(page.getByRole("button", { name: /^Approve:/ }).first()).toBeVisible({ timeout: INCIDENT_MS });
    await approveFirst(page, answered, "Ana");
    await expect(page.getByText(/^Approved: /).first()).toBeVisible();
  });

  await test.step("an incident that was answered resolves", async () => {
    await expect
      .poll(
        async () => {
          // One remedy may not be enough; the agent then proposes the next.
          while (await approveFirst(page, answered));
          return someResolved(page, answered);
        },
        { timeout: HEALED_MS, intervals: [1_000], message: `one of the incidents ${[...answered].join(", ")} resolves` },
      )
      .not.toBe("");
  });

  await test.step("its page tells the story", async () => {
    await openLive(page, `/incidents/?status=all&id=${await someResolved(page, answered)}`);
    const detail = page.getByTestId("incident-detail");
    await expect(detail).toHaveAttribute("data-resolved", "true");
    await expect(detail.getByText("decided by Ana").first()).toBeVisible();
    const steps = detail.getByTestId("timeline").getByRole("listitem");
    for (const title of ["Fault began", "Incident opened", /^Proposed: /, /^Approved by Ana: /, /^Took effect: /, "Incident resolved"]) await expect(steps.getByText(title).first()).toBeVisible();
    const notes = detail.getByTestId("notes");
    await notes.getByRole("textbox", { name: "Note" }).fill("Payment leaks memory since the release.");
    await notes.getByRole("button", { name: "Add note" }).click();
    await expect(notes.getByRole("listitem").getByText("Payment leaks memory since the release.")).toBeVisible();
    await page.reload();
    await expect(notes.getByRole("listitem").getByText("Payment leaks memory since the release.")).toBeVisible();
    await expectAccessible(page, "the incident");
    const download = page.waitForEvent("download");
    await detail.getByRole("button", { name: "Post-mortem", exact: true }).click();
    expect((await download).suggestedFilename()).toMatch(/^incident-.*\.md$/);
  });
});

/** Approves the most urgent proposal, notes its incident, and says whether there was one. The first one asks for the name. */
async function approveFirst(page: Page, answered: Set<string>, name?: string): Promise<boolean> {
  const card = page.locator('article[data-testid^="action-"]').filter({ has: page.getByRole("button", { name: /^Approve:/ }) }).first();
  if (!(await card.isVisible())) return false;
  const testId = await card.getAttribute("data-testid");
  const incident = await card.getAttribute("data-incident");
  if (testId === null || incident === null) return false;
  const approve = page.getByTestId(testId).getByRole("button", { name: /^Approve:/ });
  await approve.click();
  if (name !== undefined) {
    await page.getByRole("textbox", { name: "Your name" }).fill(name);
    await page.getByRole("button", { name: "Continue" }).click();
  }
  answered.add(incident);
  await expect(approve).toBeHidden();
  return true;
}

/** The first answered incident that is over, as the API has it; empty while there is none. */
async function someResolved(page: Page, answered: ReadonlySet<string>): Promise<string> {
  for (const incidentId of answered) {
    const answer = await page.request.post("/ops.v1.IncidentService/Get", { data: { incidentId } });
    const { incident } = (await answer.json()) as { incident?: { resolved?: boolean } };
    if (incident?.resolved) return incidentId;
  }
  return "";
}
