import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { SimulationStatus } from "@/gen/sim/v1/state_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { aState } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { saveFile } from "@/ui/save-file";
import { idOfSimulation, simulationIdProblem } from "./simulation-ids";
import { SimulationsPage } from "./simulations-page";

vi.mock(import("@/rpc/simulation"), async (original) => ({ ...(await original()), chooseSimulation: vi.fn() }));
vi.mock(import("@/ui/save-file"), () => ({ saveFile: vi.fn() }));

const LIST = [
  { id: "default", displayName: "default", status: SimulationStatus.RUNNING, replicas: 33n, state: aState() },
  { id: "try", displayName: "A try", status: SimulationStatus.STOPPED, replicas: 12n, forkedFrom: { simulationId: "default", tick: 4_000n } },
];

type Methods = Partial<ServiceImpl<typeof SimulationService>>;

function open(methods: Methods = {}, url = "") {
  const routes = (router: ConnectRouter) => {
    router.service(SimulationService, { list: () => ({ simulations: LIST }), ...methods });
    router.service(ControlService, { listScenarios: () => ({ scenarios: [{ name: "normal", family: "benign" }, { name: "payday", family: "load" }] }) });
  };
  return renderScene(<SimulationsPage />, { url, routes });
}

it("lists them with what can be done, and stops, starts and shows one", async () => {
  const [stop, start] = [vi.fn(() => ({})), vi.fn(() => ({}))];
  const { user } = open({ stop, start });
  const line = within(await screen.findByTestId("simulation-default"));
  expect(line.getByText("running")).toBeTruthy();
  expect((line.getByRole("button", { name: "Delete default" }) as HTMLButtonElement).disabled).toBe(true);
  await user.click(line.getByRole("button", { name: "Stop default" }));
  const other = within(screen.getByTestId("simulation-try"));
  expect(other.getByText("default, tick 4,000")).toBeTruthy();
  expect((other.getByRole("button", { name: "Fork try" }) as HTMLButtonElement).disabled).toBe(true);
  await user.click(other.getByRole("button", { name: "Start try" }));
  await waitFor(() => expect(start).toHaveBeenCalledOnce());
  expect(stop).toHaveBeenCalledWith(expect.objectContaining({ simulationId: "default" }), expect.anything());
  await user.click(other.getByRole("button", { name: "Show try in this tab" }));
  expect(chooseSimulation).toHaveBeenCalledWith("try");
  await user.click(other.getByRole("button", { name: "Look at the past of try" }));
  expect(chooseSimulation).toHaveBeenLastCalledWith("try", "/replay/");
});

it("creates one of a scenario, under an id that is free", async () => {
  const create = vi.fn((request: { simulationId: string; displayName: string }) => ({ simulation: { id: request.simulationId, displayName: "Payday" } }));
  const { user } = open({ create }, "?add=new");
  const form = within(await screen.findByRole("region", { name: "New simulation" }));
  await waitFor(() => expect(form.getAllByRole("option", { name: "payday" })).toHaveLength(1));
  await user.selectOptions(form.getByLabelText(/^Scenario/), "payday");
  await user.clear(form.getByLabelText(/^Id/));
  await user.type(form.getByLabelText(/^Id/), "try");
  await user.click(form.getByRole("button", { name: "Create" }));
  expect(form.getByRole("alert").textContent).toContain("try is there already");
  await user.type(form.getByLabelText(/^Id/), "-2");
  await user.type(form.getByLabelText(/^Seed/), "7");
  await user.click(form.getByRole("button", { name: "Create" }));
  expect(await screen.findByText("Payday is there")).toBeTruthy();
  expect(create.mock.calls[0]?.[0]).toMatchObject({ simulationId: "try-2", source: { case: "scenario", value: "payday" }, seed: 7n, autostart: true });
});

it("forks, records, and deletes after a question", async () => {
  const [fork, remove] = [vi.fn((_: object) => ({ simulation: { displayName: "default-fork" } })), vi.fn(() => ({}))];
  const { user } = open({ fork, delete: remove, save: () => ({ recording: new Uint8Array([1, 2]), tick: 99n }) });
  await user.click(await screen.findByRole("button", { name: "Fork default" }));
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Fork" }));
  expect(await screen.findByText("default-fork is there")).toBeTruthy();
  expect(fork.mock.calls[0]?.[0]).toMatchObject({ simulationId: "default", forkId: "default-fork" });
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await user.click(screen.getByRole("button", { name: "Save a recording of default" }));
  await waitFor(() => expect(saveFile).toHaveBeenCalledWith("default.mcr", new Uint8Array([1, 2]), "application/octet-stream"));
  await user.click(screen.getByRole("button", { name: "Delete try" }));
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(remove).toHaveBeenCalledWith(expect.objectContaining({ simulationId: "try" }), expect.anything()));
});

it("restores a recording, and says why it could not", async () => {
  const restore = vi.fn(() => {
    throw new ConnectError("not a recording at all", Code.InvalidArgument);
  });
  const { user } = open({ restore }, "?add=file");
  const form = within(await screen.findByRole("region", { name: "Restore a recording" }));
  await user.click(form.getByRole("button", { name: "Restore" }));
  expect(form.getByRole("alert").textContent).toBe("Choose a recording.");
  await user.upload(form.getByLabelText(/^Recording/), new File([new Uint8Array([7])], "night.mcr"));
  expect((form.getByLabelText(/^Id/) as HTMLInputElement).value).toBe("night");
  await user.click(form.getByRole("button", { name: "Restore" }));
  expect(await screen.findByText("not a recording at all")).toBeTruthy();
});

it("knows what an id may be", () => {
  expect(idOfSimulation("My_Cloud!", ["my-cloud"])).toBe("my-cloud-2");
  expect(idOfSimulation("__", [])).toBe("simulation");
  expect(idOfSimulation("default", [])).toBe("default-2");
  for (const id of ["", "-a", "a-", "A", "a_b", "a".repeat(64)]) expect(simulationIdProblem(id, [])).toBeDefined();
  expect(simulationIdProblem("a".repeat(63), [])).toBeUndefined();
});
