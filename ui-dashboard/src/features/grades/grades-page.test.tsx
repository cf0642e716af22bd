import { screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { committedReport, serveReports } from "@/testing/reports";
import { renderScene } from "@/testing/render";
import { barWords, falseWords, type Grades, shareWords } from "./grades";
import { GradesPage } from "./grades-page";

beforeEach(serveReports);
afterEach(() => vi.unstubAllGlobals());

const committed = JSON.parse(committedReport("grades")) as Grades;

it("shows the committed grades, by rule and by what the URL says", async () => {
  const { user } = renderScene(<GradesPage />);
  const table = await screen.findByRole("region", { name: "Grades, by rule" });
  expect(within(table).getAllByRole("rowheader")).toHaveLength(committed.rules.length);
  const { overall } = committed;
  expect(screen.getByText(`${overall.found} of ${overall.faults} faults found`)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "By family" }));
  const families = await screen.findByRole("region", { name: "Grades, by family" });
  expect(within(families).getByRole("columnheader", { name: "Root cause first" })).toBeTruthy();
  expect(within(families).getByText("nothing to find")).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "Bars" })).getAllByText(/^(held|missed)$/)).toHaveLength(committed.bars.length);
  expect(screen.getByText(/^Harmonic mean/)).toBeTruthy();
});

it("says when a build has no report", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
  renderScene(<GradesPage />);
  expect(await screen.findByText("The grades could not be loaded.")).toBeTruthy();
});

it("keeps what was not measured apart from zero", () => {
  expect([shareWords(null), shareWords(0), shareWords(0.9917)]).toEqual(["no data", "0 %", "99.2 %"]);
  expect(falseWords({ false_per_day: 0, false_per_day_at_most: 0.5135 })).toBe("0, at most 0.51");
  expect([barWords({ at_least: 0.98, at_most: null }), barWords({ at_least: null, at_most: 10 }), barWords({ at_least: 0.75, at_most: 0.85 })]).toEqual(["≥ 0.98", "≤ 10", "0.75 to 0.85"]);
});
