import { expect, it } from "vitest";
import { readHealth, readingsOf, readMetrics } from "./health";

it("reads health, and of what fails says what it says", () => {
  const body = { status: "failing", checks: { nats: { status: "ok" }, postgres: { status: "failing", error: "connection refused" }, odd: 7 } };
  expect(readHealth(body)).toEqual([
    { name: "nats", ok: true, problem: "" },
    { name: "postgres", ok: false, problem: "connection refused" },
    { name: "odd", ok: false, problem: "is unknown" },
  ]);
  expect(readHealth("<html>")).toBeUndefined();
});

it("reads metrics, and does not take what is missing for 0", () => {
  const text = '# HELP x y\nmicrocloud_orchestrator_build_info{version="0.1.0"} 1\nmicrocloud_orchestrator_silent_services{service="agent-service"} 1\nnot a line\nmicrocloud_orchestrator_stream_clients 3\n# EOF\n';
  expect(readingsOf(readMetrics(text))).toEqual({
    version: "0.1.0",
    streamClients: 3,
    services: [{ name: "agent-service", silent: true }],
    startedMs: undefined,
    memoryBytes: undefined,
    streamEvents: undefined,
    resyncs: undefined,
  });
});
