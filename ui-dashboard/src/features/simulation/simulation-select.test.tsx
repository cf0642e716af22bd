import type { ConnectRouter } from "@connectrpc/connect";
import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { chooseSimulation } from "@/rpc/simulation";
import { renderScene } from "@/testing/render";
import { SimulationSelect } from "./simulation-select";

vi.mock(import("@/rpc/simulation"), async (original) => ({ ...(await original()), chooseSimulation: vi.fn() }));

const routes = (...ids: string[]) => (router: ConnectRouter) =>
  router.service(SimulationService, { list: () => ({ simulations: ids.map((id) => ({ id, displayName: `The ${id}` })) }) });

it("is there once there is a choice, and makes it", async () => {
  const { user } = renderScene(<SimulationSelect />, { routes: routes("default", "game-day") });
  await user.selectOptions(await screen.findByLabelText("Simulation"), "The game-day");
  expect(chooseSimulation).toHaveBeenCalledWith("game-day");
});

it("leads back when the chosen simulation was deleted", async () => {
  window.sessionStorage.setItem("microcloud.simulation", "gone");
  const { user } = renderScene(<SimulationSelect />, { routes: routes("default") });
  await screen.findByRole("option", { name: "gone (deleted)" });
  await user.selectOptions(screen.getByLabelText("Simulation"), "The default");
  expect(chooseSimulation).toHaveBeenLastCalledWith("default");
  window.sessionStorage.clear();
});
