import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RecentEvents } from "@/features/overview/recent-events";
import { ControlBar } from "@/features/simulation/control-bar";
import { SimulationPage } from "@/features/simulation/simulation-page";
import { ActionStatus, ActionType } from "@/gen/ops/v1/action_pb";
import { ActionService } from "@/gen/ops/v1/action_service_pb";
import { type Game, GameSchema, GameService, type GameServiceFinishRequest, type GameServiceReplayRequest, type GameServiceStartRequest } from "@/gen/ops/v1/game_service_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { anAction, anEvent, anIncident, aSnapshot, aState, START_MS } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { rememberDrill, useDrillStore } from "./drill-store";
import { DRILLS } from "./drills";
import { GamePage } from "./game-page";
import GameStatus from "./game-status";
import { span } from "./game-words";
import { PlayingCard } from "./playing-card";

vi.mock(import("@/rpc/simulation"), async (original) => ({ ...(await original()), chooseSimulation: vi.fn() }));

const place = { pathname: "/", params: new URLSearchParams() };
vi.mock("next/navigation", () => ({ usePathname: () => place.pathname, useSearchParams: () => place.params }));

const GAME = "77777777-7777-5777-8777-777777777777";

const aGame = (init: Exclude<MessageInitShape<typeof GameSchema>, Game> = {}): Game =>
  create(GameSchema, { gameId: GAME, simulationId: "game-1", player: "Ana", startedAt: timestampFromMs(START_MS), lengthS: 720, ...init });

const RESULT = {
  scenario: "slow_queries",
  description: "Carts take longer.",
  family: "data_tier",
  difficulty: 2,
  seed: 7n,
  onsetS: 60,
  rootCause: "service orders-db",
  rows: [
    { player: "Ana", score: 71.26, detectS: 4, mitigateS: 95, held: true, sloMinutes: 1.5, badPct: 3, harmPct: 0, coreHours: 15, regretMinutes: 0.5, deeds: [{ atS: 80, what: "scale up service orders-db by 2" }] },
    { player: "nobody", score: 0, held: false, sloMinutes: 10, badPct: 40 },
    { player: "rules", score: 90, mitigateS: 40, held: true, deeds: [{ atS: 20, what: "scale up service orders-db by 2" }] },
    { player: "oracle", score: 100, mitigateS: 31, held: true, deeds: [{ atS: 15, what: "scale up service orders-db by 2" }] },
  ],
};

interface Answers {
  readonly games?: Game[];
  readonly start?: (request: GameServiceStartRequest) => Game;
  readonly finish?: (request: GameServiceFinishRequest) => Game;
  readonly replay?: (request: GameServiceReplayRequest) => { simulationId: string };
}

const routes = ({ games = [], start, finish, replay }: Answers) => (router: ConnectRouter) => {
  router.service(GameService, {
    list: () => ({ games }),
    get: () => ({ game: games[0] }),
    start: (request) => ({ game: start?.(request) }),
    finish: (request) => ({ game: finish?.(request) }),
    ...(replay && { replay }),
  });
  router.service(ControlService, {
    listScenarios: () => ({ scenarios: [{ name: "slow_queries", family: "data_tier", difficulty: 2, description: "Carts take longer." }] }),
    listFaults: () => ({ faults: [{ spec: { id: "f", kind: "memory_leak", target: { id: "payment" } } }], kinds: [] }),
  });
  router.service(ActionService, {});
};

const playing = (init: Parameters<typeof aState>[0] = {}) => ({ kind: "snapshot", message: aSnapshot({ state: aState({ simulationId: "game-1", scenario: "game", time: timestampFromMs(START_MS + 252_000), ...init }) }) }) as const;

beforeEach(() => {
  localStorage.setItem("microcloud.operator", "Ana");
  vi.mocked(chooseSimulation).mockClear();
  useDrillStore.setState({ byGame: {} });
  place.pathname = "/";
  place.params = new URLSearchParams();
});
afterEach(() => window.sessionStorage.clear());

