import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { ControlService } from "@/gen/sim/v1/control_service_pb";
import type { FaultSpec } from "@/gen/sim/v1/fault_pb";
import { aSnapshot, aState } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { SimulationPage } from "./simulation-page";
import { StressCard } from "./stress-card";

/** An engine that keeps faults and the chaos level. */
function anEngine() {
  const faults = new Map<string, FaultSpec>();
  const setChaos = vi.fn(({ level }: { level: number }) => ({ state: aState({ chaosLevel: level }) }));
  const scene = renderScene(<StressCard />, {
    routes: ({ service }) =>
      void service(ControlService, {
        listFaults: () => ({ faults: [...faults.values()].map((spec) => ({ spec })) }),
        injectFault: ({ fault }) => {
          if (fault) faults.set(fault.id, fault);
          return {};
        },
        clearFault: ({ faultId }) => {
          faults.delete(faultId);
          return {};
        },
        setChaos,
      }),
  });
  scene.cloud.apply([{ kind: "snapshot", message: aSnapshot() }]);
  return { faults, setChaos, ...scene };
}

const slide = (name: string, value: string) => {
  const slider = screen.getByRole("slider", { name });
  fireEvent.change(slider, { target: { value } });
  fireEvent.pointerUp(slider);
};

it("keeps one fault for the traffic, however often it is moved, and none for what the scenario sends", async () => {
  const { faults } = anEngine();
  await waitFor(() => expect((screen.getByRole("slider", { name: "Traffic" }) as HTMLInputElement).disabled).toBe(false));
  slide("Traffic", "3");
  slide("Traffic", "2");
  await screen.findByText("Traffic is 2 times what the scenario sends");
  await waitFor(() => expect([...faults.values()]).toMatchObject([{ kind: "traffic_spike", severity: 0.25, target: { kind: TargetKind.SIMULATION, id: "default" } }]));
  await waitFor(() => expect(screen.getByText("2×")).toBeTruthy());
  slide("Traffic", "0.3");
  await screen.findByText("Traffic is 0.3 times what the scenario sends");
  await waitFor(() => expect([...faults.values()]).toMatchObject([{ kind: "traffic_drop", severity: 0.7 }]));
  await waitFor(() => expect(screen.getByText("0.3×")).toBeTruthy());
  slide("Traffic", "1");
  await waitFor(() => expect(faults.size).toBe(0));
});

it("sets the chaos level when the slider is let go", async () => {
  const { setChaos } = anEngine();
  await waitFor(() => expect((screen.getByRole("slider", { name: "Chaos" }) as HTMLInputElement).disabled).toBe(false));
  slide("Chaos", "0.3");
  expect(await screen.findByText("Chaos is at 0.3")).toBeTruthy();
  expect(setChaos).toHaveBeenCalledOnce();
  expect(screen.getByText("0.3")).toBeTruthy();
});

it("is not there in a blind game, which it would spoil", () => {
  const { cloud } = renderScene(<SimulationPage />);
  expect(screen.getAllByRole("slider")).toHaveLength(2);
  act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: aState({ scenario: "game" }) }) }]));
  expect(screen.queryByRole("slider")).toBeNull();
});
