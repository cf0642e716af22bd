import { describe, expect, it } from "vitest";
import { strokesOf } from "./lines";

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("strokes", () => {
  it("leave out what lies between others on a straight line", () => {
    expect(strokesOf(upTo(6), [5, 5, 5, 5, 4, 3])).toEqual([[0, 5, 3, 5, 5, 3]]);
  });
  it("keep every turn, also straight back", () => {
    expect(strokesOf([0, 1, 1, 1, 2], [5, 5, 1, 9, 9])).toEqual([[0, 5, 1, 5, 1, 1, 1, 9, 2, 9]]);
  });
  it("end where nothing was measured; a lone point is a dot", () => {
    expect(strokesOf(upTo(5), [undefined, 1, undefined, 2, 3])).toEqual([
      [1, 1, 1, 1],
      [3, 2, 4, 3],
    ]);
    expect(strokesOf(upTo(3), [undefined, undefined, undefined])).toEqual([]);
  });
  it("are cut where they get long, without a gap", () => {
    const strokes = strokesOf(upTo(200), upTo(200).map((i) => i % 2));
    expect(strokes.length).toBeGreaterThan(2);
    strokes.slice(1).forEach((stroke, i) => expect(stroke.slice(0, 2)).toEqual(strokes[i]?.slice(-2)));
  });
});
