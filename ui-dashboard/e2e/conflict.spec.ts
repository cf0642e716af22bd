import type { Page } from "@playwright/test";
import { call, expect, expectState, openLive, test } from "./journey";

/** A simulation of its own that stands still except when it is told how far to go: proposals wait for their decision, and for nothing else. */
const ID = "conflict";
const TICKS_A_MINUTE = 1_200;
/** Until the agent has something to propose; generous for a busy machine. */
const PROPOSAL_MS = 120_000;
/** Long enough to be seen on a slow machine, short enough to wait for. */
const BRIEF_S = 30;

interface Action {
  readonly id: string;
  readonly incidentId: string;
  readonly targetId: string;
  readonly status: string;
  readonly decidedBy?: string;
}

const pending = async (page: Page) => (await call<{ actions?: Action[] }>(page, "ops.v1.ActionService/ListPendingActions", { simulationId: ID })).actions ?? [];
/** What became of the actions for the same incident; those of earlier journeys are kept, too. */
const history = async (page: Page, { incidentId }: Action) => (await call<{ actions?: Action[] }>(page, "ops.v1.ActionService/GetActionHistory", { incidentId })).actions ?? [];
const read = async (page: Page, actionId: string) => (await call<{ action: Action }>(page, "ops.v1.ActionService/GetAction", { actionId })).action;
const go = (page: Page, ticks: number) => call(page, "sim.v1.ControlService/Step", { simulationId: ID, ticks });

const proposal = (page: Page, { id }: Action) => page.getByTestId(`action-${id}`);
const answer = (page: Page, action: Action, verb: "Approve" | "Reject") => proposal(page, action).getByRole("button", { name: new RegExp(`^${verb}: `) });

/** The tab is about that simulation, and on the queue. */
async function openQueue(page: Page): Promise<void> {
  await page.addInitScript((id) => sessionStorage.setItem("microcloud.simulation", id), ID);
  await openLive(page, "/actions/");
}

/** A target has room for one proposal: what the agent wants of it meanwhile makes way. */
async function proposeRestart(page: Page, { incidentId, targetId }: Action): Promise<Action> {
  for (const { id: actionId } of await pending(page)) await call(page, "ops.v1.ActionService/RejectAction", { actionId, operator: "Cleo", reason: "makes way" });
  const { action } = await call<{ action: Action }>(page, "ops.v1.ActionService/ProposeAction", { incidentId, targetId, type: "ACTION_TYPE_RESTART_SERVICE", reason: "once more", operator: "Cleo" });
  return action;
}

test.afterEach(async ({ request, baseURL }) => {
  await request.post(`${baseURL}/ops.v1.PolicyService/SetPolicies`, { data: { policies: [], operator: "Ana", reason: "the journey is over" } });
  await request.post(`${baseURL}/sim.v1.SimulationService/Delete`, { data: { simulationId: ID } });
});

test("who decides from a stale tab is told who was first, or that it is too late, and nothing is done twice", async ({ page, openAs, line }) => {
  await page.request.post("/sim.v1.SimulationService/Delete", { data: { simulationId: ID } });
  await call(page, "sim.v1.SimulationService/Create", { simulationId: ID, scenario: "cascade_failure", seed: "7" });
  await expect(async () => {
    await go(page, TICKS_A_MINUTE / 4);
    expect(await pending(page)).not.toHaveLength(0);
  }).toPass({ timeout: PROPOSAL_MS, intervals: [1_000] });
  const [first] = await pending(page);
  if (!first) throw new Error("nothing is proposed");

  const ana = await openAs("Ana");
  const ben = await openAs("Ben", line.url);
  await openQueue(ana);
  await openQueue(ben);

  await test.step("Ana rejects what Ben still sees, and Ben approves it", async () => {
    await expect(answer(ben, first, "Approve")).toBeEnabled();
    line.hush();
    await answer(ana, first, "Reject").click();
    await ana.getByRole("dialog").getByLabel(/Reason/).fill("payment is being deployed");
    await ana.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
    await expect(proposal(ana, first)).toHaveCount(0);
    await answer(ben, first, "Approve").click();
    await expect(proposal(ben, first).getByRole("alert")).toContainText(/Ana rejected this \d+ s ago: payment is being deployed/);
    await expect(proposal(ben, first).getByRole("alert")).toContainText("Your approval was not counted");
    await expect(answer(ben, first, "Approve")).toHaveCount(0);
  });

  await test.step("it stays rejected, and nothing was carried out", async () => {
    await go(page, TICKS_A_MINUTE / 4);
    expect(await read(page, first.id)).toMatchObject({ status: "ACTION_STATUS_REJECTED", decidedBy: "Ana" });
    expect((await history(page, first)).filter(({ status }) => /EXECUTING|SUCCEEDED|FAILED|APPROVED/.test(status))).toEqual([]);
    await proposal(ben, first).getByRole("button", { name: "Got it" }).click();
    await expect(proposal(ben, first)).toHaveCount(0);
    line.speak();
    await expectState(ben, "Live", 60_000);
  });

  await test.step("both approve: it is carried out once", async () => {
    const second = await proposeRestart(page, first);
    await expect(answer(ben, second, "Approve")).toBeEnabled({ timeout: 60_000 });
    line.hush();
    await answer(ana, second, "Approve").click();
    await expect(proposal(ana, second)).toHaveCount(0);
    await answer(ben, second, "Approve").click();
    await expect(proposal(ben, second).getByRole("alert")).toContainText(/Ana approved this \d+ s ago/);
    line.speak();
    await expect(async () => {
      await go(page, TICKS_A_MINUTE / 12);
      expect((await read(page, second.id)).status).toBe("ACTION_STATUS_SUCCEEDED");
    }).toPass({ timeout: 60_000, intervals: [1_000] });
    expect((await history(page, first)).filter(({ status }) => status === "ACTION_STATUS_SUCCEEDED").map(({ id }) => id)).toEqual([second.id]);
    await proposal(ben, second).getByRole("button", { name: "Got it" }).click();
    await expectState(ben, "Live", 60_000);
  });

  await test.step("what has expired while Ben's computer slept cannot be approved: the page says so, and what to do", async () => {
    await call(page, "ops.v1.PolicyService/SetPolicies", { policies: [{ name: "brief", match: { types: ["ACTION_TYPE_RESTART_SERVICE"] }, mode: "APPROVAL_MODE_ASK", expiryS: BRIEF_S }], operator: "Ana" });
    const third = await proposeRestart(page, first);
    await expect(answer(ben, third, "Approve")).toBeEnabled({ timeout: 60_000 });
    line.hush();
    await ben.clock.setFixedTime(new Date());
    await expect(async () => expect((await read(page, third.id)).status).toBe("ACTION_STATUS_EXPIRED")).toPass({ timeout: 4_000 * BRIEF_S, intervals: [1_000] });
    await answer(ben, third, "Approve").click();
    await expect(proposal(ben, third).getByRole("alert")).toContainText("This proposal expired before your approval arrived");
    await proposal(ben, third).getByRole("alert").getByRole("link", { name: "its incident" }).click();
    await expect(ben).toHaveURL(new RegExp(`/incidents/\\?id=${first.incidentId}$`));
    expect(await read(page, third.id)).toMatchObject({ status: "ACTION_STATUS_EXPIRED" });
  });

  // Before their simulation is deleted, which ends their streams.
  for (const person of [ana, ben]) await person.context().close();
});
