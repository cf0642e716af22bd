import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Graph } from "@/features/topology/graph";
import { SimulationEventKind } from "@/gen/sim/v1/event_pb";
import { SimulationService, type SimulationServiceReplayRequest } from "@/gen/sim/v1/simulation_service_pb";
import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { aHeartbeat, aMap, anEvent, aReplay, aSample, aSnapshot, aState, RUN, START_MS } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { ReplayPage } from "./replay-page";

vi.mock(import("@/rpc/simulation"), async (original) => ({ ...(await original()), chooseSimulation: vi.fn() }));
vi.mock("@/features/topology/service-map", () => ({ default: ({ graph, onChoose }: { graph: Graph; onChoose: (id: string) => void }) => graph.services.map(({ id }) => <button key={id} onClick={() => onChoose(id)}>{`map: ${id}`}</button>) }));
vi.mock("./past-plot", () => ({ default: () => null }));

afterEach(() => window.sessionStorage.clear());

type Methods = Partial<ServiceImpl<typeof SimulationService>>;

/** A run of sixty seconds, ill from the thirtieth on. */
const SAMPLES = Array.from({ length: 60 }, (_, i) => aSample(i + 1, { gateway: { request_rate: 100, error_rate: i < 29 ? 0 : 20, latency_p99: i < 29 ? 80 : 700, replicas: 1, replicas_missing: 0 } }, i === 0 ? { map: aMap() } : {}));
const STATE = aState({ tick: 1_200n, time: timestampFromMs(START_MS + 60_000) });
const EVENT = anEvent({ tick: 600n, kind: SimulationEventKind.FAULT_STARTED, message: "memory_leak began on orders at severity 0.4000000059604645", attributes: { fault_id: "f", fault: "memory_leak", severity: "0.4" } });

function replay({ simulationId, fromTick, toTick }: Pick<SimulationServiceReplayRequest, "simulationId" | "fromTick" | "toTick">) {
  const id = simulationId === "" ? "default" : simulationId;
  const end = id === "branch" ? 800n : 1_200n;
  const last = toTick === 0n || toTick > end ? end : toTick;
  const forkedFrom = id === "branch" ? { simulationId: "default", runId: RUN, tick: 400n } : undefined;
  return aReplay({ frames: SAMPLES.filter(({ tick }) => tick >= fromTick && tick <= last), events: [EVENT], simulation: { id, displayName: id, status: SimulationStatus.RUNNING, state: STATE, forkedFrom } });
}

function open(url = "", methods: Methods = {}) {
  const list = () => ({ simulations: [{ id: "default", displayName: "default" }, { id: "branch", displayName: "branch", forkedFrom: { simulationId: "default", runId: RUN, tick: 400n } }, { id: "else", displayName: "else" }] });
  return renderScene(<ReplayPage />, { url, routes: ({ service }) => void service(SimulationService, { list, replay, ...methods }) });
}

const slider = () => screen.findByRole("slider", { name: "Moment of the run" });
const banner = async () => (await screen.findByTestId("moment-banner")).textContent;

it("shows the latest sample first, and by keys every one before, with figures and what had happened", async () => {
  const { user } = open();
  const moment = await slider();
  expect(moment.getAttribute("aria-valuetext")).toBe("1:00 of 1:00");
  expect(await banner()).toContain("You are looking at the latest sample, 1:00.");
  const figures = within(screen.getByRole("region", { name: "At this moment" }));
  expect(figures.getByText("700").textContent).toBe("700ms");
  expect(figures.getByText("Services not well").parentElement?.textContent).toContain("1of 2");
  const events = within(screen.getByRole("region", { name: "Events of default before the moment" }));
  expect(events.getByRole("button").textContent).toBe("0:30memory_leak began on orders at severity 0.4");
  moment.focus();
  await user.keyboard("{Home}{PageUp}{ArrowLeft}");
  expect(moment.getAttribute("aria-valuetext")).toBe("0:10 of 1:00");
  expect(await banner()).toContain("You are looking at 0:10 of this run; the present is 1:00.");
  expect(events.getByText("Nothing had happened yet")).toBeTruthy();
  expect(figures.getByText("80").textContent).toBe("80ms");
  expect(screen.getByText("No service is known to be unwell.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Next event" }));
  expect(moment.getAttribute("aria-valuetext")).toBe("0:30 of 1:00");
  expect(within(screen.getByRole("list", { name: "Services that are not well" })).getAllByRole("button").map(({ textContent }) => textContent)).toEqual(["gateway20 %, 700 ms"]);
  await user.click(await screen.findByRole("button", { name: "map: orders" }));
  expect((screen.getByRole("combobox", { name: "What is drawn" }) as HTMLSelectElement).value).toBe("orders");
  expect(screen.getByRole("img", { name: /^p99 latency of orders\. Highest: default no data\.$/ })).toBeTruthy();
});

