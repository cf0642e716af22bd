import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatAhead,
  formatChange,
  formatCount,
  formatCountdown,
  formatDuration,
  formatMetric,
  formatNamedMetric,
  formatNames,
  formatNumber,
  formatScenarioLength,
  formatSimulatedDateTime,
  formatSimulatedTime,
  formatSpeed,
  formatSpread,
  formatWallTime,
  keepUnits,
  metricQuantity,
  plural,
  shortId,
  shortNumbers,
} from "./format";

describe("numbers", () => {
  it.each([
    [0, "0"],
    [0.004, "< 0.01"],
    [-0.004, "> −0.01"],
    [0.1234, "0.12"],
    [1.5, "1.5"],
    [12.345, "12.3"],
    [99.96, "100"],
    [100, "100"],
    [1234.4, "1,234"],
    [9999.4, "9,999"],
    [9999.6, "10 k"],
    [12_340, "12.3 k"],
    [999_400, "999 k"],
    [999_600, "1 M"],
    [2_500_000, "2.5 M"],
    [-42, "-42"],
  ])("%f reads %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY])("%s is no data, not zero", (value) =>
    expect(formatNumber(value)).toBe("no data"),
  );

  it("counts with separators, also beyond 2^53", () => {
    expect(formatCount(1234)).toBe("1,234");
    expect(formatCount(9_007_199_254_740_993n)).toBe("9,007,199,254,740,993");
    expect(formatCount(undefined)).toBe("no data");
  });

  it("knows one from many", () => {
    expect(plural(1, "service")).toBe("1 service");
    expect(plural(0, "service")).toBe("0 services");
    expect(plural(2, "fault in force", "faults in force")).toBe("2 faults in force");
  });
});

describe("futures", () => {
  it("spread between two numbers, or not at all", () => {
    expect(formatSpread(90, 200)).toBe("90 to 200");
    expect(formatSpread(0.301, 0.304)).toBe("");
  });

  it.each([
    [0.3333, "+0.33 core h"],
    [-2, "−2 core h"],
    [0.001, "±0 core h"],
    [undefined, "no data"],
  ])("%s as a difference reads %s", (value, text) => expect(formatChange(value, "core h")).toBe(text));

  it.each([
    [0, "now"],
    [30, "+30 s"],
    [120, "+2 min"],
    [150, "+2 min 30 s"],
  ])("%d s ahead reads %s", (seconds, text) => expect(formatAhead(seconds)).toBe(text));

  it("names a few of many", () => {
    expect(formatNames(["a", "b"])).toBe("a, b");
    expect(formatNames(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
  });
});

describe("metrics", () => {
  it("carry their unit", () => {
    expect(formatMetric("error_rate", 12.34)).toBe("12.3 %");
    expect(formatMetric("latency_p99", 251.2)).toBe("251 ms");
    expect(formatMetric("latency_p99", 9_999)).toBe("9,999 ms");
    expect(formatMetric("latency_p99", 43_340)).toBe("43.3 s");
    expect(formatChange(-43_340, "ms")).toBe("−43.3 s");
    expect(formatChange(0, "")).toBe("±0");
    expect(formatMetric("request_rate", 15_200)).toBe("15.2 k req/s");
  });

  it("have no unit when they have no value", () => {
    expect(metricQuantity("cpu_usage", undefined)).toEqual({ value: "no data", unit: "" });
    expect(formatMetric("cpu_usage", Number.NaN)).toBe("no data");
  });

  it("that are unknown to this page are shown as plain numbers", () => {
    expect(formatNamedMetric("brand_new", 3.25)).toBe("3.25");
    expect(formatNamedMetric("cpu_usage", 3.25)).toBe("3.25 %");
  });

  it("are not confused with names that every object has", () => expect(formatNamedMetric("toString", 1)).toBe("1"));
});

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [12_400, "12 s"],
    [185_000, "3 min 05 s"],
    [7_800_000, "2 h 10 min"],
    [4 * 86_400_000 + 3 * 3_600_000, "4 d 3 h"],
    [-5, "0 ms"],
  ])("%d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("count down to zero and stay there", () => {
    expect(formatCountdown(899_001)).toBe("15:00");
    expect(formatCountdown(61_000)).toBe("1:01");
    expect(formatCountdown(3_723_000)).toBe("1:02:03");
    expect(formatCountdown(-10)).toBe("0:00");
  });

  it("ago forgives a clock that is ahead", () => {
    expect(formatAgo(-300)).toBe("just now");
    expect(formatAgo(2_100)).toBe("2 s ago");
  });

  it("of a scenario without an end says so", () => {
    expect(formatScenarioLength(0)).toBe("until switched");
    expect(formatScenarioLength(600)).toBe("10 min");
  });
});

describe("instants", () => {
  const at = timestampFromMs(Date.UTC(2026, 10, 21, 14, 3, 22));

  it("simulated time is UTC and marked", () => {
    expect(formatSimulatedTime(at)).toBe("14:03:22");
    expect(formatSimulatedDateTime(at)).toBe("21 Nov 2026, 14:03:22 sim");
  });

  it("wall time follows the zone", () => {
    expect(formatWallTime(at, "UTC")).toBe("21 Nov 2026, 14:03:22");
    expect(formatWallTime(at, "Asia/Tokyo")).toBe("21 Nov 2026, 23:03:22");
  });

  it("absent and impossible instants are no data", () => {
    expect(formatSimulatedTime(undefined)).toBe("no data");
    expect(formatSimulatedDateTime(1e300)).toBe("no data");
    expect(formatWallTime(Number.NaN)).toBe("no data");
  });
});

it("speeds and ids are short", () => {
  expect(formatSpeed(0.1)).toBe("0.1×");
  expect(formatSpeed(9.974)).toBe("9.97×");
  expect(formatSpeed(undefined)).toBe("no data");
  expect(shortId("6d6963726f63-6c6f")).toBe("6d6963726f63");
});

it("shortens the numbers of a sentence, and nothing else", () => {
  expect(shortNumbers("memory_leak began on orders at severity 0.4000000059604645")).toBe("memory_leak began on orders at severity 0.4");
  expect(shortNumbers("p99 30894 ms, then 1500.25 ms, 850 ms")).toBe("p99 30.9 s, then 1.5 s, 850 ms");
  expect(shortNumbers("p99 850 ms, 1.5 % errors, v1.2.345, 10.0.0.1, 0.75")).toBe("p99 850 ms, 1.5 % errors, v1.2.345, 10.0.0.1, 0.75");
});

it("keeps a number and its unit on a line", () => {
  expect(keepUnits("error rate 29.3 %, p99 18 120 ms; 2 more of 40 requests, 12 req/s, 8 s")).toBe("error rate 29.3\u00a0%, p99 18\u00a0120\u00a0ms; 2 more of 40 requests, 12\u00a0req/s, 8\u00a0s");
  expect(keepUnits("5 services, 2 hosts, 3 minutes, 404 errors")).toBe("5 services, 2 hosts, 3 minutes, 404 errors");
});
