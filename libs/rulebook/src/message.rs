//! A rule as a message, and back.

use detect::{
    Aggregate, Condition, METRICS, Operator, Rule, RuleError, RuleErrors, RuleSet, Selector, Severity,
    TargetKind,
};
use proto::common::v1 as common;
use proto::ops::v1::{RuleAggregate, RuleCondition, RuleDefinition, RuleOperator};

/// The rules that definitions speak of, checked together.
///
/// # Errors
/// Every mistake of every definition at once.
pub fn checked(definitions: &[RuleDefinition]) -> Result<RuleSet, RuleErrors> {
    let mut mistakes = Vec::new();
    let rules = definitions.iter().map(|definition| rule(definition.clone(), &mut mistakes)).collect();
    match RuleSet::new(rules) {
        Ok(set) if mistakes.is_empty() => Ok(set),
        Ok(_) => Err(RuleErrors(mistakes)),
        Err(RuleErrors(more)) => {
            mistakes.extend(more);
            Err(RuleErrors(mistakes))
        }
    }
}

/// The rule that a definition speaks of, with the usual values for what it leaves out. What cannot be read is added to the
/// mistakes; the rule is not to be used then.
fn rule(definition: RuleDefinition, mistakes: &mut Vec<RuleError>) -> Rule {
    // Exhaustive, so that a new field is a compile error.
    let RuleDefinition {
        name,
        family,
        metric,
        kinds,
        ids,
        aggregate,
        operator,
        threshold,
        clear_threshold,
        window_s,
        for_s,
        also,
        severity,
        description,
        labels,
    } = definition;
    let mut desk = Desk { rule: &name, mistakes };
    let aggregate = desk.aggregate("aggregate", aggregate);
    let operator = desk.operator("operator", operator);
    let kinds = desk.kinds(&kinds, &metric);
    let severity = desk.severity(severity);
    let also = also.into_iter().map(|condition| desk.condition(condition)).collect();
    // Of a threshold that is no number the check of the set tells, once.
    let usual = if threshold.is_finite() { operator.usual_clear_threshold(threshold) } else { 0.0 };
    Rule {
        family: if family.is_empty() { name.clone() } else { family },
        name,
        metric,
        selector: Selector { kinds, ids: ids.into_iter().collect() },
        aggregate,
        operator,
        threshold,
        clear_threshold: clear_threshold.unwrap_or(usual),
        window_s,
        for_s,
        also,
        severity,
        description,
        labels,
    }
}

/// Notes what cannot be read.
struct Desk<'a> {
    rule: &'a str,
    mistakes: &'a mut Vec<RuleError>,
}

impl Desk<'_> {
    fn wrong(&mut self, what: &'static str, how: &'static str) {
        self.mistakes.push(RuleError { rule: self.rule.to_owned(), what, how: how.into() });
    }

    fn aggregate(&mut self, what: &'static str, number: i32) -> Aggregate {
        match RuleAggregate::try_from(number) {
            Ok(RuleAggregate::Unspecified | RuleAggregate::Avg) => Aggregate::Avg,
            Ok(RuleAggregate::Max) => Aggregate::Max,
            Ok(RuleAggregate::Min) => Aggregate::Min,
            Ok(RuleAggregate::P95) => Aggregate::P95,
            Ok(RuleAggregate::Last) => Aggregate::Last,
            Ok(RuleAggregate::Rate) => Aggregate::Rate,
            Err(_) => {
                self.wrong(what, "use one of avg, max, min, p95, last, rate");
                Aggregate::Avg
            }
        }
    }

    fn operator(&mut self, what: &'static str, number: i32) -> Operator {
        match RuleOperator::try_from(number) {
            Ok(RuleOperator::Gt) => Operator::Gt,
            Ok(RuleOperator::Gte) => Operator::Gte,
            Ok(RuleOperator::Lt) => Operator::Lt,
            Ok(RuleOperator::Lte) => Operator::Lte,
            Ok(RuleOperator::Eq) => Operator::Eq,
            Ok(RuleOperator::Unspecified) | Err(_) => {
                self.wrong(what, "use one of gt, gte, lt, lte, eq");
                Operator::Gt
            }
        }
    }

    fn kinds(&mut self, numbers: &[i32], metric: &str) -> std::collections::BTreeSet<TargetKind> {
        if numbers.is_empty() {
            let known = METRICS.iter().find(|known| known.name == metric);
            // Of an unknown metric the check of the set tells.
            let of = |kind: &TargetKind| known.is_none_or(|known| known.is_of(*kind));
            return TargetKind::ALL.into_iter().filter(of).collect();
        }
        let kinds = numbers.iter().filter_map(|number| match common::TargetKind::try_from(*number) {
            Ok(common::TargetKind::Service) => Some(TargetKind::Service),
            Ok(common::TargetKind::Node) => Some(TargetKind::Node),
            _ => None,
        });
        let kinds: std::collections::BTreeSet<_> = kinds.collect();
        if numbers.iter().any(|number| !matches!(number, 1 | 2)) {
            self.wrong(
                "kinds",
                "use service, node or both; zones and simulations have no metrics of their own",
            );
            return TargetKind::ALL.into();
        }
        kinds
    }

    fn severity(&mut self, number: i32) -> Severity {
        Severity::from_number(number).unwrap_or_else(|| {
            self.wrong("severity", "use one of info, warning, high, critical");
            Severity::Warning
        })
    }

    fn condition(&mut self, condition: RuleCondition) -> Condition {
        let RuleCondition { metric, aggregate, operator, threshold, window_s } = condition;
        Condition {
            metric,
            aggregate: self.aggregate("also: aggregate", aggregate),
            operator: self.operator("also: operator", operator),
            threshold,
            window_s,
        }
    }
}

