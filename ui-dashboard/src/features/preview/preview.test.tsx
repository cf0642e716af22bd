import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ActionsPage } from "@/features/actions/actions-page";
import { IncidentActions } from "@/features/incidents/incident-actions";
import { ActionService, type PreviewActionRequest, type PreviewIncidentRequest, type ProposeActionRequest } from "@/gen/ops/v1/action_service_pb";
import { type Action, ActionStatus } from "@/gen/ops/v1/action_pb";
import type { Preview } from "@/gen/ops/v1/preview_pb";
import { anAction, anIncident, anOption, aPreview, aSnapshot, aState, START_MS } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";

// The canvas is looked at in a real browser; here only what surrounds it matters.
vi.mock("@/features/preview/curve-plot", () => ({ default: () => null }));

const TITLE = "Scale orders up by 2 replicas";
const ahead = vi.fn<(request: PreviewActionRequest | PreviewIncidentRequest) => Preview | Promise<Preview>>();

const propose = vi.fn<(request: ProposeActionRequest) => Action>();

const routes = (router: ConnectRouter) => {
  router.service(ActionService, {
    proposeAction: (request) => ({ action: propose(request) }),
    rejectAction: ({ actionId, reason }) => ({ action: anAction({ id: actionId, version: 2n, status: ActionStatus.REJECTED, decidedBy: "ana", decisionReason: reason }) }),
    previewAction: async (request) => ({ preview: await ahead(request) }),
    previewIncident: async (request) => ({ preview: await ahead(request) }),
    getActionHistory: () => ({ actions: [] }),
    getCalibration: () => ({}),
  });
};

function openQueue(...pendingActions: Action[]) {
  const scene = renderScene(<ActionsPage />, { routes });
  act(() => scene.cloud.apply([{ kind: "snapshot", message: aSnapshot({ pendingActions }) }]));
  return scene;
}

beforeEach(() => {
  propose.mockReset();
  ahead.mockReset();
  ahead.mockReturnValue(aPreview());
});

describe("the card of a proposal", () => {
  it("compares every option with doing nothing, with units, bands and cost, best first", async () => {
    openQueue(anAction());
    const table = await screen.findByRole("region", { name: "Options, best first" });
    expect(within(table).getAllByRole("rowheader").map(({ textContent }) => textContent)).toEqual([
      "Place 1Restart ordersBestDo this instead",
      `Place 2${TITLE}Proposed`,
      "Place 3Do nothing",
      "–Drain node node-a1",
    ]);
    const proposal = within(screen.getByTestId("option-1")).getAllByRole("cell").map(({ textContent }) => textContent);
    expect(proposal).toEqual(["12%", "helps in 7 of 8 futuresharms in 1 of 8 futures", "120ms90 to 200", "6%", "1.2min", "+0.25 core h1.75 core h in all", "2 of 24 replicas: orderscalled by gateway"]);
    expect(screen.getByTestId("option-3").textContent).toContain("The cloud would refuse it now: node-a1 is down already");
  });

  it("says next to Approve that something else is better, and bars nothing", async () => {
    openQueue(anAction());
    const verdict = await screen.findByText(/^Not the best: place 2 of 3 options/);
    const approve = screen.getByRole("button", { name: `Approve: ${TITLE}` });
    expect(approve).toHaveProperty("disabled", false);
    expect(approve.getAttribute("aria-describedby")).toBe(verdict.closest("p")?.id);
  });

  it("can be approved while it is computed", async () => {
    ahead.mockReturnValue(new Promise(() => undefined));
    openQueue(anAction());
    expect(await screen.findByRole("status", { name: "Looking ahead" })).toBeTruthy();
    expect(screen.getByRole("button", { name: `Approve: ${TITLE}` })).toHaveProperty("disabled", false);
  });

  it("is computed for the most urgent proposal, and for another one when that is opened", async () => {
    const later = anAction({ id: "later", targetId: "cart", expiresAt: timestampFromMs(Date.now() + 700_000) });
    const { user } = openQueue(later, anAction());
    await waitFor(() => expect(ahead).toHaveBeenCalledTimes(1));
    expect(ahead.mock.lastCall?.[0]).toMatchObject({ actionId: anAction().id });
    await user.click(within(screen.getByTestId("action-later")).getByRole("button", { name: "What would come of it" }));
    await waitFor(() => expect(ahead.mock.lastCall?.[0]).toMatchObject({ actionId: "later" }));
    expect(ahead).toHaveBeenCalledTimes(2);
  });

  it("is not computed before it comes into view", async () => {
    const observe = vi.spyOn(IntersectionObserver.prototype, "observe").mockImplementation(() => undefined);
    openQueue(anAction());
    await screen.findByText("No decisions yet");
    expect(ahead).not.toHaveBeenCalled();
    const [card] = observe.mock.calls[0] ?? [];
    const [observer] = observe.mock.contexts as IntersectionObserver[];
    observe.mockRestore();
    act(() => card && observer?.observe(card));
    await waitFor(() => expect(ahead).toHaveBeenCalledTimes(1));
  });

  it("tells how old it is in simulated time, and is refreshed on demand", async () => {
    const { cloud, user } = openQueue(anAction());
    expect(await screen.findByText(/seen from 14:00:05 sim, just now$/)).toBeTruthy();
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot({ state: aState({ tick: 340n, time: timestampFromMs(START_MS + 17_000) }), pendingActions: [anAction()] }) }]));
    expect(await screen.findByText(/12 s of simulated time ago$/)).toBeTruthy();
    ahead.mockReturnValue(aPreview({ time: timestampFromMs(START_MS + 17_000), options: [anOption(40, { rank: 1 }), { ...anOption(60, { rank: 2, harms: 1 }), action: aPreview().options[1]?.action }] }));
    await user.click(screen.getByRole("button", { name: "Refresh" }));
    expect(await screen.findByText(/^Probably does harm: harms in 8 of 8 futures. Better: Do nothing/)).toBeTruthy();
    expect(screen.getByText(/seen from 14:00:17 sim, just now$/)).toBeTruthy();
  });

  it("says what went wrong, and tries again", async () => {
    ahead.mockImplementationOnce(() => {
      throw new ConnectError("sim-engine is busy with another preview", Code.Unavailable);
    });
    const { user } = openQueue(anAction());
    expect(await screen.findByText("sim-engine is busy with another preview")).toBeTruthy();
    expect(screen.getByText("What would come of it is not known.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByTestId("option-0")).toBeTruthy();
  });

  it("asks for nothing when the proposal has expired", async () => {
    openQueue(anAction({ expiresAt: timestampFromMs(Date.now() - 1_000) }));
    expect(await screen.findByText(/This proposal has expired/)).toBeTruthy();
    expect(ahead).not.toHaveBeenCalled();
  });
});

