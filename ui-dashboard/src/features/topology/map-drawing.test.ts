import { expect, it } from "vitest";
import { leaves } from "./map-drawing";

const place = (x: number, y: number, zoom: number) => ({ transform: [x, y, zoom] as const, width: 1_000, height: 400 });

it("is drawn anew when the map is about to leave the canvas, and not before", () => {
  expect(leaves(place(0, 0, 1), place(-250, 100, 1))).toBe(false);
  expect(leaves(place(0, 0, 1), place(-251, 0, 1))).toBe(true);
  expect(leaves(place(0, 0, 1), place(0, 101, 1))).toBe(true);
});

it("is only stretched while the zoom changes, unless that is too much", () => {
  expect(leaves(place(0, 0, 1), place(-900, 300, 1.2))).toBe(false);
  expect(leaves(place(0, 0, 1), place(0, 0, 1.7))).toBe(true);
  expect(leaves(place(0, 0, 1), place(0, 0, 0.6))).toBe(true);
});