/// A rule as its definition, with nothing left out.
pub fn definition(rule: &Rule) -> RuleDefinition {
    let Rule {
        name,
        family,
        metric,
        selector: Selector { kinds, ids },
        aggregate,
        operator,
        threshold,
        clear_threshold,
        window_s,
        for_s,
        also,
        severity,
        description,
        labels,
    } = rule.clone();
    let kind = |kind: TargetKind| match kind {
        TargetKind::Service => common::TargetKind::Service.into(),
        TargetKind::Node => common::TargetKind::Node.into(),
    };
    RuleDefinition {
        name,
        family,
        metric,
        kinds: kinds.into_iter().map(kind).collect(),
        ids: ids.into_iter().collect(),
        aggregate: aggregate_number(aggregate),
        operator: operator_number(operator),
        threshold,
        clear_threshold: Some(clear_threshold),
        window_s,
        for_s,
        also: also.into_iter().map(condition).collect(),
        severity: severity.number(),
        description,
        labels,
    }
}

fn condition(condition: Condition) -> RuleCondition {
    let Condition { metric, aggregate, operator, threshold, window_s } = condition;
    RuleCondition {
        metric,
        aggregate: aggregate_number(aggregate),
        operator: operator_number(operator),
        threshold,
        window_s,
    }
}

fn aggregate_number(aggregate: Aggregate) -> i32 {
    match aggregate {
        Aggregate::Avg => RuleAggregate::Avg,
        Aggregate::Max => RuleAggregate::Max,
        Aggregate::Min => RuleAggregate::Min,
        Aggregate::P95 => RuleAggregate::P95,
        Aggregate::Last => RuleAggregate::Last,
        Aggregate::Rate => RuleAggregate::Rate,
    }
    .into()
}

fn operator_number(operator: Operator) -> i32 {
    match operator {
        Operator::Gt => RuleOperator::Gt,
        Operator::Gte => RuleOperator::Gte,
        Operator::Lt => RuleOperator::Lt,
        Operator::Lte => RuleOperator::Lte,
        Operator::Eq => RuleOperator::Eq,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_rule_survives_the_way_through_its_message() {
        let rules = detect::builtin_rules();
        let definitions: Vec<_> = rules.iter().map(definition).collect();
        assert_eq!(checked(&definitions).unwrap().rules(), rules);
    }

    #[test]
    fn what_is_left_out_is_as_documented() {
        let short = RuleDefinition {
            name: "slow".into(),
            metric: "latency_p99".into(),
            operator: RuleOperator::Gt.into(),
            threshold: 300.0,
            window_s: 30,
            severity: 2,
            ..RuleDefinition::default()
        };
        let set = checked(&[short]).unwrap();
        let rule = &set.rules()[0];
        assert_eq!((rule.family.as_str(), rule.aggregate), ("slow", Aggregate::Avg));
        assert_eq!(rule.selector, Selector::all([TargetKind::Service]), "nodes have no latency");
        assert!((rule.clear_threshold - 270.0).abs() < 1e-9);
    }

    #[test]
    fn every_mistake_is_told_at_once_by_name() {
        let wrong = RuleDefinition {
            name: "Wrong".into(),
            metric: "cpu_usge".into(),
            kinds: vec![3],
            threshold: f64::NAN,
            also: vec![RuleCondition::default()],
            ..RuleDefinition::default()
        };
        let told = checked(&[wrong]).unwrap_err().to_string();
        for part in [
            "Wrong: operator: use one of gt",
            "Wrong: kinds: use service, node",
            "Wrong: severity: use one of info",
            "Wrong: also: operator: use one of gt",
            "Wrong: name: use 1 to 64",
            "Wrong: metric: there is no metric \"cpu_usge\"; use one of cpu_usage, ",
            "Wrong: threshold: use a finite number",
            "Wrong: window_s: use 1 to 1200 seconds",
            "Wrong: also: there is no metric",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert!(!told.contains("clear_threshold"), "what was not written is not wrong: {told}");
    }
}
