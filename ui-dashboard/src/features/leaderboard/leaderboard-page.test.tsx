import { create } from "@bufbuild/protobuf";
import { screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GameSchema, GameService } from "@/gen/ops/v1/game_service_pb";
import { committedReport, serveReports } from "@/testing/reports";
import { renderScene } from "@/testing/render";
import { type Benchmark, extraWords, intervalWords, playersOf, type Standing } from "./benchmark";
import { LeaderboardPage } from "./leaderboard-page";

beforeEach(serveReports);
afterEach(() => vi.unstubAllGlobals());

const game = (player: string, score: number | undefined, init: { practice?: boolean } = {}) =>
  create(GameSchema, { gameId: `${player}${score}`, player, ...init, result: { rows: [{ player, score, mitigateS: score ? 40 : undefined, harmPct: 0.5, regretMinutes: 1 }, { player: "oracle", score: 98 }] } });

const GAMES = [game("Ana", 80), game("Ben", 90), game("Ana", 60), game("Cleo", 100, { practice: true }), create(GameSchema, { player: "Dan" })];

it("ranks the committed agents, people beside them, and tells of the agent that ships by family and scenario", async () => {
  const agents = JSON.parse(committedReport("leaderboard")) as Standing[];
  const report = JSON.parse(committedReport("benchmark")) as Benchmark;
  const { user } = renderScene(<LeaderboardPage />, { routes: ({ service }) => void service(GameService, { list: () => ({ games: GAMES }) }) });
  const table = await screen.findByRole("region", { name: "Agents by score" });
  const names = within(table).getAllByRole("rowheader").map(({ textContent }) => textContent);
  expect(names).toHaveLength(agents.length);
  expect(names.slice(0, 2)).toEqual(["oracle (the best in hindsight)", "rules (the agent that ships)"]);
  const people = await screen.findByRole("region", { name: "People by score" });
  expect(within(people).getAllByRole("rowheader").map(({ textContent }) => textContent)).toEqual(["Ben", "Ana"]);
  expect(screen.getByTestId("player-Ana").textContent).toBe("Ana70809822 of 20.5 %1min");
  const capacity = report.families.find(({ name }) => name === "capacity");
  const family = within(await screen.findByRole("region", { name: "The agent that ships, by family" })).getByRole("row", { name: /^capacity/ });
  expect(family.textContent).toContain(intervalWords(capacity?.interval?.low, capacity?.interval?.high));
  expect(family.textContent).toContain(" to ");
  await user.click(await screen.findByRole("button", { name: "By scenario" }));
  const rows = within(await screen.findByRole("region", { name: "The agent that ships, by scenario" })).getAllByRole("rowheader");
  expect(rows).toHaveLength(report.scenarios.length);
  expect(screen.getByText(/^100 × gain × care/)).toBeTruthy();
});

it("counts neither practice nor games without a result, and no score as no score", () => {
  expect(playersOf(GAMES).map(({ player, games }) => [player, games])).toEqual([["Ben", 1], ["Ana", 2]]);
  expect(playersOf([game("Eve", undefined)])[0]).toMatchObject({ score: undefined, best: undefined, troubled: 0 });
  expect([intervalWords(null, null), intervalWords(81.2, 87), extraWords(-42.99), extraWords(0)]).toEqual(["–", "81.2 to 87", "−43 %", "±0 %"]);
});
