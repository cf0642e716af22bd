import { expect, it } from "vitest";
import { firstChange } from "./line-strip";

const drawn = { times: [1, 2, 3, 4], down: [[5, 6, undefined, 8], [1, 1, 1, 1]] };

it("adds what is new when the past is as it was drawn", () => {
  expect(firstChange(drawn, { times: [2, 3, 4, 5], down: [[6, undefined, 8, 9], [1, 1, 1, 1]] })).toBe(3);
  expect(firstChange(drawn, drawn)).toBe(4);
});

it("begins anew when the past is another", () => {
  expect(firstChange(drawn, { times: [2, 3, 4], down: [[6, 7, 8], [1, 1, 1]] })).toBe(0);
  expect(firstChange(drawn, { times: [2, 4, 5], down: [[6, 8, 9], [1, 1, 1]] })).toBe(0);
  expect(firstChange(drawn, { times: [0, 1, 2], down: [[4, 5, 6], [1, 1, 1]] })).toBe(0);
  expect(firstChange(drawn, { times: [7, 8], down: [[4, 5], [1, 1]] })).toBe(0);
  expect(firstChange(drawn, { times: [], down: [[], []] })).toBe(0);
});
