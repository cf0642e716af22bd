import { screen, waitFor, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { IncidentService } from "@/gen/ops/v1/incident_service_pb";
import { SuspectKind } from "@/gen/ops/v1/incident_pb";
import { anIncident, aSample, aSnapshot, aState } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { TopologyPage } from "./topology-page";

const LEAD = anIncident({ target: { kind: TargetKind.SERVICE, id: "gateway" }, suspects: [{ kind: SuspectKind.SERVICE, id: "orders", share: 0.8 }] });

it("shows the same cloud as zones and as a list, opens a service down to its replicas, and draws an incident on it", async () => {
  const onUrl = vi.fn();
  const { cloud, user } = renderScene(<TopologyPage />, {
    url: `?view=nodes&incident=${LEAD.id}`,
    onUrl,
    routes: ({ service }) => void service(IncidentService, { get: () => ({ incident: LEAD }), list: () => ({ incidents: [] }) }),
  });
  cloud.apply([{ kind: "snapshot", message: aSnapshot({ openIncidents: [LEAD] }) }, { kind: "metrics", message: aSample(1, { orders: { latency_p99: 640 } }) }]);

  expect(await screen.findByTestId("focus")).toHaveProperty("textContent", expect.stringContaining(LEAD.title));
  const list = within(screen.getByRole("list", { name: "Services" }));
  const [first] = await list.findAllByRole("button");
  expect(first?.textContent).toContain("gateway");
  const orders = await list.findByRole("button", { name: /orders.*640 ms.*suspected cause 80 %/ });

  await user.click(orders);
  expect(onUrl).toHaveBeenLastCalledWith(expect.objectContaining({ queryString: expect.stringContaining("service=orders") }));
  const panel = within(await screen.findByTestId("service-panel"));
  expect(panel.getByText("#1").closest("li")?.textContent).toBe("#1node-a1zone-astarting");
  await user.click(panel.getByRole("button", { name: "gateway" }));
  expect(within(await screen.findByRole("region", { name: "Service gateway" })).getByText("Traffic enters here.")).toBeTruthy();
  expect(within(screen.getByTestId("zones")).getAllByRole("button", { pressed: true })).toHaveLength(1);
});

/** Two kinds of faults, and one that is in force on a zone. */
function withFaults(scenario: string) {
  const inject = vi.fn((_: object) => ({}));
  const scene = renderScene(<TopologyPage />, {
    url: "?view=nodes&service=orders",
    routes: ({ service }) =>
      void service(ControlService, {
        listFaults: () => ({
          faults: [{ spec: { id: "f1", kind: "zone_outage", severity: 1, target: { kind: TargetKind.ZONE, id: "zone-a" } } }, { spec: { id: "f2", kind: "memory_leak", severity: 0.6, target: { kind: TargetKind.SERVICE, id: "orders" } } }],
          kinds: [{ kind: "node_crash", targets: [TargetKind.NODE] }, { kind: "memory_leak", targets: [TargetKind.SERVICE] }, { kind: "cpu_hog", targets: [TargetKind.SERVICE, TargetKind.NODE] }],
        }),
        injectFault: inject,
      }),
  });
  scene.cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: aState({ scenario }) }) }, { kind: "metrics", message: aSample(1, { orders: { latency_p99: 640 } }) }]);
  return { ...scene, inject };
}

it("marks faults in force, clears them, and injects into what was clicked", async () => {
  const { user, inject } = withFaults("normal");
  const node = within(await screen.findByRole("list", { name: "Faults in force on node-a1" }));
  expect(node.getByText("zone_outage, severity 1, of zone zone-a")).toBeTruthy();
  expect(within(screen.getByRole("list", { name: "Faults in force on orders" })).getByText("memory_leak, severity 0.6")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Inject a fault into node-a1" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(within(dialog.getByLabelText(/^Kind/)).getAllByRole("option").map(({ textContent }) => textContent)).toEqual(["node_crash", "cpu_hog"]);
  await user.selectOptions(dialog.getByLabelText(/^Kind/), "cpu_hog");
  await user.click(dialog.getByRole("button", { name: "Inject" }));
  await waitFor(() => expect(inject.mock.calls[0]?.[0]).toMatchObject({ fault: { kind: "cpu_hog", target: { kind: TargetKind.NODE, id: "node-a1" } } }));
});

it("tells no faults in a blind game, and lets none be injected", async () => {
  withFaults("game");
  expect(await screen.findByTestId("zones")).toBeTruthy();
  await screen.findByTestId("service-panel");
  expect(screen.queryByText(/zone_outage|memory_leak/)).toBeNull();
  expect(screen.queryByRole("button", { name: /Inject a fault/ })).toBeNull();
});
