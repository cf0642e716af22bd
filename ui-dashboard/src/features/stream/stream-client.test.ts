import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DISCONNECTED_AFTER_MS, GIVE_UP_AFTER_MS, STALE_AFTER_MS, StreamClient, type StreamStatus } from "./stream-client";
import type { StreamEvent } from "./stream-event";

/** A server whose connections the test holds in its hand. */
class FakeServer {
  readonly connections: { headers: Headers; send: (text: string) => void; close: () => void; aborted: () => boolean }[] = [];
  refuse: number | "unreachable" | undefined;

  readonly fetch = vi.fn((_url: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    if (this.refuse === "unreachable") return Promise.reject(new TypeError("Failed to fetch"));
    if (this.refuse !== undefined) return Promise.resolve(new Response("no", { status: this.refuse }));
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
    init?.signal?.addEventListener("abort", () => controller?.error(new Error("aborted")));
    this.connections.push({
      headers: new Headers(init?.headers),
      send: (text) => controller?.enqueue(new TextEncoder().encode(text)),
      close: () => controller?.close(),
      aborted: () => init?.signal?.aborted ?? false,
    });
    return Promise.resolve(new Response(body, { status: 200 }));
  });

  get last() {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("nobody connected");
    return connection;
  }
}

const HEARTBEAT = 'event: heartbeat\ndata: {"serverTime":"2026-11-21T14:00:00Z"}\n\n';

describe("the stream client", () => {
  let server: FakeServer;
  let client: StreamClient;
  let events: StreamEvent[];
  let statuses: StreamStatus[];
  let malformed: string[];
  const phase = () => statuses.at(-1)?.phase;
  const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeServer();
    events = [];
    statuses = [];
    malformed = [];
    client = new StreamClient({
      url: "/api/stream",
      fetch: server.fetch,
      random: () => 0.5,
      onEvent: (event) => events.push(event),
      onStatus: (status) => statuses.push(status),
      onMalformed: (problem) => malformed.push(problem),
    });
    client.start();
  });

  afterEach(() => {
    client.stop();
    vi.useRealTimers();
  });

  it("is connecting until something arrives, then live", async () => {
    await wait(0);
    expect(phase()).toBe("connecting");
    server.last.send(HEARTBEAT);
    await wait(0);
    expect(phase()).toBe("live");
    expect(events.map((event) => event.kind)).toEqual(["heartbeat"]);
  });

  it("sends no id on the first connection and resumes after the last event it handled", async () => {
    await wait(0);
    expect(server.last.headers.has("last-event-id")).toBe(false);
    server.last.send('id: 41\nevent: incident\ndata: {"id":"a"}\n\nid: 42\nevent: incident\ndata: {"id":"b"}\n\nid: 43\nevent: inc');
    await wait(0);
    server.last.close();
    await wait(1_000);
    expect(server.connections).toHaveLength(2);
    expect(server.last.headers.get("last-event-id")).toBe("42");
  });

  it("skips malformed and unknown events, and reads the next one", async () => {
    await wait(0);
    server.last.send('event: incident\ndata: {"id":\n\nevent: action\ndata: {"version":"many"}\n\nevent: weather\ndata: {}\n\n');
    server.last.send('event: action\ndata: {"id":"x","fieldOfTomorrow":1}\n\n');
    await wait(0);
    expect(malformed).toHaveLength(2);
    expect(events).toHaveLength(1);
    expect(phase()).toBe("live");
  });

  it("hands a resync on like any event", async () => {
    await wait(0);
    server.last.send('event: resync\ndata: {"reason":"too slow"}\n\nevent: snapshot\ndata: {}\n\n');
    await wait(0);
    expect(events.map((event) => event.kind)).toEqual(["resync", "snapshot"]);
  });

  it("turns stale after five silent seconds and live again with the next beat", async () => {
    await wait(0);
    server.last.send(HEARTBEAT);
    await wait(STALE_AFTER_MS - 500);
    expect(phase()).toBe("live");
    await wait(1_000);
    expect(phase()).toBe("stale");
    server.last.send(HEARTBEAT);
    await wait(0);
    expect(phase()).toBe("live");
    expect(server.connections).toHaveLength(1);
  });

  it("gives a silent connection up and makes a new one", async () => {
    await wait(0);
    server.last.send(HEARTBEAT);
    const silent = server.last;
    await wait(GIVE_UP_AFTER_MS + 500);
    expect(silent.aborted()).toBe(true);
    expect(phase()).toBe("reconnecting");
    await wait(1_000);
    expect(server.connections).toHaveLength(2);
  });

  it("backs off while the server is away, says so, and comes back by itself", async () => {
    await wait(0);
    server.last.send(HEARTBEAT);
    await wait(0);
    server.refuse = "unreachable";
    server.last.close();
    await wait(DISCONNECTED_AFTER_MS + 1_000);
    expect(phase()).toBe("disconnected");
    expect(statuses.at(-1)?.reason).toBe("The server cannot be reached.");
    expect(server.fetch.mock.calls.length).toBeLessThan(8);
    server.refuse = undefined;
    for (let second = 0; second < 15 && server.connections.length === 1; second += 1) await wait(1_000);
    server.last.send(HEARTBEAT);
    await wait(0);
    expect(phase()).toBe("live");
  });

  it("names the status of a server that refuses", async () => {
    await wait(0);
    server.refuse = 503;
    server.last.close();
    await wait(600);
    expect(statuses.at(-1)?.reason).toBe("The server answered 503.");
  });

  it("retries at once when asked to", async () => {
    await wait(0);
    server.refuse = "unreachable";
    server.last.close();
    await wait(20_000);
    server.refuse = undefined;
    const before = server.connections.length;
    client.retryNow();
    await wait(0);
    expect(server.connections).toHaveLength(before + 1);
  });

  it("leaves nothing behind when stopped", async () => {
    await wait(0);
    client.stop();
    expect(server.last.aborted()).toBe(true);
    await wait(60_000);
    expect(server.connections).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
