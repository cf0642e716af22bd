import { screen, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { IncidentService } from "@/gen/ops/v1/incident_service_pb";
import { SuspectKind } from "@/gen/ops/v1/incident_pb";
import { anIncident, aSample, aSnapshot } from "@/testing/fixtures";
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
