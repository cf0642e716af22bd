import { describe, expect, it } from "vitest";
import { SseParser } from "./sse-parser";

const STREAM = 'id: 7\nevent: metrics\ndata: {"a":1}\n\nevent: heartbeat\ndata: {}\n\n';

describe("the parser", () => {
  it("reads events with type, data and id", () => {
    expect(new SseParser().push(STREAM)).toEqual([
      { type: "metrics", data: '{"a":1}', lastEventId: "7" },
      { type: "heartbeat", data: "{}", lastEventId: "7" },
    ]);
  });

  it("gives the same events wherever the stream is cut, with any line end", () => {
    for (const eol of ["\n", "\r\n", "\r"]) {
      const text = STREAM.replaceAll("\n", eol) + (eol === "\r" ? ":" : "");
      const whole = new SseParser().push(text);
      for (let cut = 0; cut <= text.length; cut += 1) {
        const parser = new SseParser();
        expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(whole);
      }
      expect(whole).toHaveLength(2);
    }
  });

  it("joins lines of data, skips comments and a byte order mark, and names an untyped event message", () => {
    const events = new SseParser().push("\uFEFF: hello\ndata: one\ndata:two\nunknown: x\n\n");
    expect(events).toEqual([{ type: "message", data: "one\ntwo", lastEventId: "" }]);
  });

  it("does not dispatch an event without data, but remembers its id", () => {
    const parser = new SseParser("1");
    expect(parser.push("id: 2\nevent: x\n\n")).toEqual([]);
    expect(parser.push("data: y\n\n")).toEqual([{ type: "message", data: "y", lastEventId: "2" }]);
  });

  it("ignores an id with a NUL in it", () => {
    expect(new SseParser("1").push("id: 2\0\ndata: y\n\n")[0]?.lastEventId).toBe("1");
  });

  it("drops an endless event and goes on with the next", () => {
    const parser = new SseParser();
    const megabyte = `data: ${"x".repeat(1024 * 1024)}\n`;
    for (let i = 0; i < 9; i += 1) expect(parser.push(megabyte)).toEqual([]);
    expect(parser.push("\n")).toEqual([]);
    expect(parser.push("data: fine\n\n")).toHaveLength(1);
  });
});
