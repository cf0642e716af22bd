import { screen, waitFor, within } from "@testing-library/react";
import type { ConnectRouter } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationService, type SimulationServiceCreateRequest } from "@/gen/sim/v1/simulation_service_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { renderScene } from "@/testing/render";
import { createDraftStore } from "./draft-store";
import { EditorPage } from "./editor-page";
import { draftOfSketch, SKETCHES } from "./starts";

// The canvas needs a layout and a worker; journeys draw on it.
vi.mock("./editor-canvas", () => ({ default: () => null }));
vi.mock(import("@/rpc/simulation"), async (original) => ({ ...(await original()), chooseSimulation: vi.fn() }));

const TIERS = SKETCHES[1] ?? expect.fail();
const TOPOLOGY = "topologies/three_tiers.yaml";

/** An engine that finds nothing wrong, and notes what it is to create. */
function anEngine(created: SimulationServiceCreateRequest[] = []) {
  return (router: ConnectRouter) => {
    router.service(SimulationService, {
      list: () => ({ simulations: [{ id: "default" }, { id: "three-tiers" }] }),
      validate: () => ({ size: { services: 4, replicas: 6, nodes: 2, edges: 3 } }),
      create: (request) => {
        created.push(request);
        return { simulation: { id: request.simulationId, displayName: request.displayName } };
      },
    });
    router.service(ControlService, {
      listScenarios: () => ({ scenarios: [{ name: "normal", family: "benign" }] }),
      getScenario: ({ name }) => ({ bundle: { name, files: { [`${name}.yaml`]: TIERS.scenario, [TOPOLOGY]: TIERS.topology } } }),
    });
  };
}

function open(url = "", routes = anEngine()) {
  const drafts = createDraftStore();
  const onUrl = vi.fn();
  const scene = renderScene(<EditorPage drafts={drafts} />, { url, routes, onUrl });
  return { ...scene, drafts, onUrl, text: () => drafts.store.getState().draft?.files[TOPOLOGY] ?? "" };
}

it("begins with a sketch, and keeps it in the browser", async () => {
  const { user, drafts } = open();
  await user.click(await screen.findByRole("button", { name: /Three tiers/ }));
  expect(await screen.findByText("Kept in this browser")).toBeTruthy();
  expect(JSON.parse(localStorage.getItem("microcloud.draft") ?? "{}")).toMatchObject({ name: "three_tiers" });
  expect(drafts.store.getState().draft).toEqual(draftOfSketch(TIERS));
  expect(await screen.findByText("The engine would take it")).toBeTruthy();
  expect(screen.getByTestId("editor-status").textContent).toContain("4 services, 6 replicas, 3 calls, 2 nodes");
});

it("opens a scenario that the URL names", async () => {
  const { drafts } = open("?scenario=normal");
  await waitFor(() => expect(drafts.store.getState().draft?.name).toBe("normal"));
});

it("sets specs and policies, renames, and takes it all back", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const { user, text } = open("?service=api");
  const before = text();
  const inspector = within(await screen.findByTestId("service-inspector"));
  await user.clear(inspector.getByLabelText(/^Replicas/));
  await user.type(inspector.getByLabelText(/^Replicas/), "5");
  expect(text()).toContain("    replicas: 5");
  await user.type(inspector.getByLabelText(/^CPU, cores/), "x");
  expect(inspector.getByRole("alert").textContent).toBe("Write a number.");
  await user.clear(inspector.getByLabelText(/^CPU, cores/));
  await user.selectOptions(inspector.getByLabelText(/Balancing/), "least connections");
  await user.click(inspector.getByLabelText("Liveness probe"));
  expect(text()).toContain("balancing: least_connections");
  expect(text()).toContain("liveness:");

  const name = inspector.getByLabelText(/^Name/);
  await user.clear(name);
  await user.type(name, "cache{Enter}");
  expect(text()).toContain("id: api");
  await user.clear(name);
  await user.type(name, "backend{Enter}");
  expect(text()).toContain("{to: backend, timeout_ms: 3000, retries: 0}");

  const undo = screen.getByRole("button", { name: "Undo" });
  while (!(undo as HTMLButtonElement).disabled) await user.click(undo);
  expect(text()).toBe(before);
});