describe("another option", () => {
  it("is proposed instead, with the numbers as the reason, and waits like any other", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    propose.mockImplementation(({ type, targetId, reason, operator }) => anAction({ id: "mine", type, targetId, replicas: 0, reason, proposedBy: operator }));
    const { user } = openQueue(anAction());
    await user.click(await screen.findByRole("button", { name: "Do this instead: Restart orders" }));
    expect(screen.queryByRole("button", { name: /^Do this instead: (Do nothing|Drain|Scale)/ })).toBeNull();
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByText(/^It takes the place of "Scale orders up by 2 replicas", which is rejected\./)).toBeTruthy();
    const reason = dialog.getByLabelText(/Reason/);
    expect(reason).toHaveProperty("value", "Predicted: 0.5 % of requests fail or are slow over the next 5 min, 40 % if nothing is done; helps in 8 of 8 futures; p99 120 ms at the end; cost ±0 core h.");
    await user.clear(reason);
    await user.click(dialog.getByRole("button", { name: "Propose" }));
    expect(dialog.getByRole("alert").textContent).toContain("Say why");
    await user.type(reason, "memory is full");
    await user.click(dialog.getByRole("button", { name: "Propose" }));
    expect(await screen.findByTestId("action-mine")).toBeTruthy();
    expect(screen.getByText("Rejected by ana: Instead: Restart orders. memory is full")).toBeTruthy();
    expect(propose.mock.calls[0]?.[0]).toMatchObject({ incidentId: anIncident().id, targetId: "orders", reason: "memory is full", operator: "ana" });
    expect(propose.mock.calls[0]?.[0].idempotencyKey).not.toBe("");
    expect(await screen.findByText("It waits for a decision, like any other proposal.")).toBeTruthy();
  });

  it("is refused with the server's words", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    propose.mockImplementation(() => {
      throw new ConnectError("orders was touched less than a minute ago", Code.FailedPrecondition);
    });
    const { user } = renderScene(<IncidentActions incident={anIncident()} />, { routes });
    await user.click(await screen.findByRole("button", { name: "Propose this: Restart orders" }));
    await user.click(await screen.findByRole("button", { name: "Propose" }));
    expect(await screen.findByText("orders was touched less than a minute ago")).toBeTruthy();
  });
});

describe("an open incident", () => {
  it("shows what could be done as long as nothing is proposed", async () => {
    const { cloud } = renderScene(<IncidentActions incident={anIncident()} />, { routes });
    expect(await screen.findByRole("region", { name: "What could be done" })).toBeTruthy();
    await waitFor(() => expect(ahead.mock.lastCall?.[0]).toMatchObject({ incidentId: anIncident().id }));
    expect(await screen.findByTestId("option-2")).toBeTruthy();
    expect(screen.queryByText("Proposed")).toBeNull();
    act(() => cloud.apply([{ kind: "action", message: anAction() }]));
    await waitFor(() => expect(ahead.mock.lastCall?.[0]).toMatchObject({ actionId: anAction().id }));
    expect(screen.queryByRole("region", { name: "What could be done" })).toBeNull();
    expect(await screen.findByText("Proposed")).toBeTruthy();
  });

  it("that is over asks for nothing", async () => {
    renderScene(<IncidentActions incident={anIncident({ resolved: true })} />, { routes });
    expect(await screen.findByText("It resolved without an action.")).toBeTruthy();
    expect(ahead).not.toHaveBeenCalled();
  });
});