describe("a game", () => {
  it("begins blind, in the operator's name, and takes the tab along", async () => {
    const start = vi.fn(() => aGame());
    const { user } = renderScene(<GamePage />, { routes: routes({ start }) });
    await user.selectOptions(await screen.findByLabelText("Family"), await screen.findByRole("option", { name: "Data tier" }));
    await user.selectOptions(screen.getByLabelText("Difficulty"), "2 of 5");
    await user.click(screen.getByRole("button", { name: "Begin" }));
    await waitFor(() => expect(chooseSimulation).toHaveBeenCalledWith("game-1", "/"));
    expect(start.mock.calls[0]).toMatchObject([{ player: "Ana", family: "data_tier", difficulty: 2, scenario: "", speed: 2 }]);
  });

  it("says why it did not begin", async () => {
    const start = () => {
      throw new ConnectError("4 simulations run already: delete one", Code.ResourceExhausted);
    };
    const { user } = renderScene(<GamePage />, { routes: routes({ start }) });
    await user.click(await screen.findByRole("button", { name: "Begin" }));
    expect(await screen.findByText("4 simulations run already: delete one")).toBeTruthy();
    expect(chooseSimulation).not.toHaveBeenCalled();
  });

  it("shows how much of it is over, and is given up only after a second thought", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    const finish = vi.fn(() => aGame({ gaveUp: true }));
    const { cloud, user } = renderScene(<GameStatus />, { routes: routes({ games: [aGame()], finish }) });
    act(() => cloud.apply([playing()]));
    await waitFor(() => expect(screen.getByTestId("game-bar").textContent).toContain("Game day: 4:12 of 12:00, Ana"));
    await user.click(screen.getByRole("button", { name: "Give up…" }));
    expect(finish).not.toHaveBeenCalled();
    await user.click(await screen.findByRole("button", { name: "End and score it" }));
    await waitFor(() => expect(chooseSimulation).toHaveBeenCalledWith("default", `/game/?id=${GAME}`));
    expect(finish.mock.calls[0]).toMatchObject([{ gameId: GAME, giveUp: true }]);
  });

  it("is finished when its time is over", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    const finish = vi.fn(() => aGame());
    const { cloud, user } = renderScene(<GameStatus />, { routes: routes({ games: [aGame()], finish }) });
    act(() => cloud.apply([playing({ time: timestampFromMs(START_MS + 721_000) })]));
    await user.click(await screen.findByRole("button", { name: "Finish" }));
    await waitFor(() => expect(finish.mock.calls[0]).toMatchObject([{ gameId: GAME, giveUp: false }]));
  });

  it("that is over stands beside nobody, the agent and the best, and says what it was", async () => {
    renderScene(<GamePage />, { routes: routes({ games: [aGame({ finishedAt: timestampFromMs(START_MS), result: RESULT })] }), url: `?id=${GAME}` });
    expect((await screen.findByTestId("game-score")).textContent).toBe("71.3 of 100");
    expect(screen.getByText("The trouble was mitigated after 1 min 35 s; in hindsight 31 s were possible. The objectives held under the burst in the end.")).toBeTruthy();
    const table = within(screen.getByRole("region", { name: "Results of every player" }));
    expect(table.getAllByRole("rowheader").map(({ textContent }) => textContent)).toEqual(["Ana", "Nobody", "The agent", "The best in hindsight"]);
    expect(screen.getByTestId("result-1").textContent).toContain("never");
    expect(within(screen.getByRole("region", { name: "What it was" })).getByText("service orders-db")).toBeTruthy();
    expect(within(screen.getByRole("region", { name: "Ana" })).getByText("1:20")).toBeTruthy();
    expect(within(screen.getByRole("region", { name: "Nobody" })).getByText("did nothing")).toBeTruthy();
  });

  it("that is over can be watched again, the others beside the player", async () => {
    const replay = vi.fn(({ player }: { player: string }) => ({ simulationId: `replay-${player.toLowerCase()}` }));
    const { user } = renderScene(<GamePage />, { routes: routes({ games: [aGame({ finishedAt: timestampFromMs(START_MS), result: RESULT })], replay }), url: `?id=${GAME}` });
    await user.click(await screen.findByRole("button", { name: "Watch Ana" }));
    await waitFor(() => expect(chooseSimulation).toHaveBeenLastCalledWith("replay-ana", "/replay/"));
    await user.click(screen.getByRole("button", { name: "Watch The best in hindsight" }));
    await waitFor(() => expect(chooseSimulation).toHaveBeenLastCalledWith("replay-oracle", "/replay/?with=replay-ana"));
    expect(replay.mock.calls.map(([request]) => request)).toMatchObject([{ gameId: GAME, player: "Ana" }, { player: "oracle" }, { player: "Ana" }]);
  });

  it("says why it cannot be watched", async () => {
    const replay = () => {
      throw new ConnectError("8 simulations exist already: delete one", Code.ResourceExhausted);
    };
    const { user } = renderScene(<GamePage />, { routes: routes({ games: [aGame({ finishedAt: timestampFromMs(START_MS), result: RESULT })], replay }), url: `?id=${GAME}` });
    await user.click(await screen.findByRole("button", { name: "Watch Nobody" }));
    expect(await screen.findByText("8 simulations exist already: delete one")).toBeTruthy();
    expect(chooseSimulation).not.toHaveBeenCalled();
  });

  it("is listed, and one that nobody has finished can be gone to", async () => {
    const games = [aGame(), aGame({ gameId: "old", player: "Ben", finishedAt: timestampFromMs(START_MS), practice: true, result: RESULT })];
    const { user } = renderScene(<GamePage />, { routes: routes({ games }) });
    expect((await screen.findByTestId("game-old")).textContent).toContain("slow_queriespractice71.31 min 35 s0 %");
    await user.click(screen.getByRole("button", { name: "Go to the game of Ana" }));
    expect(chooseSimulation).toHaveBeenCalledWith("game-1", "/game/");
  });
});

