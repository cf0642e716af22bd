import type { ConnectRouter } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { AutomationMode, AutomationState } from "@/gen/ops/v1/automation_pb";
import { PolicyService } from "@/gen/ops/v1/policy_service_pb";
import { renderScene } from "@/testing/render";
import { AutomationBanner } from "./automation-banner";
import { AutomationSwitch } from "./automation-switch";

/** A switch that does what it is told. */
function routes(told: (call: object) => void, mode = AutomationMode.AUTOMATIC, why = "Automation runs.") {
  let [now, explanation] = [mode, why];
  return (router: ConnectRouter) =>
    router.service(PolicyService, {
      getAutomation: () => ({ mode: now, explanation, automation: { state: AutomationState.RUNNING, version: 7n } }),
      pauseAutomation: ({ reason, operator }) => {
        told({ reason, operator });
        [now, explanation] = [AutomationMode.PAUSED, `Automation is paused: ${operator} did that: ${reason}`];
        return {};
      },
      resumeAutomation: ({ reason, operator, expectedVersion }) => {
        told({ reason, operator, expectedVersion });
        [now, explanation] = [AutomationMode.AUTOMATIC, "Automation runs."];
        return {};
      },
    });
}

const scene = (told: (call: object) => void, ...rest: [AutomationMode?, string?]) =>
  renderScene(
    <>
      <AutomationSwitch />
      <AutomationBanner />
    </>,
    { routes: routes(told, ...rest) },
  );

describe("the kill switch", () => {
  it("pauses with a reason, tells everybody, and resumes what was seen", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const told = vi.fn();
    const { user } = scene(told);
    await user.click(await screen.findByRole("button", { name: "Pause automation…" }));
    const dialog = within(await screen.findByRole("dialog"));
    await user.click(dialog.getByRole("button", { name: "Pause automation" }));
    expect(dialog.getByText("Say why, in a few words.")).toBeTruthy();
    expect(told).not.toHaveBeenCalled();
    await user.type(dialog.getByRole("textbox"), "an action storm");
    await user.click(dialog.getByRole("button", { name: "Pause automation" }));
    await waitFor(() => expect(told).toHaveBeenCalledWith({ reason: "an action storm", operator: "ana" }));
    expect(await screen.findByText(/ana did that: an action storm/)).toBeTruthy();

    await user.click(await screen.findByRole("button", { name: "Resume automation…" }));
    await user.type(screen.getByRole("textbox"), "over");
    await user.click(screen.getByRole("button", { name: "Resume automation" }));
    await waitFor(() => expect(told).toHaveBeenLastCalledWith({ reason: "over", operator: "ana", expectedVersion: 7n }));
    await waitFor(() => expect(screen.getByTestId("automation-banner").textContent).toBe(""));
  });

  it("says that people decide everything while a service is silent", async () => {
    scene(vi.fn(), AutomationMode.MANUAL, "Manual: agent-service is silent.");
    expect(await screen.findByText("Manual: agent-service is silent.")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Pause automation…" })).toBeTruthy();
  });
});
