/** What stands in the editor of policies, as text, and what it says when it is read. Pure. */
import { create } from "@bufbuild/protobuf";
import { Severity } from "@/gen/common/v1/severity_pb";
import { type ActionType, ApprovalMode } from "@/gen/ops/v1/action_pb";
import { type ApprovalPolicy, ApprovalPolicySchema } from "@/gen/ops/v1/policy_pb";

export interface PolicyDraft {
  /** Stays the same while the policy is moved about. */
  readonly key: number;
  readonly name: string;
  readonly mode: ApprovalMode;
  readonly types: readonly ActionType[];
  readonly targets: string;
  readonly minSeverity: Severity;
  readonly maxSeverity: Severity;
  readonly maxBlastPct: string;
  /** Percentages of the futures. */
  readonly maxHarmsPct: string;
  readonly minHelpsPct: string;
  readonly minBadPctLess: string;
  readonly expiryS: string;
}

export type PolicyProblems = Readonly<Partial<Record<keyof PolicyDraft, string>>>;

/** What the API accepts. */
export const MAX_POLICIES = 100;
const NAME = /^[a-z0-9_-]{1,64}$/;
const EXPIRY_S = { least: 10, most: 86_400 } as const;

let nextKey = 1;

export function newPolicy(): PolicyDraft {
  nextKey += 1;
  return { key: nextKey, name: "", mode: ApprovalMode.ASK, types: [], targets: "", minSeverity: Severity.UNSPECIFIED, maxSeverity: Severity.UNSPECIFIED, maxBlastPct: "", maxHarmsPct: "", minHelpsPct: "", minBadPctLess: "", expiryS: "" };
}

export function draftOf({ name, mode, match, expiryS }: ApprovalPolicy): PolicyDraft {
  const text = (value: number | undefined, factor = 1) => (value === undefined ? "" : String(Number((value * factor).toFixed(6))));
  return {
    ...newPolicy(),
    name,
    mode,
    types: match?.types ?? [],
    targets: match?.targets.join(", ") ?? "",
    minSeverity: match?.minSeverity ?? Severity.UNSPECIFIED,
    maxSeverity: match?.maxSeverity ?? Severity.UNSPECIFIED,
    maxBlastPct: text(match?.maxBlastPct),
    maxHarmsPct: text(match?.effect?.maxHarms, 100),
    minHelpsPct: text(match?.effect?.minHelps, 100),
    minBadPctLess: text(match?.effect?.minBadPctLess),
    expiryS: expiryS === 0 ? "" : String(expiryS),
  };
}

export function policyProblems(draft: PolicyDraft, others: readonly PolicyDraft[]): PolicyProblems {
  const problems: Partial<Record<keyof PolicyDraft, string>> = {};
  if (!NAME.test(draft.name) || draft.name === "default") problems.name = "1 to 64 lower-case letters, digits, - or _; not default.";
  else if (others.some(({ key, name }) => key !== draft.key && name === draft.name)) problems.name = "Another policy has this name.";
  if (draft.mode === ApprovalMode.AUTO_APPROVE && draft.types.length === 0) problems.types = "Name what it may approve by itself.";
  for (const field of ["maxBlastPct", "maxHarmsPct", "minHelpsPct", "minBadPctLess"] as const) {
    if (draft[field].trim() !== "" && !isWithin(draft[field], 0, 100)) problems[field] = "0 to 100, or empty.";
  }
  if (draft.expiryS.trim() !== "" && !(isWithin(draft.expiryS, EXPIRY_S.least, EXPIRY_S.most) && Number.isInteger(Number(draft.expiryS)))) problems.expiryS = `Whole seconds, ${EXPIRY_S.least} to ${EXPIRY_S.most}, or empty.`;
  return problems;
}

export function readPolicy(draft: PolicyDraft): ApprovalPolicy {
  const number = (text: string, divisor = 1) => (text.trim() === "" ? undefined : Number(text) / divisor);
  const effect = { maxHarms: number(draft.maxHarmsPct, 100), minHelps: number(draft.minHelpsPct, 100), minBadPctLess: number(draft.minBadPctLess) };
  const demands = Object.values(effect).some((value) => value !== undefined);
  return create(ApprovalPolicySchema, {
    name: draft.name,
    mode: draft.mode,
    expiryS: number(draft.expiryS) ?? 0,
    match: {
      types: [...draft.types],
      targets: draft.targets.split(/[\s,]+/).filter((id) => id !== ""),
      minSeverity: draft.minSeverity,
      maxSeverity: draft.maxSeverity,
      maxBlastPct: number(draft.maxBlastPct),
      ...(demands ? { effect } : {}),
    },
  });
}

function isWithin(text: string, least: number, most: number): boolean {
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most;
}
