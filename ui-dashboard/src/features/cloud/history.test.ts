import { describe, expect, it } from "vitest";
import { aSample, START_MS } from "@/testing/fixtures";
import { History } from "./history";
import { type Sample, SampleAssembler } from "./sample";

function sampleOf(second: number, services: Record<string, Record<string, number>>): Sample {
  const sample = new SampleAssembler().add(aSample(second, services));
  if (!sample) throw new Error("incomplete sample");
  return sample;
}

const secondsOf = (times: number[]) => times.map((time) => time - START_MS / 1_000);

describe("the history", () => {
  it("keeps the newest samples of a bounded window, in order", () => {
    const history = new History(4);
    for (let second = 1; second <= 6; second += 1) history.append(sampleOf(second, { orders: { cpu_usage: second } }));
    const { times, series } = history.window("service", "cpu_usage", ["orders"]);
    expect(secondsOf(times)).toEqual([3, 4, 5, 6]);
    expect(series).toEqual([[3, 4, 5, 6]]);
  });

  it("shows what was not measured as a gap", () => {
    const history = new History(4);
    history.append(sampleOf(1, { orders: { cpu_usage: 1 } }));
    history.append(sampleOf(2, { orders: { cpu_usage: Number.NaN }, cart: { cpu_usage: 5 } }));
    expect(history.window("service", "cpu_usage", ["orders", "cart", "nobody"]).series).toEqual([
      [1, null],
      [null, 5],
      [null, null],
    ]);
  });

  it("breaks the line where samples were missed", () => {
    const history = new History(8);
    history.append(sampleOf(1, { orders: { cpu_usage: 1 } }));
    history.markGap();
    history.append(sampleOf(60, { orders: { cpu_usage: 2 } }));
    expect(history.window("service", "cpu_usage", ["orders"]).series).toEqual([[1, null, 2]]);
  });

  it("never goes back in time", () => {
    const history = new History(8);
    history.append(sampleOf(5, { orders: { cpu_usage: 5 } }));
    history.append(sampleOf(4, { orders: { cpu_usage: 4 } }));
    expect(history.length).toBe(1);
  });

  it("puts stored points before the live ones, newest first when there is little room", () => {
    const history = new History(4);
    for (const second of [10, 11]) history.append(sampleOf(second, { orders: { cpu_usage: second } }));
    const timesMs = [7, 8, 9, 10].map((second) => START_MS + second * 1_000);
    history.backfill([{ kind: "service", metric: "cpu_usage", id: "orders", timesMs, values: [7, 8, 9, 99] }]);
    const { times, series } = history.window("service", "cpu_usage", ["orders"]);
    expect(secondsOf(times)).toEqual([8, 9, 10, 11]);
    expect(series).toEqual([[8, 9, 10, 11]]);
    history.append(sampleOf(12, { orders: { cpu_usage: 12 } }));
    expect(history.window("service", "cpu_usage", ["orders"]).series).toEqual([[9, 10, 11, 12]]);
  });

  it("fills an empty history from the store", () => {
    const history = new History(4);
    history.backfill([{ kind: "node", metric: "cpu_usage", id: "n", timesMs: [START_MS], values: [3] }]);
    expect(history.window("node", "cpu_usage", ["n"]).series).toEqual([[3]]);
  });

  it("forgets entities that are long gone", () => {
    const history = new History(3);
    history.append(sampleOf(1, { old: { cpu_usage: 1 } }));
    for (let second = 2; second <= 9; second += 1) history.append(sampleOf(second, { orders: { cpu_usage: 1 } }));
    expect(history.window("service", "cpu_usage", ["old"]).series).toEqual([[null, null, null]]);
  });
});
