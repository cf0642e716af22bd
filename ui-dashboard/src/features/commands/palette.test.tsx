import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { anIncident, aSnapshot } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import Palette from "./palette";

const push = vi.hoisted(() => vi.fn());
vi.mock("next/navigation", () => ({ useRouter: () => ({ push }) }));

it("finds services, incidents, scenarios and controls, and does what is chosen", async () => {
  Element.prototype.scrollIntoView = () => undefined;
  const set = vi.fn();
  const onClose = vi.fn();
  const { cloud, user } = renderScene(<Palette onClose={onClose} onHelp={vi.fn()} />, {
    routes: ({ service }) =>
      void service(ControlService, {
        listScenarios: () => ({ scenarios: [{ name: "cascade_failure", description: "One failure brings others." }] }),
        setScenario: ({ scenario }) => {
          set(scenario);
          return {};
        },
      }),
  });
  cloud.apply([{ kind: "snapshot", message: aSnapshot({ openIncidents: [anIncident()] }) }]);
  expect(await screen.findByText("orders: error rate 14.2 % > 10 %")).toBeTruthy();
  expect(screen.getByText("Pause the simulation")).toBeTruthy();
  await user.type(screen.getByRole("combobox"), "gateway{Enter}");
  expect(push).toHaveBeenCalledWith("/topology/?service=gateway");
  await user.clear(screen.getByRole("combobox"));
  await user.type(screen.getByRole("combobox"), "brings others{Enter}");
  expect(set).toHaveBeenCalledWith("cascade_failure");
  expect(onClose).toHaveBeenCalledTimes(2);
});
