/** What every journey shares: pages on which any error in the console fails the test. */
import { type Browser, expect, type Page, test as base } from "@playwright/test";
import { Line } from "./line";

/** The browser itself reports a decision or a preview that came too late, and a statement that was refused; the page shows it, and it is no mistake of ours. */
const REFUSED = /\/ops\.v1\.(ActionService\/((Approve|Reject|Preview|Propose)Action|PreviewIncident)|SqlService\/Query)(\?|$)/;
/** So it does when nobody answers; only a journey that cuts its line lets that pass. */
const UNREACHABLE = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED|NETWORK_IO_SUSPENDED)/;

interface Journey {
  /** Of another person, in a browser of their own. */
  readonly openAs: (name: string, baseURL?: string) => Promise<Page>;
  /** Pages opened by its address lose the stack when it is cut. */
  readonly line: Line;
}

export const test = base.extend<Journey>({
  page: async ({ page }, run) => {
    const errors = watch(page);
    await run(page);
    expect(errors, "errors in the console").toEqual([]);
  },
  openAs: async ({ browser, contextOptions, baseURL }, run) => {
    const opened: { readonly page: Page; readonly errors: readonly string[] }[] = [];
    await run(async (name, at) => {
      const page = await newPage(browser, { ...contextOptions, baseURL: at ?? baseURL });
      opened.push({ page, errors: watch(page, at !== undefined) });
      await signAs(page, name);
      return page;
    });
    for (const { page } of opened) await page.context().close();
    expect(opened.flatMap(({ errors }) => errors), "errors in the console").toEqual([]);
  },
  line: async ({ baseURL }, run) => {
    const line = await Line.to(baseURL ?? "");
    await run(line);
    await line.cut();
  },
});

export { expect };

async function newPage(browser: Browser, options: Parameters<Browser["newContext"]>[0]): Promise<Page> {
  return (await browser.newContext(options)).newPage();
}

/** The list that errors on the page are added to. */
function watch(page: Page, mayLoseStack = false): readonly string[] {
  const errors: string[] = [];
  const expected = (text: string, url: string) => REFUSED.test(url) || (mayLoseStack && UNREACHABLE.test(text));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected(message.text(), message.location().url)) errors.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
  return errors;
}

/** Every decision is signed; a browser that knows the name does not ask. */
export async function signAs(page: Page, name: string): Promise<void> {
  await page.addInitScript((operator) => localStorage.setItem("microcloud.operator", operator), name);
}

export async function expectState(page: Page, word: string, timeout?: number): Promise<void> {
  await expect(page.getByTestId("connection").filter({ visible: true })).toHaveAttribute("data-state-word", word, { timeout });
}

export async function openLive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expectState(page, "Live");
}

/** What the stack answers when it is asked past the page. */
export async function call<Answer>(page: Page, method: string, data: object): Promise<Answer> {
  const answer = await page.request.post(`${process.env.BASE_URL}/${method}`, { data });
  expect(answer.ok(), `${method}: ${await answer.text()}`).toBe(true);
  return (await answer.json()) as Answer;
}
