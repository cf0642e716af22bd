/**
 * The one connection of a tab to `GET /api/stream`: connects, resumes with `Last-Event-ID`, notices silence, and comes
 * back by itself. It decodes but does not keep anything: what events mean is the store's business. No React in here;
 * fetch, clock and randomness are handed in, so that tests run in virtual time.
 */
import { SseParser } from "./sse-parser";
import { decodeStreamEvent, type StreamEvent } from "./stream-event";

export type StreamPhase =
  /** Nothing has arrived yet on the first connection. */
  | "connecting"
  /** Events and heartbeats arrive. */
  | "live"
  /** Connected, but silent for longer than a heartbeat may take. */
  | "stale"
  /** The connection broke a moment ago and is being made again. */
  | "reconnecting"
  /** It could not be made for a while. We keep trying. */
  | "disconnected";

export interface StreamStatus {
  readonly phase: StreamPhase;
  /** Why it is not live, in a sentence; empty when it is. */
  readonly reason: string;
  /** When the next attempt is due, on the clock of `now()`; absent while one is under way. */
  readonly retryAt?: number;
}

export interface StreamClientOptions {
  readonly url: string;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onStatus: (status: StreamStatus) => void;
  /** An event that could not be read. It is skipped; the stream goes on. */
  readonly onMalformed: (problem: string) => void;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** The server beats every second; five missed beats are not jitter any more. */
export const STALE_AFTER_MS = 5_000;
/** Silence after which the connection is given up: a half-open one never reports its own end. */
export const GIVE_UP_AFTER_MS = 10_000;
/** How long a page says "reconnecting" before it says "disconnected". */
export const DISCONNECTED_AFTER_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const WATCH_EVERY_MS = 500;

export class StreamClient {
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly doFetch: typeof fetch;
  private lastEventId = "";
  private attempt = 0;
  private lastHeardAt = 0;
  private brokenSince: number | undefined;
  private status: StreamStatus = { phase: "connecting", reason: "" };
  private request: AbortController | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private watchTimer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: StreamClientOptions) {
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.doFetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  start(): void {
    if (this.watchTimer !== undefined) return;
    this.watchTimer = setInterval(() => this.watch(), WATCH_EVERY_MS);
    this.report({ phase: "connecting", reason: "" });
    void this.connect();
  }

  stop(): void {
    clearInterval(this.watchTimer);
    clearTimeout(this.retryTimer);
    this.watchTimer = undefined;
    this.request?.abort();
    this.request = undefined;
  }

  /** Skips the wait: the operator asked, the network came back, or the laptop woke up. */
  retryNow(): void {
    if (this.watchTimer === undefined || this.status.phase === "live" || this.status.phase === "connecting") return;
    this.attempt = 0;
    this.reconnect(this.status.reason, 0);
  }

  private async connect(): Promise<void> {
    const request = new AbortController();
    this.request = request;
    this.lastHeardAt = this.now();
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (this.lastEventId !== "") headers["last-event-id"] = this.lastEventId;
      const response = await this.doFetch(this.options.url, { headers, signal: request.signal, cache: "no-store" });
      if (!response.ok || !response.body) throw new Error(`The server answered ${response.status}.`);
      await this.read(response.body, request);
      this.lost(request, "The server closed the connection.");
    } catch (cause) {
      this.lost(request, cause instanceof Error && cause.message.startsWith("The server") ? cause.message : "The server cannot be reached.");
    }
  }

  private async read(body: ReadableStream<Uint8Array>, request: AbortController): Promise<void> {
    const parser = new SseParser(this.lastEventId);
    const text = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.request !== request) return;
      for (const event of parser.push(text.decode(value, { stream: true }))) {
        this.deliver(event.type, event.data);
        // Only after it was handled: an id that we resume from must never be ahead of what we have shown.
        this.lastEventId = event.lastEventId;
      }
      this.heard();
    }
  }

  private deliver(type: string, data: string): void {
    const event = decodeStreamEvent(type, data);
    if (event.kind === "malformed") this.options.onMalformed(event.problem);
    else if (event.kind !== "unknown") this.options.onEvent(event);
  }

  private heard(): void {
    this.lastHeardAt = this.now();
    this.attempt = 0;
    this.brokenSince = undefined;
    if (this.status.phase !== "live") this.report({ phase: "live", reason: "" });
  }

  private watch(): void {
    const now = this.now();
    if (this.brokenSince !== undefined && this.status.phase !== "disconnected" && now - this.brokenSince >= DISCONNECTED_AFTER_MS) {
      this.report({ ...this.status, phase: "disconnected" });
    }
    if (this.request === undefined) return;
    const silence = now - this.lastHeardAt;
    if (silence >= GIVE_UP_AFTER_MS) {
      this.lost(this.request, "The server has been silent.");
    } else if (silence >= STALE_AFTER_MS && this.status.phase === "live") {
      this.report({ phase: "stale", reason: "The server has been silent for more than 5 s." });
    }
  }

  private lost(request: AbortController, reason: string): void {
    if (this.request !== request) return;
    this.brokenSince ??= this.now();
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt);
    this.attempt += 1;
    // Half fixed, half random: a restarted server is not met by every tab at the same instant.
    this.reconnect(reason, ceiling / 2 + (ceiling / 2) * this.random());
  }

  private reconnect(reason: string, delayMs: number): void {
    this.request?.abort();
    this.request = undefined;
    clearTimeout(this.retryTimer);
    this.brokenSince ??= this.now();
    const overdue = this.now() - this.brokenSince >= DISCONNECTED_AFTER_MS;
    this.report({ phase: overdue ? "disconnected" : "reconnecting", reason, retryAt: this.now() + delayMs });
    this.retryTimer = setTimeout(() => void this.connect(), delayMs);
  }

  private report(status: StreamStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }
}