it("adds from the palette, connects by keyboard, and never in a circle", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const { user, text } = open();
  await user.click(await screen.findByRole("button", { name: "Add: message queue" }));
  expect(text()).toContain("  - id: message-queue\n    profile: message_queue");
  const inspector = within(await screen.findByRole("region", { name: "Service message-queue" }));
  await user.selectOptions(inspector.getByLabelText("Whom message-queue is to call"), "db");
  await user.click(inspector.getByRole("button", { name: "Let message-queue call db" }));
  const call = within(await inspectCall(user, inspector.getByRole("button", { name: "db" })));
  await user.click(call.getByLabelText("Circuit breaker"));
  await user.click(call.getByLabelText(/asynchronous/));
  expect(text()).toContain("      - {to: db, breaker: {}, asynchronous: true}");
  await user.click(call.getByRole("button", { name: "db" }));
  const callees = within(await screen.findByRole("region", { name: "Service db" }));
  // Everybody calls the database; it can call the cache, which calls nobody.
  expect(within(callees.getByLabelText("Whom db is to call")).getAllByRole("option").map(({ textContent }) => textContent)).toEqual(["cache"]);
});

async function inspectCall(user: ReturnType<typeof renderScene>["user"], button: HTMLElement): Promise<HTMLElement> {
  await user.click(button);
  return screen.findByTestId("call-inspector");
}

it("shows what the engine complains about where it belongs, and does not simulate that", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const line = TIERS.topology.split("\n").findIndex((text) => text.includes("{to: db")) + 1;
  const routes = (router: ConnectRouter) => void router.service(SimulationService, { list: () => ({}), validate: () => ({ problems: [{ file: TOPOLOGY, line, message: "the engine says no" }] }) });
  const { user, onUrl } = open("", routes);
  await user.click(await screen.findByRole("button", { name: /the engine says no.*three_tiers.yaml, line/ }));
  expect(onUrl).toHaveBeenLastCalledWith(expect.objectContaining({ queryString: expect.stringMatching(/call=api(%3E|>)db/) }));
  expect(within(await screen.findByTestId("call-inspector")).getByText("the engine says no")).toBeTruthy();
  expect((screen.getByRole("button", { name: /Simulate/ }) as HTMLButtonElement).disabled).toBe(true);
});

it("says when the engine cannot look through it, and goes on with what it knows itself", async () => {
  const draft = draftOfSketch(TIERS);
  localStorage.setItem("microcloud.draft", JSON.stringify({ ...draft, files: { ...draft.files, [TOPOLOGY]: TIERS.topology.replace("{to: cache", "{to: nobody") } }));
  open("", () => undefined);
  expect(await screen.findByText(/The engine could not look through it/)).toBeTruthy();
  expect(screen.getByText('there is no service "nobody"')).toBeTruthy();
});

it("edits machines, traffic and the text itself", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const { user, drafts, text } = open("?view=nodes");
  const zone = within(await screen.findByRole("region", { name: "Zone zone-b" }));
  await user.click(zone.getByRole("button", { name: "Add a node" }));
  expect(text()).toContain("  - {id: node-b2, zone: zone-b, cpu_cores: 16, memory_gb: 64}");
  await user.click(screen.getByRole("button", { name: "Traffic and scenario" }));
  await user.selectOptions(await screen.findByLabelText(/^Shape/), "A spike");
  await user.clear(screen.getByLabelText(/^Peak, req\/s/));
  await user.type(screen.getByLabelText(/^Peak, req\/s/), "900");
  expect(drafts.store.getState().draft?.files["three_tiers.yaml"]).toContain("peak_rps: 900");
  await user.click(screen.getByRole("button", { name: "Files" }));
  await user.type(await screen.findByLabelText("three_tiers.yaml"), "chaos: [[");
  expect(await screen.findAllByText(/three_tiers.yaml, line/)).toBeTruthy();
});

