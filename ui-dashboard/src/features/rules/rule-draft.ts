/** What stands in the editor, as text, and what it says when it is read. Pure. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Severity } from "@/gen/common/v1/severity_pb";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { RuleAggregate, type RuleCondition, type RuleDefinition, RuleDefinitionSchema, RuleOperator } from "@/gen/ops/v1/rule_pb";

export interface ConditionDraft {
  readonly metric: string;
  readonly aggregate: RuleAggregate;
  readonly operator: RuleOperator;
  readonly threshold: string;
  readonly windowS: string;
}

export interface RuleDraft extends ConditionDraft {
  readonly name: string;
  readonly family: string;
  readonly services: boolean;
  readonly nodes: boolean;
  readonly ids: string;
  readonly clearThreshold: string;
  readonly forS: string;
  readonly also: readonly ConditionDraft[];
  readonly severity: Severity;
  readonly description: string;
  /** One `key=value` a line. */
  readonly labels: string;
}

export type RuleProblems = Readonly<Partial<Record<keyof RuleDraft, string>>>;

export interface ReadRule {
  readonly problems: RuleProblems;
  /** Absent when there are problems. */
  readonly definition?: RuleDefinition;
}

/** What the API accepts. */
export const MAX_CONDITIONS = 8;
const MAX_WINDOW_S = 1_200;
const NAME = /^[a-z0-9_]{1,64}$/;

export const NEW_CONDITION: ConditionDraft = { metric: "error_rate", aggregate: RuleAggregate.AVG, operator: RuleOperator.GT, threshold: "5", windowS: "10" };

export const NEW_RULE: RuleDraft = {
  ...NEW_CONDITION,
  name: "",
  family: "",
  services: true,
  nodes: false,
  ids: "",
  clearThreshold: "",
  forS: "0",
  also: [],
  severity: Severity.WARNING,
  description: "",
  labels: "",
};

function conditionDraft({ metric, aggregate, operator, threshold, windowS }: Pick<RuleCondition, "metric" | "aggregate" | "operator" | "threshold" | "windowS">): ConditionDraft {
  return { metric, aggregate: aggregate === RuleAggregate.UNSPECIFIED ? RuleAggregate.AVG : aggregate, operator, threshold: String(threshold), windowS: String(windowS) };
}

export function draftOf(rule: RuleDefinition): RuleDraft {
  const every = rule.kinds.length === 0;
  return {
    ...conditionDraft(rule),
    name: rule.name,
    family: rule.family === rule.name ? "" : rule.family,
    services: every || rule.kinds.includes(TargetKind.SERVICE),
    nodes: every || rule.kinds.includes(TargetKind.NODE),
    ids: rule.ids.join(", "),
    clearThreshold: rule.clearThreshold === undefined ? "" : String(rule.clearThreshold),
    forS: String(rule.forS),
    also: rule.also.map(conditionDraft),
    severity: rule.severity,
    description: rule.description,
    labels: Object.entries(rule.labels).map(([key, value]) => `${key}=${value}`).join("\n"),
  };
}

export function readRule(draft: RuleDraft): ReadRule {
  const labels = readLabels(draft.labels);
  const problems: Partial<Record<keyof RuleDraft, string>> = {};
  const check = (field: keyof RuleDraft, holds: boolean, problem: string) => {
    if (!holds) problems[field] ??= problem;
  };
  check("name", NAME.test(draft.name), "1 to 64 lower-case letters, digits and underscores, such as error_rate_high.");
  check("family", draft.family === "" || NAME.test(draft.family), "Like the name, or empty.");
  check("metric", draft.metric.trim() !== "", "Name a metric, such as error_rate.");
  check("services", draft.services || draft.nodes, "Choose services, nodes or both.");
  check("threshold", isNumber(draft.threshold), "Write a number.");
  check("clearThreshold", draft.clearThreshold.trim() === "" || isNumber(draft.clearThreshold), "Write a number, or leave it empty.");
  check("windowS", isSeconds(draft.windowS, 1), `Whole seconds, 1 to ${MAX_WINDOW_S}.`);
  check("forS", isSeconds(draft.forS, 0), `Whole seconds, 0 to ${MAX_WINDOW_S}.`);
  check("also", draft.also.every(({ metric, threshold, windowS }) => metric.trim() !== "" && isNumber(threshold) && isSeconds(windowS, 1)), `Each needs a metric, a number, and 1 to ${MAX_WINDOW_S} whole seconds.`);
  check("labels", labels !== undefined, "One label a line, such as team=payments.");
  if (Object.keys(problems).length > 0) return { problems };
  const definition: MessageInitShape<typeof RuleDefinitionSchema> = {
    ...readCondition(draft),
    name: draft.name,
    family: draft.family,
    kinds: [...(draft.services ? [TargetKind.SERVICE] : []), ...(draft.nodes ? [TargetKind.NODE] : [])],
    ids: draft.ids.split(/[\s,]+/).filter((id) => id !== ""),
    ...(draft.clearThreshold.trim() === "" ? {} : { clearThreshold: Number(draft.clearThreshold) }),
    forS: Number(draft.forS),
    also: draft.also.map(readCondition),
    severity: draft.severity,
    description: draft.description.trim(),
    labels: labels ?? {},
  };
  return { problems, definition: create(RuleDefinitionSchema, definition) };
}

function readCondition({ metric, aggregate, operator, threshold, windowS }: ConditionDraft) {
  return { metric: metric.trim(), aggregate, operator, threshold: Number(threshold), windowS: Number(windowS) };
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function isSeconds(text: string, least: number): boolean {
  const seconds = Number(text);
  return text.trim() !== "" && Number.isInteger(seconds) && seconds >= least && seconds <= MAX_WINDOW_S;
}

function readLabels(text: string): Record<string, string> | undefined {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const pairs = lines.map((line) => /^([^=\s]+)\s*=\s*(.+)$/.exec(line));
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2] ?? ""])) : undefined;
}
