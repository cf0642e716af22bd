import { isMetricName, METRICS } from "@/format/format";
import { RuleAggregate, RuleOperator } from "@/gen/ops/v1/rule_pb";
import { Field, Select, TextInput } from "@/ui/field";
import type { ConditionDraft } from "./rule-draft";
import { AGGREGATES, OPERATORS } from "./rule-words";

const AGGREGATE_ORDER = [RuleAggregate.AVG, RuleAggregate.MAX, RuleAggregate.MIN, RuleAggregate.P95, RuleAggregate.LAST, RuleAggregate.RATE];
const OPERATOR_ORDER = [RuleOperator.GT, RuleOperator.GTE, RuleOperator.LT, RuleOperator.LTE, RuleOperator.EQ];

interface ConditionFieldsProps<T extends ConditionDraft> {
  readonly value: T;
  readonly problems?: { readonly metric?: string; readonly threshold?: string; readonly windowS?: string };
  readonly onChange: (change: Partial<ConditionDraft>) => void;
}

/** Which number is compared with what. */
export function ConditionFields<T extends ConditionDraft>({ value, problems = {}, onChange }: ConditionFieldsProps<T>) {
  const { metric, aggregate, operator, threshold, windowS } = value;
  const unit = isMetricName(metric) ? METRICS[metric].unit : "";
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-[minmax(0,5fr)_minmax(0,5fr)_4rem_minmax(0,4fr)_minmax(0,3fr)]">
      <Field label="Of" error={undefined}>
        <Select value={aggregate} onChange={(event) => onChange({ aggregate: Number(event.target.value) })}>
          {AGGREGATE_ORDER.map((option) => (
            <option key={option} value={option}>
              {AGGREGATES[option]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Metric" error={problems.metric}>
        <Select value={metric} onChange={(event) => onChange({ metric: event.target.value })}>
          {!isMetricName(metric) && <option value={metric}>{metric || "choose"}</option>}
          {Object.entries(METRICS).map(([name, { label }]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Is">
        <Select value={operator} onChange={(event) => onChange({ operator: Number(event.target.value) })}>
          {OPERATOR_ORDER.map((option) => (
            <option key={option} value={option}>
              {OPERATORS[option]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={unit === "" ? "Limit" : `Limit, ${unit}`} error={problems.threshold}>
        <TextInput inputMode="decimal" value={threshold} onChange={(event) => onChange({ threshold: event.target.value })} />
      </Field>
      <Field label="Over, s" error={problems.windowS}>
        <TextInput inputMode="numeric" value={windowS} onChange={(event) => onChange({ windowS: event.target.value })} />
      </Field>
    </div>
  );
}
