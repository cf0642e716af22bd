/** Guided drills: games whose scenario is known, with steps that notice by themselves when they are done. Pure. */
import { type Action, ActionStatus, ActionType } from "@/gen/ops/v1/action_pb";
import type { Incident } from "@/gen/ops/v1/incident_pb";

/** What the page knows while a drill goes on. */
export interface DrillFacts {
  readonly pathname: string;
  readonly params: Pick<URLSearchParams, "get">;
  readonly incidents: ReadonlyMap<string, Incident>;
  readonly actions: ReadonlyMap<string, Action>;
  /** Somebody has looked ahead at what could be done. */
  readonly previewed: boolean;
  /** Whether it is known what is open. */
  readonly known: boolean;
  /** Steps that were done before. */
  readonly done: readonly string[];
}

export interface DrillStep {
  readonly id: string;
  readonly title: string;
  /** What to look at, and what for. */
  readonly hint: string;
  /** Where it is done. */
  readonly href: string;
  readonly isDone: (facts: DrillFacts) => boolean;
  /** The step that leaves nothing of this one to do, and what is said when this one was passed over. */
  readonly before?: { readonly id: string; readonly passedOver: string };
}

export interface Drill {
  readonly id: string;
  readonly scenario: string;
  readonly title: string;
  readonly teaches: string;
  readonly steps: readonly DrillStep[];
  /** What to take along. */
  readonly lesson: string;
}

const DECIDED: ReadonlySet<ActionStatus> = new Set([ActionStatus.APPROVED, ActionStatus.EXECUTING, ActionStatus.SUCCEEDED]);

const OPEN: DrillStep = {
  id: "open",
  title: "Open the incident",
  hint: "It takes up to two simulated minutes until something is noticed. Then open what stands first in the list.",
  href: "/incidents/",
  isDone: ({ pathname, params, incidents }) => pathname.startsWith("/incidents") && incidents.has(params.get("id") ?? ""),
};

const AHEAD: DrillStep = {
  id: "ahead",
  title: "Read what would come of each option",
  hint: "The card tries every option, and doing nothing, on copies of this cloud. Compare the first column: requests that fail or are slow.",
  href: "/actions/",
  isDone: ({ previewed }) => previewed,
  before: { id: "approve", passedOver: "It was approved before the look ahead was there. What came of it stands under Actions, History." },
};

const HEALED: DrillStep = {
  id: "healed",
  title: "See it heal",
  hint: "Incidents end some seconds after the numbers are well again. Wait until nothing burns.",
  href: "/",
  isDone: ({ known, incidents, done }) => known && done.includes("approve") && [...incidents.values()].every(({ resolved }) => resolved),
};

function approved(types: readonly ActionType[], targetId: string): DrillStep["isDone"] {
  return ({ actions }) => [...actions.values()].some((action) => DECIDED.has(action.status) && types.includes(action.type) && action.targetId === targetId);
}

export const DRILLS: readonly Drill[] = [
  {
    id: "cascade",
    scenario: "cascade_failure",
    title: "Heal the cause, not the symptom",
    teaches: "Many services fail at once, and only one of them is ill.",
    steps: [
      OPEN,
      {
        id: "map",
        title: "Find the cause on the map",
        hint: "On the incident's page, read Suspected cause, then press On the map: the cause is marked, and who suffers for it.",
        href: "/incidents/",
        isDone: ({ pathname, params }) => pathname.startsWith("/topology") && params.get("incident") !== null,
      },
      AHEAD,
      {
        id: "approve",
        title: "Approve the restart of payment",
        hint: "Its processes ran out of memory; fresh ones have it back. When it is not proposed, press Do this instead beside it.",
        href: "/actions/",
        isDone: approved([ActionType.RESTART_SERVICE], "payment"),
      },
      HEALED,
    ],
    lesson: "Gateway and checkout were loudest and had nothing. One restart of what they waited for healed them all.",
  },
  {
    id: "capacity",
    scenario: "chatty_client",
    title: "When capacity is the answer",
    teaches: "Nothing is broken: there is more to do than there is to do it with.",
    steps: [
      OPEN,
      {
        id: "busy",
        title: "See who is busy",
        hint: "Look at the CPU of every service. Who has reached the top, and who only waits for it?",
        href: "/explore/?metric=cpu_usage",
        isDone: ({ pathname, params }) => pathname.startsWith("/explore") && params.get("metric") === "cpu_usage",
      },
      AHEAD,
      {
        id: "approve",
        title: "Approve more replicas for search",
        hint: "You can change the number before you approve. Too few do not help, too many cost and lower the score.",
        href: "/actions/",
        isDone: approved([ActionType.SCALE_UP], "search"),
      },
      HEALED,
    ],
    lesson: "A restart would have taken away what little there was. Under load, what is missing is capacity where it is used up.",
  },
  {
    id: "restart",
    scenario: "slow_queries",
    title: "When a restart is wrong",
    teaches: "The first idea makes it worse, and the look ahead says so beforehand.",
    steps: [
      OPEN,
      { ...AHEAD, title: "Find the restart among the options", hint: "The card tries every option on copies of this cloud. Restarting orders-db comes last: see how many requests it costs, and in how many futures it harms." },
      {
        id: "compare",
        title: "See on the map who would be hit",
        hint: "Open orders-db on the map: carts and orders wait for it, and a restart would stop it for all of them.",
        href: "/topology/?service=orders-db",
        isDone: ({ pathname, params }) => pathname.startsWith("/topology") && (params.get("service") === "orders-db" || params.get("incident") !== null || params.get("action") !== null),
      },
      {
        id: "approve",
        title: "Give orders-db more to work with, without a restart",
        hint: "Approve replicas, a read replica or a cache for it. When that is not proposed, press Do this instead beside it; reject what restarts it.",
        href: "/actions/",
        isDone: approved([ActionType.SCALE_UP, ActionType.ADD_READ_REPLICA, ActionType.ADD_CACHE], "orders-db"),
      },
      HEALED,
    ],
    lesson: "Slow is not stuck. What still answers must not be stopped while everybody waits for it.",
  },
];

/** Whether a step was not done, and cannot be any more. */
export function isPassedOver({ id, before }: DrillStep, done: readonly string[]): boolean {
  return before !== undefined && done.includes(before.id) && !done.includes(id);
}

export function drillOf(id: string | undefined): Drill | undefined {
  return DRILLS.find((drill) => drill.id === id);
}
