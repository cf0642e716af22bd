/**
 * Reads `text/event-stream` (WHATWG HTML, section 9.2.6) from chunks that may be cut anywhere. Pure: no fetch, no timers.
 */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
  /** The last id seen so far, as the standard has it: it stays until another one comes. */
  readonly lastEventId: string;
}

/** A snapshot of a few hundred services is well under 1 MiB; past this an event is dropped rather than buffered. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

export class SseParser {
  private buffer = "";
  private type = "";
  private data: string[] = [];
  private size = 0;
  private oversized = false;
  private first = true;

  constructor(private lastEventId = "") {}

  /** Takes the next piece of text and returns the events that it completes. */
  push(chunk: string): ServerSentEvent[] {
    const text = this.buffer + (this.first ? chunk.replace(/^\uFEFF/, "") : chunk);
    if (chunk !== "") this.first = false;
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (;;) {
      const end = lineEnd(text, start);
      if (end === undefined) break;
      const event = this.line(text.slice(start, end.at));
      if (event) events.push(event);
      start = end.next;
    }
    this.buffer = text.slice(start);
    if (this.buffer.length > MAX_EVENT_CHARS) {
      this.buffer = "";
      this.oversized = true;
    }
    return events;
  }

  private line(line: string): ServerSentEvent | undefined {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) return undefined;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.type = value;
    else if (field === "data") this.append(value);
    else if (field === "id" && !value.includes("\0")) this.lastEventId = value;
    return undefined;
  }

  private append(value: string): void {
    this.size += value.length;
    if (this.size > MAX_EVENT_CHARS) this.oversized = true;
    else this.data.push(value);
  }

  private dispatch(): ServerSentEvent | undefined {
    const complete = this.data.length > 0 && !this.oversized;
    const event = { type: this.type || "message", data: this.data.join("\n"), lastEventId: this.lastEventId };
    this.type = "";
    this.data = [];
    this.size = 0;
    this.oversized = false;
    return complete ? event : undefined;
  }
}

/** Where the line that starts at `start` ends, or nothing while it is incomplete. A final CR may be half of a CRLF. */
function lineEnd(text: string, start: number): { at: number; next: number } | undefined {
  for (let i = start; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10) return { at: i, next: i + 1 };
    if (code === 13) {
      if (i + 1 === text.length) return undefined;
      return { at: i, next: text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1 };
    }
  }
  return undefined;
}
