import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { act, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Action, ActionEffect, ActionStatus, ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import { ActionService, type ApproveActionRequest, type RejectActionRequest, ApproveActionResponseSchema } from "@/gen/ops/v1/action_service_pb";
import { anAction, aSnapshot } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { ActionsPage } from "./actions-page";
import { useConflicts } from "./conflicts";

const TITLE = "Scale orders up by 2 replicas";

interface Answers {
  readonly approve?: (request: ApproveActionRequest) => Action;
  readonly reject?: (request: RejectActionRequest) => Action;
  readonly history?: Action[];
  readonly current?: Action;
}

const routes = ({ approve, reject, history = [], current }: Answers) => (router: ConnectRouter) => {
  router.service(ActionService, {
    approveAction: (request) => create(ApproveActionResponseSchema, { action: approve?.(request) }),
    rejectAction: (request) => ({ action: reject?.(request) }),
    getActionHistory: () => ({ actions: history }),
    getAction: () => ({ action: current }),
  });
};

const pending = (action = anAction()) => ({ kind: "snapshot", message: aSnapshot({ pendingActions: [action] }) }) as const;

describe("the actions page", () => {
  beforeEach(() => useConflicts.setState({ byAction: new Map() }));

  it("waits for the first snapshot before it says that nothing waits", async () => {
    const { cloud } = renderScene(<ActionsPage />, { routes: routes({}) });
    expect(screen.getByRole("status", { name: "Loading proposals" })).toBeTruthy();
    act(() => cloud.apply([{ kind: "snapshot", message: aSnapshot() }]));
    expect(screen.getByText("Nothing waits for a decision")).toBeTruthy();
    expect(await screen.findByText("No decisions yet")).toBeTruthy();
  });

  it("asks for the operator's name once, approves what was shown, and moves it to the history", async () => {
    const approve = vi.fn((request: ApproveActionRequest) => anAction({ status: ActionStatus.APPROVED, version: 2n, decidedBy: request.operator }));
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve }) });
    act(() => cloud.apply([pending()]));
    await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
    await user.type(await screen.findByLabelText("Your name"), "ana{Enter}");
    await waitFor(() => expect(approve).toHaveBeenCalledTimes(1));
    expect(approve.mock.calls[0]?.[0]).toMatchObject({ actionId: anAction().id, operator: "ana", expectedVersion: 1n });
    expect(approve.mock.calls[0]?.[0].idempotencyKey).not.toBe("");
    expect(await screen.findByText("Nothing waits for a decision")).toBeTruthy();
    expect(within(screen.getByTestId(`history-${anAction().id}`)).getByText("Approved")).toBeTruthy();
    expect(localStorage.getItem("microcloud.operator")).toBe("ana");
  });

  it("decides nothing when the operator does not say who they are", async () => {
    const approve = vi.fn(() => anAction());
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve }) });
    act(() => cloud.apply([pending()]));
    await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
    await user.click(await screen.findByRole("button", { name: "Close" }));
    expect(approve).not.toHaveBeenCalled();
    expect(screen.getByRole("button", { name: `Approve: ${TITLE}` })).toBeTruthy();
  });

  it("approves another number, and says while somebody else has to approve, too", async () => {
    localStorage.setItem("microcloud.operator", "ben");
    const two = { approvalMode: ApprovalMode.TWO_PERSON, approvalsNeeded: 2, policy: "ups" };
    const approve = vi.fn((request: ApproveActionRequest) =>
      anAction({ ...two, version: 3n, replicas: request.replicas, proposedReplicas: 2, replicasBy: request.operator, approvals: [{ operator: request.operator }] }),
    );
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve }) });
    act(() => cloud.apply([pending(anAction({ ...two, version: 2n, approvals: [{ operator: "ana" }] }))]));
    expect(screen.getByTestId("approval-note").textContent).toBe("Two people decide. Approved by ana, 1 of 2. (policy ups)");
    const number = screen.getByRole("spinbutton", { name: /Replicas/ });
    await user.clear(number);
    expect(screen.getByRole("button", { name: `Approve: ${TITLE}` })).toHaveProperty("disabled", true);
    await user.type(number, "5");
    await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
    await waitFor(() => expect(approve.mock.calls[0]?.[0]).toMatchObject({ replicas: 5, expectedVersion: 2n }));
    expect(await screen.findByText("Somebody else has to approve it, too.")).toBeTruthy();
    expect(screen.getByTestId("approval-note").textContent).toContain("Approved by ben, 1 of 2.");
  });

  it("rejects only with a reason", async () => {
    localStorage.setItem("microcloud.operator", "ana");
    const reject = vi.fn((request: RejectActionRequest) => anAction({ status: ActionStatus.REJECTED, version: 2n, decidedBy: request.operator, decisionReason: request.reason }));
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ reject }) });
    act(() => cloud.apply([pending()]));
    await user.click(screen.getByRole("button", { name: `Reject: ${TITLE}` }));
    const dialog = await screen.findByRole("dialog");
    await user.type(within(dialog).getByLabelText(/Reason/), "   ");
    await user.click(within(dialog).getByRole("button", { name: "Reject" }));
    expect(within(dialog).getByRole("alert").textContent).toContain("Say why");
    expect(reject).not.toHaveBeenCalled();
    await user.type(within(dialog).getByLabelText(/Reason/), "traffic drops at noon");
    await user.click(within(dialog).getByRole("button", { name: "Reject" }));
    expect(await screen.findByText("Rejected by ana: traffic drops at noon")).toBeTruthy();
    expect(reject.mock.calls[0]?.[0].reason).toBe("traffic drops at noon");
  });

  it("says kindly who was first", async () => {
    localStorage.setItem("microcloud.operator", "ben");
    const current = anAction({ status: ActionStatus.REJECTED, version: 2n, decidedBy: "Ana", decidedAt: timestampFromMs(Date.now() - 2_500), decisionReason: "not now" });
    const approve = () => {
      throw new ConnectError("The action is no longer PROPOSED: Ana rejected it.", Code.FailedPrecondition);
    };
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve, current }) });
    act(() => cloud.apply([pending()]));
    await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
    const notice = await screen.findByText(/^Ana rejected this [23] s ago: not now$/);
    expect(notice).toBeTruthy();
    expect(screen.getByText("Your approval was not counted: nothing is carried out.")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Got it" }));
    expect(screen.queryByText(/Ana rejected this/)).toBeNull();
    expect(screen.getByText("Nothing waits for a decision")).toBeTruthy();
  });

  it("says of what expired unseen what to do now", async () => {
    localStorage.setItem("microcloud.operator", "ben");
    const current = anAction({ status: ActionStatus.EXPIRED, version: 2n, decisionReason: "nobody decided in time" });
    const approve = () => {
      throw new ConnectError("The action expired: nobody decided in time.", Code.FailedPrecondition);
    };
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve, current }) });
    act(() => cloud.apply([pending()]));
    await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
    const notice = await screen.findByText("This proposal expired before your approval arrived.");
    expect(notice.parentElement?.textContent).toContain("Nothing is carried out. While its incident is open, the agent may propose again");
    expect(screen.getByRole("link", { name: "its incident" }).getAttribute("href")).toMatch(new RegExp(`/incidents/?\\?id=${current.incidentId}$`));
  });

  it("keeps the proposal, and the key, when the server could not be reached", async () => {
    localStorage.setItem("microcloud.operator", "cleo");
    const seen: string[] = [];
    const approve = (request: ApproveActionRequest) => {
      seen.push(request.idempotencyKey);
      throw new ConnectError("", Code.Unavailable);
    };
    const { cloud, user } = renderScene(<ActionsPage />, { routes: routes({ approve }) });
    act(() => cloud.apply([pending()]));
    for (const attempt of [1, 2]) {
      await user.click(screen.getByRole("button", { name: `Approve: ${TITLE}` }));
      await waitFor(() => expect(seen).toHaveLength(attempt));
      await waitFor(() => expect(screen.getByRole("button", { name: `Approve: ${TITLE}` }).getAttribute("aria-busy")).toBeNull());
    }
    expect(seen[0]).toBe(seen[1]);
    expect((await screen.findAllByText(`Not decided: ${TITLE}`)).length).toBeGreaterThan(0);
  });

  it("does not offer to approve what has expired, by the server's clock", async () => {
    const { cloud } = renderScene(<ActionsPage />, { routes: routes({}) });
    act(() =>
      cloud.apply([
        pending(anAction({ expiresAt: timestampFromMs(Date.now() + 30_000) })),
        { kind: "heartbeat", message: { $typeName: "ops.v1.StreamHeartbeat", serverTime: timestampFromMs(Date.now() + 60_000) } },
      ]),
    );
    await waitFor(() => expect(screen.getByRole("button", { name: `Approve: ${TITLE}` })).toHaveProperty("disabled", true));
    expect(screen.getByText("expired")).toBeTruthy();
  });

  it("shows the history with outcome and effect, and shows markup as text", async () => {
    const history = [anAction({ id: "done", status: ActionStatus.SUCCEEDED, effect: ActionEffect.INEFFECTIVE, outcome: "<b>4 of 4</b> replicas serve", decidedBy: "ana" })];
    renderScene(<ActionsPage />, { routes: routes({ history }) });
    const line = await screen.findByTestId("history-done");
    expect(within(line).getByText("Ineffective")).toBeTruthy();
    expect(within(line).getByText("<b>4 of 4</b> replicas serve")).toBeTruthy();
  });

  it("says what to do when the history cannot be loaded", async () => {
    renderScene(<ActionsPage />, {
      routes: (router) => router.service(ActionService, { getActionHistory: () => { throw new ConnectError("The store is away.", Code.Unavailable); } }),
    });
    expect(await screen.findByText("The store is away.")).toBeTruthy();
    expect(within(screen.getByRole("region", { name: "History" })).getByRole("button", { name: "Try again" })).toBeTruthy();
  });

  it("says how far predictions can be believed, and of which type of action", async () => {
    const all = { made: 120, compared: 96, p99InBand: 78, errorInBand: 90, p99ErrorPct: 12.3 };
    renderScene(<ActionsPage />, {
      routes: (router) => router.service(ActionService, { getCalibration: () => ({ all, byType: [{ ...all, type: ActionType.RESTART_SERVICE }, { type: ActionType.DRAIN_NODE, made: 2 }] }) }),
    });
    const card = within(await screen.findByTestId("calibration"));
    expect(await card.findByText("80 % bands held 78 of 96 times (81 %).")).toBeTruthy();
    expect(card.getAllByRole("row").map(({ textContent }) => textContent)).toContain("drain node20no datano datano data");
  });

  it("does not call predictions right before one could be compared", async () => {
    renderScene(<ActionsPage />, { routes: (router) => router.service(ActionService, { getCalibration: () => ({ all: { made: 3 } }) }) });
    expect(await screen.findByText("Nothing can be compared yet")).toBeTruthy();
    expect(screen.queryByText(/100 %/)).toBeNull();
  });
});
