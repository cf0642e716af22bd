/** What a stack answered once, kept in a file, and told to a page again: the page then looks the same for ever. */
import { readFile, writeFile } from "node:fs/promises";
import type { Page, Request } from "@playwright/test";

export interface Recording {
  /** Wall time of the server, ISO 8601: the time of every page that hears this. */
  readonly at: string;
  /** What the stream said first: everything that is open. */
  readonly snapshot: object;
  readonly heartbeat: object;
  readonly answers: readonly { readonly method: string; readonly asked: unknown; readonly answer: unknown }[];
}

const RPC = /^\/((?:ops|sim)\.v1\.[A-Za-z]+\/[A-Za-z]+)$/;
/** No page shows more digits of what was measured. */
const DIGITS = 6;

const methodOf = (request: Request) => RPC.exec(new URL(request.url()).pathname)?.[1];
const short = (_: string, value: unknown) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value);

/** The first words of the stream of a simulation, read past the page. */
async function firstWords(base: string, simulation: string): Promise<Pick<Recording, "snapshot" | "heartbeat">> {
  const over = new AbortController();
  const response = await fetch(`${base}/api/stream?simulation=${simulation}`, { signal: over.signal });
  const said = new Map<string, object>();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    for (const [, event = "", data = ""] of text.matchAll(/^event: (snapshot|heartbeat)\ndata: (.*)\n\n/gm)) said.set(event, JSON.parse(data) as object);
    if (said.size === 2) break;
  }
  over.abort();
  return { snapshot: said.get("snapshot") ?? {}, heartbeat: said.get("heartbeat") ?? {} };
}

/** Writes down what the stack answers while somebody looks around. */
export async function record(page: Page, base: string, simulation: string, path: string, lookAround: () => Promise<void>): Promise<void> {
  const answers = new Map<string, Recording["answers"][number]>();
  const pending: Promise<void>[] = [];
  page.on("response", (response) => {
    const method = methodOf(response.request());
    if (method === undefined || !response.ok()) return;
    const asked: unknown = response.request().postDataJSON();
    pending.push(response.json().then((answer: unknown) => void answers.set(`${method} ${JSON.stringify(asked)}`, { method, asked, answer })));
  });
  await lookAround();
  await Promise.all(pending);
  const words = await firstWords(base, simulation);
  const at = (words.heartbeat as { serverTime: string }).serverTime;
  const recording: Recording = { at, ...words, answers: [...answers.values()] };
  await writeFile(path, `${JSON.stringify(recording, short)}\n`);
}

export async function readRecording(path: string): Promise<Recording> {
  return JSON.parse(await readFile(path, "utf8")) as Recording;
}

interface Circumstances {
  /** How far the clock of the browser is ahead of the server's, ms. */
  readonly aheadMs?: number;
  /** What else the stream says after the snapshot, as it goes over the wire. */
  readonly more?: string;
}

/** The page hears the recording and nobody else, at the time when it was made. */
export async function replay(page: Page, { at, snapshot, heartbeat, answers }: Recording, { aheadMs = 0, more = "" }: Circumstances = {}): Promise<void> {
  await page.clock.setFixedTime(Date.parse(at) + aheadMs);
  await page.addInitScript(
    ([first, beat, rest]) => {
      const original = window.fetch.bind(window);
      window.fetch = (input, init) => {
        if (!String(input).includes("/api/stream")) return original(input, init);
        const text = new TextEncoder();
        const body = new ReadableStream<Uint8Array>({
          start: (stream) => {
            stream.enqueue(text.encode(`id: 1-1\nevent: snapshot\ndata: ${first}\n\n`));
            stream.enqueue(text.encode(`event: heartbeat\ndata: ${beat}\n\n${rest}`));
            setInterval(() => stream.enqueue(text.encode(`event: heartbeat\ndata: ${beat}\n\n`)), 1_000);
          },
        });
        return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
      };
    },
    [JSON.stringify(snapshot), JSON.stringify(heartbeat), more] as const,
  );
  await page.route(RPC_URL, (route) => {
    const method = methodOf(route.request());
    const asked = JSON.stringify(route.request().postDataJSON());
    const known = answers.filter((one) => one.method === method);
    // A question that is new since then gets the nearest answer there is.
    const { answer } = known.find((one) => JSON.stringify(one.asked) === asked) ?? known[0] ?? { answer: {} };
    return route.fulfill({ json: answer });
  });
}

const RPC_URL = (url: URL) => RPC.test(url.pathname);
