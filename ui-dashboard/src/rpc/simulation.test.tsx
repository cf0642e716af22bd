import { createClient, createRouterTransport } from "@connectrpc/connect";
import { afterEach, expect, it } from "vitest";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import { SimulationService } from "@/gen/sim/v1/simulation_service_pb";
import { inChosenSimulation, streamOf } from "./simulation";

afterEach(() => window.sessionStorage.clear());

it("makes every call and the stream be about the chosen simulation", async () => {
  const asked: string[] = [];
  const note = ({ simulationId }: { simulationId: string }) => {
    asked.push(simulationId);
    return {};
  };
  const transport = createRouterTransport(
    ({ service }) => {
      service(ControlService, { getState: note });
      service(SimulationService, { get: note });
    },
    { transport: { interceptors: [inChosenSimulation] } },
  );
  const control = createClient(ControlService, transport);
  await control.getState({});
  expect(streamOf("/api/stream")).toBe("/api/stream");

  window.sessionStorage.setItem("microcloud.simulation", "game-day");
  await control.getState({});
  await control.getState({ simulationId: "other" });
  await createClient(SimulationService, transport).get({});
  expect(asked).toEqual(["default", "game-day", "other", ""]);
  expect(streamOf("/api/stream")).toBe("/api/stream?simulation=game-day");
});