it("goes where the line is pressed, and looks closer at a part", async () => {
  const ask = vi.fn(replay);
  const { user } = open("?at=400", { replay: ask });
  const moment = await slider();
  expect(moment.getAttribute("aria-valuenow")).toBe("400");
  vi.spyOn(moment, "getBoundingClientRect").mockReturnValue(new DOMRect(100, 0, 600, 20));
  fireEvent.pointerDown(moment, { clientX: 400 });
  await waitFor(() => expect(moment.getAttribute("aria-valuenow")).toBe("600"));
  await user.click(screen.getByRole("button", { name: "Look closer" }));
  await waitFor(() => expect(ask.mock.lastCall?.[0]).toMatchObject({ fromTick: 300n, toTick: 900n }));
  await waitFor(() => expect(moment.getAttribute("aria-valuemin")).toBe("300"));
  await user.click(screen.getByRole("button", { name: "Whole run" }));
  expect(moment.getAttribute("aria-valuemax")).toBe("1200");
});

it("plays the past, and stops at the end", async () => {
  const { user } = open("?at=1160");
  const moment = await slider();
  await user.click(screen.getByRole("button", { name: "16×" }));
  await user.click(screen.getByRole("button", { name: "Play the past" }));
  await waitFor(() => expect(moment.getAttribute("aria-valuenow")).toBe("1200"));
  expect(screen.getByRole("button", { name: "Play the past" })).toBeTruthy();
});

it("branches at the moment, and leads into the branch", async () => {
  const fork = vi.fn((_: object) => ({ simulation: { id: "default-branch", displayName: "What if" } }));
  const { user } = open("?at=400", { fork });
  await user.click(await screen.findByRole("button", { name: "Branch here…" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Branch default at 0:20" }));
  await user.type(dialog.getByLabelText(/^Name/), "What if");
  await user.selectOptions(dialog.getByLabelText("Speed"), "10×");
  await user.click(dialog.getByRole("button", { name: "Branch here" }));
  await user.click(await dialog.findByRole("button", { name: "Work in the branch" }));
  expect(fork.mock.calls[0]?.[0]).toMatchObject({ simulationId: "default", forkId: "default-branch", displayName: "What if", atTick: 400n, speed: 10, autostart: true });
  expect(chooseSimulation).toHaveBeenCalledWith("default-branch", "/topology/");
  await user.click(dialog.getByRole("button", { name: "Compare them" }));
  expect(chooseSimulation).toHaveBeenLastCalledWith("default-branch", "/replay/?with=default");
});

it("says why it could not branch", async () => {
  const fork = () => {
    throw new ConnectError("8 simulations exist already: delete one", Code.ResourceExhausted);
  };
  const { user } = open("", { fork });
  await user.click(await screen.findByRole("button", { name: "Branch here…" }));
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Branch here" }));
  expect((await within(screen.getByRole("dialog")).findByRole("alert")).textContent).toBe("8 simulations exist already: delete one");
});

it("compares two runs from where they part, and says where the shorter one ends", async () => {
  const { user } = open("?at=1000");
  await screen.findByRole("option", { name: "branch" });
  await user.selectOptions(screen.getByRole("combobox", { name: "Compare with" }), "branch");
  const table = within(await screen.findByRole("region", { name: "Comparison of the runs" }));
  expect(table.getAllByRole("columnheader").map(({ textContent }) => textContent)).toEqual(["What users got", "default", "branch", "Difference"]);
  expect(screen.getByTestId("comparison").textContent).toContain("from 0:20 to 0:40, since the runs part");
  expect(table.getByRole("row", { name: /^Requests of users/ }).textContent).toBe("Requests of users2,0002,000±0");
  expect(within(screen.getByTestId("past-map-branch")).getByText("This run ends at 0:40")).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "At this moment" })).getAllByText("is over")).toHaveLength(4);
  expect(screen.getByText(/the runs part at 0:20/)).toBeTruthy();
  expect(await banner()).toContain("You are looking at 0:50 of this run; the present is 1:00.");
  const [first] = within(screen.getByRole("combobox", { name: "Compare with" })).getAllByRole("group");
  expect(first?.getAttribute("label")).toBe("With the same beginning");
});

