/** Actions in words: the title of a proposal, the state it is in, what came of it. */
import { plural } from "@/format/format";
import { type Action, ActionEffect, ActionStatus, ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import type { BadgeTone } from "@/ui/badge";

export interface Look {
  readonly word: string;
  readonly tone: BadgeTone;
}

export function actionTitle({ type, targetId, replicas }: Pick<Action, "type" | "targetId" | "replicas">): string {
  switch (type) {
    case ActionType.RESTART_SERVICE:
      return `Restart ${targetId}`;
    case ActionType.SCALE_UP:
      return `Scale ${targetId} up by ${plural(replicas, "replica")}`;
    case ActionType.SCALE_DOWN:
      return `Scale ${targetId} down by ${plural(replicas, "replica")}`;
    case ActionType.DRAIN_NODE:
      return `Drain node ${targetId}`;
    case ActionType.REBALANCE_TRAFFIC:
      return `Rebalance traffic of ${targetId}`;
    case ActionType.UNDRAIN_NODE:
      return `Let node ${targetId} take replicas again`;
    case ActionType.SPREAD_TRAFFIC:
      return `Spread traffic of ${targetId} evenly`;
    case ActionType.ADD_READ_REPLICA:
      return `Add a read replica to ${targetId}`;
    case ActionType.ADD_CACHE:
      return `Add a cache beside ${targetId}`;
    case ActionType.ADD_LOAD_BALANCER:
      return `Add a load balancer before ${targetId}`;
    case ActionType.ADD_CDN:
      return `Add a CDN before ${targetId}`;
    case ActionType.ADD_CONSUMERS:
      return `Add consumers beside ${targetId}`;
    case ActionType.REMOVE_COMPONENT:
      return `Remove ${targetId}`;
    default:
      return `Unknown action on ${targetId}`;
  }
}

const STATUS: Readonly<Record<ActionStatus, Look>> = {
  [ActionStatus.UNSPECIFIED]: { word: "Unknown", tone: "neutral" },
  [ActionStatus.PROPOSED]: { word: "Waiting", tone: "accent" },
  [ActionStatus.APPROVED]: { word: "Approved", tone: "info" },
  [ActionStatus.EXECUTING]: { word: "Executing", tone: "info" },
  [ActionStatus.SUCCEEDED]: { word: "Succeeded", tone: "ok" },
  [ActionStatus.FAILED]: { word: "Failed", tone: "critical" },
  [ActionStatus.REJECTED]: { word: "Rejected", tone: "neutral" },
  [ActionStatus.EXPIRED]: { word: "Expired", tone: "neutral" },
  [ActionStatus.CANCELLED]: { word: "Cancelled", tone: "neutral" },
  [ActionStatus.SUPERSEDED]: { word: "Superseded", tone: "neutral" },
};

export function statusLook(status: ActionStatus): Look {
  return STATUS[status] ?? STATUS[ActionStatus.UNSPECIFIED];
}

const EFFECT: Readonly<Record<ActionEffect, Look>> = {
  [ActionEffect.UNSPECIFIED]: { word: "Not judged yet", tone: "neutral" },
  [ActionEffect.EFFECTIVE]: { word: "Effective", tone: "ok" },
  [ActionEffect.INEFFECTIVE]: { word: "Ineffective", tone: "warning" },
  [ActionEffect.HARMFUL]: { word: "Harmful", tone: "critical" },
};

/** Only an action that was carried out can have helped. */
export function effectLook({ status, effect }: Pick<Action, "status" | "effect">): Look | undefined {
  if (effect !== ActionEffect.UNSPECIFIED) return EFFECT[effect] ?? EFFECT[ActionEffect.UNSPECIFIED];
  return status === ActionStatus.SUCCEEDED ? EFFECT[ActionEffect.UNSPECIFIED] : undefined;
}

/** What came of it, in a sentence, by whom. Empty while nothing is decided. */
export function outcomeSentence(action: Action): string {
  const { status, decidedBy, decisionReason, outcome } = action;
  switch (status) {
    case ActionStatus.REJECTED:
      return [`Rejected by ${decidedBy || "somebody"}`, decisionReason].filter(Boolean).join(": ");
    case ActionStatus.EXPIRED:
      return "Nobody decided in time.";
    case ActionStatus.APPROVED:
      return `Approved by ${decidedBy || "somebody"}; the command is on its way.`;
    case ActionStatus.CANCELLED:
    case ActionStatus.SUPERSEDED:
      return decisionReason || outcome;
    default:
      return outcome;
  }
}

/** Whose yes it takes, and who has said it: `Two people decide. Approved by ana, 1 of 2.` */
export function approvalsSentence({ approvalMode, approvals, approvalsNeeded }: Pick<Action, "approvalMode" | "approvals" | "approvalsNeeded">): string {
  const whose = approvalMode === ApprovalMode.TWO_PERSON ? "Two people decide." : approvalMode === ApprovalMode.AUTO_APPROVE ? "Approved automatically when everything allows it." : "";
  const by = approvals.map(({ operator }) => operator).join(", ");
  return [whose, by && `Approved by ${by}, ${approvals.length} of ${approvalsNeeded}.`].filter(Boolean).join(" ");
}

/** `2 had been proposed, changed by ben`; empty when nobody changed the number. */
export function editSentence({ replicas, proposedReplicas, replicasBy }: Pick<Action, "replicas" | "proposedReplicas" | "replicasBy">): string {
  return replicasBy === "" || replicas === proposedReplicas ? "" : `${proposedReplicas} had been proposed, changed by ${replicasBy}`;
}
