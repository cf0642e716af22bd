import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Mark } from "./focus";
import { paint } from "./map-picture";
import { shortened } from "./map-words";
import { pictureOf, type Scene } from "./picture-of";
import { serviceAt } from "./service-at";

vi.mock("@/features/charts/palette", () => ({ cssColor: (name: string) => name }));

const PLACES = new Map([["gateway", { x: 0, y: 0 }], ["orders", { x: 400, y: 0 }], ["db", { x: 800, y: 0 }]]);
const CALLS = [{ from: "gateway", to: "orders" }, { from: "orders", to: "db" }];

/** Remembers what was added to it. */
class Lines {
  readonly added: unknown[] = [];
  addPath = (path: unknown) => void this.added.push(path);
}

const scene = (changes: Partial<Scene> = {}): Scene => ({
  graph: { services: [...PLACES.keys()].map((id) => ({ id, entry: false })), calls: CALLS },
  layout: { places: PLACES, direction: "LR" },
  paths: CALLS.map(() => new Path2D()),
  serviceLevels: ["ok", "critical", "unknown"],
  callLevels: ["critical", "ok"],
  shown: [],
  widths: [],
  chosen: null,
  marks: new Map(),
  focused: false,
  except: new Set(),
  font: "sans-serif",
  words: (name) => ({ name, vitals: undefined, icons: [], alarm: undefined }),
  ...changes,
});

describe("the picture of a large map", () => {
  beforeAll(() => vi.stubGlobal("Path2D", Lines));
  afterAll(() => vi.unstubAllGlobals());

  it("has a block for every service and one line for the calls of a colour", () => {
    const { services, calls, frames } = pictureOf(scene({ except: new Set(["db"]) }));
    expect(services.map(({ id, fill }) => [id, fill])).toEqual([["gateway", expect.stringContaining("--ok")], ["orders", expect.stringContaining("--critical")]]);
    expect(calls.map(({ color }) => color)).toEqual([expect.stringContaining("--critical"), expect.stringContaining("--line-strong")]);
    expect(frames).toEqual([]);
  });

  it("frames marked services and the chosen one, and lets the others and their calls step back", () => {
    const marks = new Map<string, Mark>([["orders", { role: "suspect", words: "suspected cause 80 %" }], ["gateway", { role: "caller", words: "in the blast radius" }]]);
    const { services, calls, frames } = pictureOf(scene({ marks, focused: true, chosen: "orders", shown: CALLS, widths: [3, 2] }));
    expect(services.filter(({ dimmed }) => dimmed).map(({ id }) => id)).toEqual(["db"]);
    expect(frames.map(({ color, dashed }) => [color, dashed])).toEqual([["--critical", false], ["--critical", false], ["--line-strong", true], ["--accent-ink", false]]);
    expect(calls.slice(-2).map(({ color, width, opacity }) => [color, width, opacity])).toEqual([["--critical", 3, 0.9], ["--accent-ink", 2, 0.15]]);
  });

  it("has words where they can be read, and only of what is in sight", () => {
    const context = { stroke: vi.fn(), fill: vi.fn(), beginPath: vi.fn(), rect: vi.fn(), roundRect: vi.fn(), arc: vi.fn(), setLineDash: vi.fn(), fillText: vi.fn(), measureText: () => ({ width: 10 }) };
    const painted = (zoom: number) => {
      context.fillText.mockClear();
      paint(context as unknown as CanvasRenderingContext2D, pictureOf(scene()), { transform: [0, 0, zoom], width: 500, height: 100 });
      return context.fillText.mock.calls.map(([text]) => text as string);
    };
    expect(painted(0.2)).toEqual([]);
    expect(painted(1)).toEqual(["gateway", "orders"]);
  });
});

it("tells who stands at a point", () => {
  expect(serviceAt(PLACES, { x: 410, y: 60 })).toBe("orders");
  expect(serviceAt(PLACES, { x: 300, y: 60 })).toBeUndefined();
});

it("shortens names for which there is no room", () => {
  const context = { measureText: (text: string) => ({ width: 10 * text.length }) as TextMetrics };
  expect(shortened(context, "orders", 60)).toBe("orders");
  expect(shortened(context, "recommendation", 60)).toBe("recom…");
});