it("asks a shorter run only for what it has of a part, and shows where it ends", async () => {
  const ask = vi.fn(replay);
  open("?with=branch&from=700&to=1100&at=1000", { replay: ask });
  expect(within(await screen.findByTestId("past-map-branch")).getByText("This run ends at 0:40")).toBeTruthy();
  const parts = () => ask.mock.calls.map(([{ simulationId, fromTick, toTick }]) => `${simulationId} ${fromTick} ${toTick}`).sort();
  await waitFor(() => expect(parts()).toEqual(["branch 0 0", "branch 700 800", "default 0 0", "default 700 1100"]));
});

it("shows the whole run when a link leads beyond its end", async () => {
  open("?from=5000&to=6000&at=5500");
  expect((await slider()).getAttribute("aria-valuetext")).toBe("1:00 of 1:00");
});

it("offers a fork the run that it left", async () => {
  window.sessionStorage.setItem("microcloud.simulation", "branch");
  const { user } = open();
  expect((await screen.findByRole("list", { name: "What the marks mean" })).textContent).toContain("it left default at 0:20");
  await user.click(screen.getByRole("button", { name: "compare them" }));
  expect(await screen.findByTestId("past-map-default")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "compare them" })).toBeNull();
});

it("says that nothing was measured yet, and that nothing could be computed", async () => {
  const empty = open("", { replay: () => aReplay() });
  expect(await screen.findByText("There is no sample of this run yet")).toBeTruthy();
  empty.unmount();
  let broken = true;
  const { user } = open("", {
    replay: (request) => {
      if (broken) throw new ConnectError("the journal cannot be read", Code.Internal);
      return replay(request);
    },
  });
  expect((await screen.findByRole("alert")).textContent).toContain("the journal cannot be read");
  broken = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await slider()).toBeTruthy();
});

it("offers the beginning of a run that is too long", async () => {
  const { user } = open("", {
    replay: (request) => {
      if (request.toTick === 0n) throw new ConnectError("900 simulated minutes of 33 replicas take too long to compute again", Code.ResourceExhausted);
      return replay(request);
    },
  });
  expect((await screen.findByRole("alert")).textContent).toContain("take too long to compute again");
  await user.clear(screen.getByLabelText("First minutes of the run"));
  await user.type(screen.getByLabelText("First minutes of the run"), "0.5");
  await user.click(screen.getByRole("button", { name: "Look at them" }));
  expect((await slider()).getAttribute("aria-valuemax")).toBe("600");
});

it("notices a new run, says so, and begins with it", async () => {
  let runId = RUN;
  const { cloud } = open("?at=400", {
    replay: (request) => {
      const answer = replay(request);
      if (runId === RUN) return answer;
      const startedAt = timestampFromMs(START_MS + 90_000);
      return aReplay({ frames: [aSample(91, { gateway: { request_rate: 1 } }, { runId, tick: 20n, map: aMap() })], simulation: { id: "default", displayName: "default", state: aState({ runId, tick: 20n, startedAt }) } });
    },
  });
  expect((await slider()).getAttribute("aria-valuenow")).toBe("400");
  act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: STATE }) }]));
  runId = "next";
  act(() => cloud.apply([{ kind: "heartbeat", message: aHeartbeat({ state: aState({ runId, tick: 25n, startedAt: timestampFromMs(START_MS + 90_000) }) }) }]));
  expect(await screen.findByText(/began a new run meanwhile/)).toBeTruthy();
  await waitFor(async () => expect((await slider()).getAttribute("aria-valuenow")).toBe("20"));
});

it("has no branches and no comparison in a blind game", async () => {
  open("", { replay: () => aReplay({ frames: [aSample(1, { gateway: { request_rate: 1 } }, { map: aMap() })], events: [EVENT], simulation: { id: "game-1", displayName: "game-1", state: aState({ scenario: "game" }) } }) });
  expect((await screen.findAllByText(/faults are not shown until it is finished/)).length).toBe(2);
  expect(screen.queryByRole("button", { name: "Branch here…" })).toBeNull();
  expect(screen.queryByText(/memory_leak/)).toBeNull();
});