describe("a blind game", () => {
  const fault = anEvent({ id: "fault", kind: SimulationEventKind.FAULT_STARTED, message: "memory_leak strikes payment" });

  it("tells of no fault anywhere, and says so", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    const { cloud } = renderScene(<SimulationPage />, { routes: routes({ games: [aGame()] }) });
    act(() => cloud.apply([{ kind: "event", message: fault }, playing(), { kind: "event", message: { ...fault, id: "later" } }, { kind: "event", message: anEvent() }]));
    expect(await screen.findByText("orders is degraded")).toBeTruthy();
    expect(screen.queryByText(/memory_leak/)).toBeNull();
    expect(screen.getAllByText(/faults are not shown until it is finished/).length).toBe(2);
    expect(screen.queryByRole("region", { name: "Scenarios" })).toBeNull();
    expect(screen.queryByRole("region", { name: "Inject a fault" })).toBeNull();
  });

  it("lets nobody switch the scenario or begin anew", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    const { cloud } = renderScene(<ControlBar />, { routes: routes({ games: [aGame()] }) });
    act(() => cloud.apply([playing()]));
    expect(screen.queryByRole("combobox", { name: "Scenario" })).toBeNull();
    expect(screen.queryByRole("button", { name: /new run/i })).toBeNull();
  });

  it("hides nothing of another simulation", () => {
    const { cloud } = renderScene(<RecentEvents />);
    act(() => cloud.apply([playing({ scenario: "normal", simulationId: "default" }), { kind: "event", message: fault }]));
    expect(screen.getByText("memory_leak strikes payment")).toBeTruthy();
  });
});

