/** Rules as people read them. */
import { formatNamedMetric, formatNumber, formatWholeDuration, metricLabel, METRICS, isMetricName } from "@/format/format";
import { TargetKind } from "@/gen/common/v1/target_pb";
import { type Rule, RuleAggregate, RuleChange, type RuleDefinition, RuleOperator, RuleOrigin } from "@/gen/ops/v1/rule_pb";

export const AGGREGATES: Readonly<Record<RuleAggregate, string>> = {
  [RuleAggregate.UNSPECIFIED]: "mean",
  [RuleAggregate.AVG]: "mean",
  [RuleAggregate.MAX]: "largest",
  [RuleAggregate.MIN]: "smallest",
  [RuleAggregate.P95]: "95th percentile",
  [RuleAggregate.LAST]: "newest",
  [RuleAggregate.RATE]: "change per second",
};

export const OPERATORS: Readonly<Record<RuleOperator, string>> = {
  [RuleOperator.UNSPECIFIED]: "?",
  [RuleOperator.GT]: ">",
  [RuleOperator.GTE]: "≥",
  [RuleOperator.LT]: "<",
  [RuleOperator.LTE]: "≤",
  [RuleOperator.EQ]: "=",
};

type Judged = Pick<RuleDefinition, "metric" | "aggregate" | "operator" | "threshold" | "windowS">;

/** `mean of Error rate > 5 % over 10 s` */
export function conditionWords({ metric, aggregate, operator, threshold, windowS }: Judged): string {
  const limit = aggregate === RuleAggregate.RATE ? `${formatNumber(threshold)} ${isMetricName(metric) ? METRICS[metric].unit : ""}/s` : formatNamedMetric(metric, threshold);
  return `${AGGREGATES[aggregate] ?? "?"} of ${metricLabel(metric)} ${OPERATORS[operator] ?? "?"} ${limit} over ${formatWholeDuration(windowS)}`;
}

export function ruleWords(rule: RuleDefinition): string {
  const held = rule.forS > 0 ? ` for ${formatWholeDuration(rule.forS)}` : "";
  const also = rule.also.length > 0 ? `, while ${rule.also.map(conditionWords).join(" and ")}` : "";
  return `${conditionWords(rule)}${held}${also}`;
}

/** Whom it watches: `services`, `nodes`, `orders, cart`. */
export function watchedWords({ kinds, ids }: RuleDefinition): string {
  if (ids.length > 0) return ids.join(", ");
  if (kinds.length !== 1) return "services and nodes";
  return kinds[0] === TargetKind.NODE ? "nodes" : "services";
}

const CHANGES: Readonly<Record<RuleChange, string>> = {
  [RuleChange.UNSPECIFIED]: "changed",
  [RuleChange.CREATED]: "created",
  [RuleChange.UPDATED]: "changed",
  [RuleChange.DELETED]: "deleted",
  [RuleChange.ENABLED]: "enabled",
  [RuleChange.DISABLED]: "disabled",
  [RuleChange.RESTORED]: "restored",
  [RuleChange.SEEDED]: "brought",
  [RuleChange.RECOVERED]: "written again",
};

/** `changed by ana: too many calls` */
export function changeWords({ change, changedBy, reason }: Rule): string {
  return `${CHANGES[change] ?? "changed"} by ${changedBy || "somebody"}${reason === "" ? "" : `: ${reason}`}`;
}

/** Comes with a release, and somebody has made something else of it. */
export function isRestorable({ origin, change, deleted }: Rule): boolean {
  const untouched = change === RuleChange.SEEDED || change === RuleChange.RESTORED || change === RuleChange.RECOVERED;
  return origin === RuleOrigin.BUILT_IN && (deleted || !untouched);
}
