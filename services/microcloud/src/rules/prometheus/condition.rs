//! An expression as comparisons that hold at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use promql_parser::parser::{BinaryExpr, Expr};
use proto::common::v1::TargetKind;
use proto::ops::v1::{RuleAggregate, RuleOperator};

use super::counterparts;
use super::value::{self, Value};

/// One of our conditions.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) metric: &'static str,
    pub(super) kinds: Vec<TargetKind>,
    pub(super) ids: BTreeSet<String>,
    pub(super) aggregate: RuleAggregate,
    pub(super) operator: RuleOperator,
    pub(super) threshold: f64,
    /// As it is written in the file.
    pub(super) window: Duration,
    /// In simulated time.
    pub(super) window_s: u32,
}

/// The comparisons that an expression joins with `and`. Those that always hold here are left out, with a note.
pub(super) fn comparisons(expression: &Expr, notes: &mut Vec<String>) -> Result<Vec<Comparison>, String> {
    match expression {
        Expr::Paren(inner) => comparisons(&inner.expr, notes),
        Expr::Binary(binary) => match binary.op.to_string().as_str() {
            "and" => {
                let mut all = comparisons(&binary.lhs, notes)?;
                all.extend(comparisons(&binary.rhs, notes)?);
                Ok(all)
            }
            "or" => Err("`or`: a rule has one way to fire; write two rules of one family, they share an incident".to_owned()),
            "unless" => Err("`unless`: a rule cannot be held back by another series; write what is to hold as a condition of `also`".to_owned()),
            _ => comparison(binary, notes).map(|one| one.into_iter().collect()),
        },
        Expr::Call(call) if call.func.name.starts_with("absent") => Err(format!(
            "`{}`: what is not measured is unknown here, neither healthy nor firing; watch `replicas` < 1 of a service or `up` < 0.5 of a node instead",
            call.func.name
        )),
        _ => Err("it compares nothing: a rule fires when a value is beyond a threshold, for example `… > 0`".to_owned()),
    }
}

fn comparison(binary: &BinaryExpr, notes: &mut Vec<String>) -> Result<Option<Comparison>, String> {
    let sign = binary.op.to_string();
    let Some(operator) = operator(&sign) else {
        return Err(format!(
            "it compares nothing: a rule needs a threshold after `{sign}`, for example `… > 0`"
        ));
    };
    let (left, right) = (value::value(&binary.lhs, notes)?, value::value(&binary.rhs, notes)?);
    let (value, operator, bound) = match (left, right) {
        (Value::Number(a), Value::Number(b)) => return always(&sign, a, b, notes),
        (Value::Number(bound), Value::Linear(value)) => (value, operator.mirrored(), bound),
        (Value::Linear(value), Value::Number(bound)) => (value, operator, bound),
        (Value::Linear(left), Value::Linear(right)) => match value::difference(left, right)? {
            Value::Linear(value) => (value, operator, 0.0),
            Value::Number(number) => return always(&sign, number, 0.0, notes),
        },
    };
    let term = counterparts::term(&value.base, notes)?;
    let (scale, offset) = (term.scale * value.scale, term.offset * value.scale + value.offset);
    if scale == 0.0 || !scale.is_finite() {
        return Err("the value does not depend on what is measured".to_owned());
    }
    let threshold = tidy((bound - offset) / scale);
    let operator = if scale < 0.0 { operator.mirrored() } else { operator };
    let operator = match operator {
        Sign::Ours(operator) => operator,
        // What is never negative differs from 0 when it is more.
        Sign::Different if threshold == 0.0 => RuleOperator::Gt,
        Sign::Different => {
            return Err("`!=`: a rule fires on one side of a threshold; write one with > and one with <, of one family".to_owned());
        }
    };
    Ok(Some(Comparison {
        metric: term.metric,
        kinds: term.kinds,
        ids: term.ids,
        aggregate: term.aggregate,
        operator,
        threshold,
        window: term.window,
        window_s: 0,
    }))
}

/// A comparison of what is constant here.
fn always(sign: &str, a: f64, b: f64, notes: &mut Vec<String>) -> Result<Option<Comparison>, String> {
    #[expect(clippy::float_cmp, reason = "both were written down")]
    let holds = match sign {
        ">" => a > b,
        ">=" => a >= b,
        "<" => a < b,
        "<=" => a <= b,
        "==" => a == b,
        _ => a != b,
    };
    if holds {
        notes.push("a condition that always holds in a simulation was left out".to_owned());
        return Ok(None);
    }
    Err("one of its conditions never holds in a simulation, so it would never fire".to_owned())
}

/// A comparison as Prometheus has it.
enum Sign {
    Ours(RuleOperator),
    Different,
}

fn operator(sign: &str) -> Option<Sign> {
    Some(Sign::Ours(match sign {
        ">" => RuleOperator::Gt,
        ">=" => RuleOperator::Gte,
        "<" => RuleOperator::Lt,
        "<=" => RuleOperator::Lte,
        "==" => RuleOperator::Eq,
        "!=" => return Some(Sign::Different),
        _ => return None,
    }))
}

impl Sign {
    /// With the two sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Ours(RuleOperator::Gt) => Self::Ours(RuleOperator::Lt),
            Self::Ours(RuleOperator::Gte) => Self::Ours(RuleOperator::Lte),
            Self::Ours(RuleOperator::Lt) => Self::Ours(RuleOperator::Gt),
            Self::Ours(RuleOperator::Lte) => Self::Ours(RuleOperator::Gte),
            other => other,
        }
    }
}

/// Without the dust of arithmetic: (100 − 90) / 100 is 0.1, and 0 has no sign.
fn tidy(number: f64) -> f64 {
    format!("{number:.9}").parse().unwrap_or(number) + 0.0
}