it("has faults begin and end at given times, and takes them back", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const { user, drafts } = open("?view=scenario");
  const text = () => drafts.store.getState().draft?.files["three_tiers.yaml"] ?? "";
  const timeline = within(await screen.findByRole("region", { name: "Timeline" }));
  expect(timeline.getByText("It is empty: nothing goes wrong by itself.")).toBeTruthy();
  await user.click(timeline.getByRole("button", { name: "Add a fault" }));
  await user.click(timeline.getByRole("button", { name: "Add more traffic" }));
  const crash = () => within(timeline.getByRole("group", { name: /service_crash|slow_node/ }));
  await user.selectOptions(crash().getByLabelText(/^What/), "slow_node");
  await user.selectOptions(crash().getByLabelText(/^Strikes/), "node-b1");
  await user.type(crash().getByLabelText(/^Severity, 0 to 1/), "0.4");
  await user.type(crash().getByLabelText(/^Lasts, s/), "30");
  expect(text()).toContain("inject: {kind: slow_node, target: {node: node-b1}, severity: 0.4, duration_s: 30}");

  const when = crash().getByLabelText(/^When, s/);
  await user.clear(when);
  await user.type(when, "a while");
  expect(crash().getByRole("alert").textContent).toContain("Write a number of seconds");
  await user.clear(when);
  await user.type(when, "300{Enter}");
  const groups = () => timeline.getAllByRole("group").map((group) => within(group).getByText(/ · /, { selector: "legend" }).textContent);
  expect(groups()).toEqual(["2:00 · traffic_spike on the whole simulation", "5:00 · slow_node on node-b1"]);
  // Whoever moved an entry is still at it.
  expect(document.activeElement).toBe(crash().getByLabelText(/^When, s/));

  await user.click(timeline.getByRole("button", { name: "Add an end" }));
  expect(groups().at(-1)).toBe("6:00 · end of traffic_spike on the whole simulation");
  await user.click(timeline.getByRole("button", { name: "Delete: traffic_spike on the whole simulation" }));
  expect(groups()).toEqual(["5:00 · slow_node on node-b1"]);
  const undo = screen.getByRole("button", { name: "Undo" });
  await user.click(undo);
  expect(groups()).toHaveLength(3);
  while (!(undo as HTMLButtonElement).disabled) await user.click(undo);
  expect(text()).toBe(TIERS.scenario);
});

it("starts a simulation of it under an id that is free, and shows that", async () => {
  localStorage.setItem("microcloud.draft", JSON.stringify(draftOfSketch(TIERS)));
  const created: SimulationServiceCreateRequest[] = [];
  const { user } = open("", anEngine(created));
  await user.click(await screen.findByRole("button", { name: /Simulate/ }));
  const dialog = within(await screen.findByRole("dialog"));
  await waitFor(() => expect((dialog.getByLabelText(/^Id/) as HTMLInputElement).value).toBe("three-tiers-2"));
  await user.selectOptions(dialog.getByLabelText(/^Speed/), "10×");
  await user.click(dialog.getByRole("button", { name: "Start it" }));
  await waitFor(() => expect(chooseSimulation).toHaveBeenCalledWith("three-tiers-2", "/topology/"));
  expect(created).toMatchObject([{ simulationId: "three-tiers-2", displayName: "three_tiers", speed: 10, autostart: true, source: { case: "bundle", value: { name: "three_tiers", files: draftOfSketch(TIERS).files } } }]);
});

it("imports a compose file, and tells what it did not understand until that is put away", async () => {
  const { user, drafts } = open();
  const text = "services:\n  web: {image: nginx, ports: ['80:80'], depends_on: [db], flux_capacitor: on}\n  db: {image: postgres}\n";
  await user.upload(await screen.findByLabelText("Files to open"), new File([text], "compose.yaml", { type: "text/yaml" }));
  expect(await screen.findByText("Not understood: flux_capacitor.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Put away" }));
  expect(screen.queryByText("Not understood: flux_capacitor.")).toBeNull();
  expect(drafts.store.getState().draft?.name).toBe("compose");
  await user.click(screen.getByRole("button", { name: "Start from…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.upload(dialog.getByLabelText("Files to open"), new File(["hello"], "notes.yaml"));
  expect(await screen.findByText(/This is neither a topology/)).toBeTruthy();
});
