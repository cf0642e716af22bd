import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { ControlService, InjectFaultResponseSchema, type InjectFaultRequest, ResetResponseSchema, type ResetRequest, ScenarioSummarySchema } from "@/gen/sim/v1/control_service_pb";
import { aSnapshot, aState } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { ControlBar } from "./control-bar";
import { isHeldBack } from "./effective-speed";
import { parseSeed } from "./reset-dialog";
import { byFamily } from "./scenario-families";
import { SimulationPage } from "./simulation-page";

const KINDS = [
  { kind: "node_crash", targets: [TargetKind.NODE], description: "The node stops." },
  { kind: "slow_dependency", targets: [TargetKind.SERVICE], description: "Answers take longer." },
];

const snapshot = { kind: "snapshot", message: aSnapshot() } as const;

const routes = (inject?: (request: InjectFaultRequest) => void, reset?: (request: ResetRequest) => void) => (router: ConnectRouter) => {
  router.service(ControlService, {
    listScenarios: () => ({ scenarios: [{ name: "cascade_failure", description: "It cascades.", family: "cascade", durationS: 600 }, { name: "normal", description: "A day." }] }),
    setScenario: ({ scenario }) => ({ state: aState({ scenario }) }),
    pause: () => ({ state: aState({ playing: false }) }),
    step: () => ({ state: aState({ playing: false, tick: 101n }) }),
    setSpeed: () => {
      throw new ConnectError("Speed must be between 0.1 and 1000.", Code.InvalidArgument);
    },
    reset: (request) => {
      reset?.(request);
      return create(ResetResponseSchema, { state: aState({ runId: "next" }) });
    },
    listFaults: () => ({ faults: [], kinds: KINDS }),
    injectFault: (request) => {
      inject?.(request);
      return create(InjectFaultResponseSchema, { fault: { spec: request.fault, startedTick: 1n } });
    },
  });
};

describe("the scenarios", () => {
  const summary = (name: string, family: string, difficulty = 1) => create(ScenarioSummarySchema, { name, family, difficulty });

  it("stand by family, the easy ones first, and families nobody knows last", () => {
    const families = byFamily([summary("zz", "metastable", 4), summary("own", "our_own"), summary("b", "load", 2), summary("a", "load", 3), summary("c", "load", 2), summary("quiet", "benign", 0)]);
    expect(families.map(({ title, members }) => [title, ...members.map(({ name }) => name)])).toEqual([
      ["Benign", "quiet"],
      ["Load", "b", "c", "a"],
      ["Metastable", "zz"],
      ["Our own", "own"],
    ]);
  });
});

describe("the control bar", () => {
  it("has nothing to press before the simulation is known", () => {
    renderScene(<ControlBar />, { routes: routes() });
    expect(screen.getByRole("button", { name: "Play the simulation" })).toHaveProperty("disabled", true);
    expect(screen.getByLabelText("Scenario")).toHaveProperty("disabled", true);
  });

  it("switches the scenario and shows the answer at once", async () => {
    const { cloud, user } = renderScene(<ControlBar />, { routes: routes() });
    act(() => cloud.apply([snapshot]));
    await screen.findByRole("option", { name: "cascade_failure" });
    await user.selectOptions(screen.getByLabelText("Scenario"), "cascade_failure");
    await waitFor(() => expect(cloud.getState().simulation?.scenario).toBe("cascade_failure"));
  });

  it("pauses, and steps only while paused", async () => {
    const { cloud, user } = renderScene(<ControlBar />, { routes: routes() });
    act(() => cloud.apply([snapshot]));
    expect(screen.getByRole("button", { name: "Step one tick" })).toHaveProperty("disabled", true);
    await user.click(screen.getByRole("button", { name: "Pause the simulation" }));
    await user.click(await screen.findByRole("button", { name: "Step one tick" }));
    await waitFor(() => expect(cloud.getState().simulation?.tick).toBe(101n));
  });

  it("says why a control was refused", async () => {
    const { cloud, user } = renderScene(<ControlBar />, { routes: routes() });
    act(() => cloud.apply([snapshot]));
    await user.selectOptions(screen.getByLabelText("Speed"), "10");
    expect(await screen.findByText("Speed must be between 0.1 and 1000.")).toBeTruthy();
  });

  it("asks before it ends a run, and takes only a seed that fits", async () => {
    const reset = vi.fn();
    const { cloud, user } = renderScene(<ControlBar />, { routes: routes(undefined, reset) });
    act(() => cloud.apply([snapshot]));
    await user.click(screen.getByRole("button", { name: "Reset the simulation" }));
    const dialog = await screen.findByRole("dialog");
    const seed = within(dialog).getByLabelText(/Seed/);
    await user.clear(seed);
    await user.type(seed, "-1");
    await user.click(within(dialog).getByRole("button", { name: "Reset" }));
    expect(within(dialog).getByRole("alert").textContent).toContain("whole number");
    await user.clear(seed);
    await user.type(seed, "7");
    await user.click(within(dialog).getByRole("button", { name: "Reset" }));
    await waitFor(() => expect(reset).toHaveBeenCalledWith(expect.objectContaining({ seed: 7n })));
  });
});

describe("the simulation page", () => {
  it("injects a fault into a target that its kind accepts", async () => {
    const inject = vi.fn();
    const { cloud, user } = renderScene(<SimulationPage />, { routes: routes(inject) });
    act(() => cloud.apply([snapshot]));
    await screen.findByRole("option", { name: "slow_dependency" });
    expect(screen.getAllByRole("option").map(({ textContent }) => textContent)).toContain("node-a1 (node)");
    await user.selectOptions(screen.getByLabelText(/Kind/), "slow_dependency");
    await user.selectOptions(screen.getByLabelText(/Target/), "orders (service)");
    await user.type(screen.getByLabelText(/Severity/), "2");
    await user.click(screen.getByRole("button", { name: "Inject" }));
    expect(screen.getByRole("alert").textContent).toContain("up to 1");
    await user.clear(screen.getByLabelText(/Severity/));
    await user.type(screen.getByLabelText(/Severity/), "0.5");
    await user.click(screen.getByRole("button", { name: "Inject" }));
    await waitFor(() => expect(inject).toHaveBeenCalledTimes(1));
    expect(inject.mock.calls[0]?.[0].fault).toMatchObject({ kind: "slow_dependency", target: { kind: TargetKind.SERVICE, id: "orders" }, severity: 0.5, durationS: 0 });
  });

  it("says that nothing is broken, and that no simulation is known", async () => {
    const { cloud } = renderScene(<SimulationPage />, { routes: routes() });
    expect(await screen.findByText("Nothing is broken on purpose")).toBeTruthy();
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: undefined }) }]));
    expect(await screen.findByText("No simulation is known")).toBeTruthy();
  });
});

it("seeds are whole numbers of 64 bits", () => {
  expect(parseSeed(" 42 ")).toBe(42n);
  expect(parseSeed("18446744073709551615")).toBe(18446744073709551615n);
  expect(parseSeed("18446744073709551616")).toBeUndefined();
  expect(parseSeed("1.5")).toBeUndefined();
  expect(parseSeed("")).toBeUndefined();
});

it("a simulation is held back when it is slower than asked, not when it is paused", () => {
  expect(isHeldBack(aState({ speed: 100, effectiveSpeed: 40 }))).toBe(true);
  expect(isHeldBack(aState({ speed: 100, effectiveSpeed: 99 }))).toBe(false);
  expect(isHeldBack(aState({ speed: 100, effectiveSpeed: 0, playing: false }))).toBe(false);
});
