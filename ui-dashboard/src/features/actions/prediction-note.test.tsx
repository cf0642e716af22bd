import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { ActionService, PredictionCame } from "@/gen/ops/v1/action_service_pb";
import { anAction } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { PredictionNote } from "./prediction-note";

it("tells what was expected, what doing nothing would have been, and what came", async () => {
  const prediction = {
    helps: 0.875,
    action: { p99Ms: { low: 90, mid: 120, high: 200 }, errorPct: { low: 0, mid: 0.5, high: 1 } },
    nothing: { p99Ms: { low: 800, mid: 800, high: 800 }, errorPct: { low: 13, mid: 13, high: 13 } },
    came: PredictionCame.ACTED,
    cameP99Ms: 130,
    cameErrorPct: 0.4,
  };
  renderScene(<PredictionNote actionId={anAction().id} />, { routes: ({ service }) => void service(ActionService, { getAction: () => ({ action: anAction(), prediction }) }) });
  const note = await screen.findByTestId("prediction");
  expect(note.textContent).toBe("Expectedp99 120 ms (90 to 200), 0.5 % fail; helps in 88 %, harms in 0 % of the futuresDoing nothingp99 800 ms, 13 % failCamep99 130 ms, 0.4 % fail");
});
