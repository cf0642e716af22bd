/** Approval policies as people read them. */
import { formatNames, formatPercent, formatShare, formatWholeDuration } from "@/format/format";
import { severityLook } from "@/features/incidents/severity";
import { Severity } from "@/gen/common/v1/severity_pb";
import { ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import type { ApprovalMatch, ApprovalPolicy } from "@/gen/ops/v1/policy_pb";
import type { BadgeTone } from "@/ui/badge";

export const TYPES: Readonly<Partial<Record<ActionType, string>>> = {
  [ActionType.RESTART_SERVICE]: "restart",
  [ActionType.SCALE_UP]: "scale up",
  [ActionType.SCALE_DOWN]: "scale down",
  [ActionType.DRAIN_NODE]: "drain node",
  [ActionType.UNDRAIN_NODE]: "undrain node",
  [ActionType.REBALANCE_TRAFFIC]: "rebalance traffic",
  [ActionType.SPREAD_TRAFFIC]: "spread traffic",
  [ActionType.ADD_READ_REPLICA]: "add read replica",
  [ActionType.ADD_CACHE]: "add cache",
  [ActionType.ADD_LOAD_BALANCER]: "add load balancer",
  [ActionType.ADD_CDN]: "add CDN",
  [ActionType.ADD_CONSUMERS]: "add consumers",
  [ActionType.REMOVE_COMPONENT]: "remove component",
};

export interface ModeLook {
  readonly word: string;
  readonly tone: BadgeTone;
}

export const MODES: Readonly<Record<ApprovalMode, ModeLook>> = {
  [ApprovalMode.UNSPECIFIED]: { word: "one person", tone: "neutral" },
  [ApprovalMode.ASK]: { word: "one person", tone: "info" },
  [ApprovalMode.AUTO_APPROVE]: { word: "approves itself", tone: "accent" },
  [ApprovalMode.TWO_PERSON]: { word: "two people", tone: "warning" },
};

/** Which proposals, in one line; `every proposal` when nothing is demanded. */
export function matchWords(match: ApprovalMatch | undefined): string {
  if (!match) return "every proposal";
  const { types, targets, minSeverity, maxSeverity, maxBlastPct, effect } = match;
  const parts = [
    types.length > 0 && types.map((type) => TYPES[type] ?? "unknown").join(" or "),
    targets.length > 0 && `of ${formatNames(targets, 4)}`,
    minSeverity !== Severity.UNSPECIFIED && `for ${severityLook(minSeverity).word.toLowerCase()} or worse`,
    maxSeverity !== Severity.UNSPECIFIED && `for ${severityLook(maxSeverity).word.toLowerCase()} at most`,
    maxBlastPct !== undefined && `touching at most ${formatPercent(maxBlastPct)} of the replicas`,
    effect?.maxHarms !== undefined && `harming in at most ${formatShare(effect.maxHarms)} of the futures`,
    effect?.minHelps !== undefined && `helping in at least ${formatShare(effect.minHelps)}`,
    effect?.minBadPctLess !== undefined && `saving at least ${formatPercent(effect.minBadPctLess)} of bad requests`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? "every proposal" : parts.join(", ");
}

export function expiryWords({ expiryS }: Pick<ApprovalPolicy, "expiryS">): string {
  return expiryS === 0 ? "as usual" : formatWholeDuration(expiryS);
}
