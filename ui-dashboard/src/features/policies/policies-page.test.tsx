import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { screen, waitFor, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Severity } from "@/gen/common/v1/severity_pb";
import { ActionEffect, ActionStatus, ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import { AutomationMode } from "@/gen/ops/v1/automation_pb";
import { type ApprovalPolicies, ApprovalPoliciesSchema, type ApprovalPolicy, ApprovalPolicySchema } from "@/gen/ops/v1/policy_pb";
import { PolicyService } from "@/gen/ops/v1/policy_service_pb";
import { anAction } from "@/testing/fixtures";
import { renderScene } from "@/testing/render";
import { PoliciesPage } from "./policies-page";
import { draftOf, newPolicy, policyProblems, readPolicy } from "./policy-draft";
import { matchWords } from "./policy-words";

const SMALL: ApprovalPolicy = create(ApprovalPolicySchema, {
  name: "small-restarts",
  mode: ApprovalMode.AUTO_APPROVE,
  expiryS: 60,
  match: { types: [ActionType.RESTART_SERVICE], maxSeverity: Severity.HIGH, maxBlastPct: 10, effect: { maxHarms: 0, minHelps: 0.75 } },
});
const kept = (version: bigint, changedBy = "ana"): ApprovalPolicies => create(ApprovalPoliciesSchema, { policies: [SMALL], version, changedBy });

function scene(state: { policies: ApprovalPolicies }, set = vi.fn(), test = vi.fn()) {
  localStorage.setItem("microcloud.operator", "ana");
  const routes = ({ service }: ConnectRouter) =>
    void service(PolicyService, {
      getAutomation: () => ({ mode: AutomationMode.AUTOMATIC, explanation: "Automation runs." }),
      getPolicies: () => ({ policies: state.policies }),
      testPolicies: (request) => test(request) ?? {},
      setPolicies: (request) => {
        set(request);
        if (request.expectedVersion !== state.policies.version) throw new ConnectError("ben changed them", Code.FailedPrecondition);
        return { policies: state.policies };
      },
    });
  return renderScene(<PoliciesPage />, { routes });
}

it("tells whose yes a proposal takes, and puts changes in force in their order", async () => {
  const set = vi.fn();
  const { user } = scene({ policies: kept(4n) }, set);
  const line = await screen.findByTestId("policy-small-restarts");
  expect(line.textContent).toContain("approves itselfrestart, for high at most, touching at most 10 % of the replicas, harming in at most 0 % of the futures, helping in at least 75 %1 min");
  await user.click(screen.getByRole("button", { name: "Edit" }));
  const editor = within(screen.getByTestId("policy-editor"));
  await user.click(editor.getByRole("button", { name: "Add a policy" }));
  await user.click(editor.getByRole("button", { name: "Put in force" }));
  expect(editor.getByRole("alert").textContent).toContain("lower-case letters");
  await user.type(editor.getAllByRole("textbox", { name: /^Name/ })[1] ?? document.body, "drains");
  await user.click(editor.getByRole("button", { name: "Move drains up" }));
  await user.click(editor.getByRole("button", { name: "Put in force" }));
  await waitFor(() => expect(set).toHaveBeenCalledWith(expect.objectContaining({ expectedVersion: 4n, operator: "ana" })));
  expect(set.mock.calls[0]?.[0].policies.map(({ name }: ApprovalPolicy) => name)).toEqual(["drains", "small-restarts"]);
});

it("does not put what was typed over somebody else's change unless asked to", async () => {
  const state = { policies: kept(4n) };
  const set = vi.fn();
  const { user } = scene(state, set);
  await user.click(await screen.findByRole("button", { name: "Edit" }));
  const editor = within(screen.getByTestId("policy-editor"));
  state.policies = kept(5n, "ben");
  await user.click(editor.getByRole("button", { name: "Put in force" }));
  expect(await editor.findByText("Meanwhile ben changed the policies.")).toBeTruthy();
  await user.click(editor.getByRole("button", { name: "Go on with mine" }));
  await user.click(editor.getByRole("button", { name: "Put in force" }));
  await waitFor(() => expect(set).toHaveBeenLastCalledWith(expect.objectContaining({ expectedVersion: 5n })));
});

it("tries what stands in the editor on what was proposed, and says when that is not what stands there any more", async () => {
  const action = anAction({ status: ActionStatus.SUCCEEDED, effect: ActionEffect.HARMFUL });
  const test = vi.fn().mockReturnValue({
    trials: [{ action, mode: ApprovalMode.AUTO_APPROVE, policy: "small-restarts" }, { action: anAction({ targetId: "cart" }), mode: ApprovalMode.ASK, policy: "default" }],
    autoApproved: { proposals: 1, harmful: 1 },
    asked: { proposals: 1, notDone: 1 },
  });
  const { user } = scene({ policies: kept(4n) }, undefined, test);
  await user.click(await screen.findByRole("button", { name: "Edit" }));
  const trials = within(screen.getByTestId("policy-trials"));
  await user.click(trials.getByRole("button", { name: "Try them" }));
  expect(await trials.findByText("Would have approved 1 of 2 by itself, 1 of them harmful.")).toBeTruthy();
  expect(trials.getByText("1: 1 never done")).toBeTruthy();
  expect(test.mock.calls[0]?.[0].policies.map(({ name }: ApprovalPolicy) => name)).toEqual(["small-restarts"]);
  expect(within(trials.getByRole("region", { name: "Proposals and what they would have taken" })).getByText("Harmful")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Take small-restarts away" }));
  expect(trials.getByText("They have been changed since they were tried.")).toBeTruthy();
});

it("reads back what it shows, and lets nothing approve itself without naming what", () => {
  expect(readPolicy(draftOf(SMALL))).toEqual(SMALL);
  expect(matchWords(readPolicy({ ...newPolicy(), name: "all" }).match)).toBe("every proposal");
  const loose = { ...newPolicy(), name: "loose", mode: ApprovalMode.AUTO_APPROVE, maxBlastPct: "120", expiryS: "5" };
  expect(Object.keys(policyProblems(loose, [loose])).sort()).toEqual(["expiryS", "maxBlastPct", "types"]);
});