describe("a drill", () => {
  it("is remembered, and its scenario is asked for", async () => {
    const start = vi.fn(() => aGame({ practice: true }));
    const { user } = renderScene(<GamePage />, { routes: routes({ start }) });
    await user.click(await screen.findByRole("button", { name: "Begin the drill: Heal the cause, not the symptom" }));
    await waitFor(() => expect(start.mock.calls[0]).toMatchObject([{ scenario: "cascade_failure" }]));
    await waitFor(() => expect(useDrillStore.getState().byGame[GAME]).toEqual({ drill: "cascade", done: [] }));
  });

  it("notices by itself what was done, and never forgets it", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    rememberDrill(GAME, "cascade");
    const incident = anIncident();
    const { cloud } = renderScene(<GameStatus />, { routes: routes({ games: [aGame({ practice: true })] }) });
    act(() => cloud.apply([playing({ scenario: "cascade_failure" }), { kind: "incident", message: incident }]));
    expect((await screen.findByTestId("drill-step")).textContent).toContain("Step 1 of 5Open the incident");
    place.pathname = "/incidents/";
    place.params = new URLSearchParams({ id: incident.id });
    act(() => cloud.apply([{ kind: "action", message: anAction({ type: ActionType.RESTART_SERVICE, targetId: "payment", status: ActionStatus.APPROVED, version: 2n }) }]));
    await waitFor(() => expect(screen.getByTestId("drill-step").textContent).toContain("Step 2 of 5Find the cause on the map"));
    expect(useDrillStore.getState().byGame[GAME]?.done).toEqual(["open", "approve"]);
    place.pathname = "/";
    expect(screen.getByTestId("drill-step").textContent).toContain("Step 2 of 5");
  });

  it("goes on when something was approved before the look ahead was there, and says so", async () => {
    window.sessionStorage.setItem("microcloud.simulation", "game-1");
    rememberDrill(GAME, "cascade");
    useDrillStore.getState().note(GAME, ["open", "map", "approve"]);
    const game = aGame({ practice: true });
    const { cloud } = renderScene(
      <>
        <GameStatus />
        <PlayingCard game={game} />
      </>,
      { routes: routes({ games: [game] }) },
    );
    act(() => cloud.apply([playing({ scenario: "cascade_failure" }), { kind: "incident", message: anIncident() }]));
    expect((await screen.findByTestId("drill-step")).textContent).toContain("Step 5 of 5See it heal");
    const steps = () => within(screen.getByRole("list", { name: "Steps of the drill" })).getAllByRole("listitem");
    expect(steps()[2]?.textContent).toContain("passed overIt was approved before the look ahead was there.");
    expect(steps()[4]?.getAttribute("aria-current")).toBe("step");
    act(() => cloud.apply([{ kind: "incident", message: anIncident({ resolved: true, revision: 9n }) }]));
    await waitFor(() => expect(screen.getByTestId("drill-step").textContent).toContain("4 of 5 steps done."));
  });

  it.each(DRILLS)("$id ends with something healed, and every step leads somewhere", ({ steps }) => {
    const facts = { pathname: "/", params: new URLSearchParams(), previewed: false, incidents: new Map(), actions: new Map(), known: true, done: [] };
    expect(steps.filter(({ isDone }) => isDone(facts))).toEqual([]);
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    const last = steps.at(-1);
    const after = (resolved: boolean) => ({ ...facts, done: ["approve"], incidents: new Map([["i", anIncident({ id: "i", resolved })]]) });
    expect([last?.isDone(after(false)), last?.isDone(after(true)), last?.isDone({ ...after(true), known: false })]).toEqual([false, true, false]);
    for (const { href } of steps) expect(href).toMatch(/^\/([a-z]+\/)?(\?|$)/);
  });
});

it("an axis holds the ten minutes that count, and whatever was done before", () => {
  const { rows } = create(GameSchema, { result: RESULT }).result ?? { rows: [] };
  expect(span(rows)).toEqual({ from: 0, to: 600 });
});
