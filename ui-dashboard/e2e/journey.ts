/** What every journey shares: a page on which any error in the console fails the test. */
import { expect, type Page, test as base } from "@playwright/test";

/** The browser itself reports a decision or a preview that came too late, and a statement that was refused; the page shows it, and it is no mistake of ours. */
const REFUSED = /\/ops\.v1\.(ActionService\/((Approve|Reject|Preview|Propose)Action|PreviewIncident)|SqlService\/Query)(\?|$)/;

export const test = base.extend<{ page: Page }>({
  page: async ({ page }, run) => {
    const errors: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" && !REFUSED.test(message.location().url)) errors.push(`${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
    await run(page);
    expect(errors, "errors in the console").toEqual([]);
  },
});

export { expect };

/** Every decision is signed; a browser that knows the name does not ask. */
export async function signAs(page: Page, name: string): Promise<void> {
  await page.addInitScript((operator) => localStorage.setItem("microcloud.operator", operator), name);
}

export async function openLive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByTestId("connection").filter({ visible: true })).toHaveAttribute("data-state-word", "Live");
}
