//! The value that an expression has, as far as it is a number or follows from one series by a factor and a sum.

use std::time::Duration;

use promql_parser::label::Matcher;
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, MatrixSelector, VectorSelector,
};

use super::counterparts;

/// What an expression is worth.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(f64),
    Linear(Linear),
}

/// `scale · base + offset`.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub(super) base: Base,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

/// A series, or two that only make sense together.
#[derive(Debug, Clone)]
pub(super) enum Base {
    One(Series),
    /// The first divided by the second.
    Ratio(Series, Series),
    /// The first minus the second.
    Difference(Series, Series),
    /// A quantile of a histogram of durations.
    Quantile(f64, Series),
}

/// A metric, and what is done with its range.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) matchers: Vec<Matcher>,
    pub(super) over: Over,
    pub(super) range: Duration,
}

/// What is done with the range of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// It has none: the newest value.
    Instant,
    Avg,
    Max,
    Min,
    P95,
    Last,
    /// Per second.
    Rate,
}

/// Labels by which Prometheus tells one service, or one machine, from another: a sum or a mean by one of them is a series of ours.
const IDENTITIES: [&str; 22] = [
    "service",
    "node",
    "instance",
    "job",
    "app",
    "application",
    "deployment",
    "statefulset",
    "daemonset",
    "workload",
    "container",
    "pod",
    "namespace",
    "name",
    "cluster",
    "nodename",
    "host",
    "hostname",
    "ingress",
    "destination_service",
    "route",
    "upstream",
];

/// Two metrics whose ratio is a number of cores.
const QUOTA: (&str, &str) = ("container_spec_cpu_quota", "container_spec_cpu_period");

/// Those of them by which it tells one machine from another.
const MACHINES: [&str; 5] = ["instance", "node", "nodename", "host", "hostname"];

pub(super) fn value(expression: &Expr, notes: &mut Vec<String>) -> Result<Value, String> {
    match expression {
        Expr::NumberLiteral(number) => Ok(Value::Number(number.val)),
        Expr::Paren(inner) => value(&inner.expr, notes),
        Expr::Unary(inner) => Ok(times(value(&inner.expr, notes)?, -1.0)),
        Expr::Binary(binary) => combined(binary, notes),
        Expr::VectorSelector(selector) => series(selector, Over::Instant, Duration::from_secs(1)),
        Expr::Call(call) => function(call, notes),
        Expr::Aggregate(aggregate) => aggregated(aggregate, notes),
        Expr::Subquery(_) => {
            Err("a subquery `[…:…]`: a rule looks at what was measured, not at other expressions over time"
                .to_owned())
        }
        Expr::MatrixSelector(_) => {
            Err("a range without a function: write avg_over_time(…), for example".to_owned())
        }
        Expr::StringLiteral(_) | Expr::Extension(_) => Err("it has no number".to_owned()),
    }
}

fn series(selector: &VectorSelector, over: Over, range: Duration) -> Result<Value, String> {
    let Some(name) = selector.name.clone() else {
        return Err("a selector without a metric: a rule watches one metric".to_owned());
    };
    if selector.offset.is_some() || selector.at.is_some() {
        return Err("`offset` and `@`: a rule looks at the newest samples; to compare with earlier ones, watch the rate".to_owned());
    }
    if let Some(constant) = counterparts::constant(&name) {
        return Ok(Value::Number(constant));
    }
    let matchers = selector.matchers.matchers.clone();
    let base = Base::One(Series { name, matchers, over, range });
    Ok(Value::Linear(Linear { base, scale: 1.0, offset: 0.0 }))
}

fn function(call: &Call, notes: &mut Vec<String>) -> Result<Value, String> {
    let arguments: Vec<&Expr> = call.args.args.iter().map(|argument| unwrapped(argument)).collect();
    let number = |at: usize| match arguments.get(at) {
        Some(Expr::NumberLiteral(number)) => Some(number.val),
        _ => None,
    };
    let over = |at: usize, over: Over| match arguments.get(at) {
        Some(Expr::MatrixSelector(MatrixSelector { vs, range })) => series(vs, over, *range),
        Some(Expr::Subquery(_)) => value(arguments[at], &mut Vec::new()),
        _ => Err(format!("`{}` of something that is no plain range", call.func.name)),
    };
    match call.func.name {
        "avg_over_time" => over(0, Over::Avg),
        "max_over_time" => over(0, Over::Max),
        "min_over_time" => over(0, Over::Min),
        "last_over_time" => over(0, Over::Last),
        "quantile_over_time" if number(0) == Some(0.95) => over(1, Over::P95),
        "quantile_over_time" => Err("`quantile_over_time`: of the quantiles a rule has 0.95 only".to_owned()),
        "rate" | "irate" | "deriv" => over(0, Over::Rate),
        "delta" | "idelta" | "increase" => {
            let range_s = match arguments.first() {
                Some(Expr::MatrixSelector(matrix)) => matrix.range.as_secs_f64(),
                _ => 1.0,
            };
            Ok(times(over(0, Over::Rate)?, range_s))
        }
        "histogram_quantile" => match (number(0), arguments.get(1).map(|buckets| value(buckets, notes)).transpose()?) {
            (Some(quantile), Some(Value::Linear(Linear { base: Base::One(series), .. }))) => {
                Ok(Value::Linear(Linear { base: Base::Quantile(quantile, series), scale: 1.0, offset: 0.0 }))
            }
            _ => Err("`histogram_quantile` of something that is no rate of buckets".to_owned()),
        },
        "predict_linear" => Err("`predict_linear`: a rule looks at what was measured; watch the rate, or see the forecasts in docs/statistics.md".to_owned()),
        "changes" if arguments.first().is_some_and(|of| is_rollout(of)) => Ok(Value::Number(0.0)),
        "changes" | "resets" => Err(format!("`{}`: a rule does not count changes; watch the level or its rate", call.func.name)),
        "time" | "timestamp" => Err("`time()`: a rule does not know the time of day".to_owned()),
        other => Err(format!("`{other}`: of the functions a rule has avg, max, min, last, quantile 0.95 over time, and rate")),
    }
}

/// A sum, mean, maximum or minimum by what names a service or a node is one series of ours.
fn aggregated(aggregate: &AggregateExpr, notes: &mut Vec<String>) -> Result<Value, String> {
    let operation = aggregate.op.to_string();
    if !matches!(operation.as_str(), "sum" | "avg" | "max" | "min") {
        return Err(format!(
            "`{operation}` over several series: a rule watches one service or one node at a time"
        ));
    }
    let by_identity = match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => {
            labels.labels.iter().any(|label| IDENTITIES.contains(&label.as_str()))
        }
        Some(LabelModifier::Exclude(labels)) => {
            !labels.labels.iter().any(|label| matches!(label.as_str(), "instance" | "service" | "node"))
        }
        None => false,
    };
    if !by_identity {
        return Err(format!(
            "`{operation}` over everything: a rule watches one service or one node at a time; add `by (service)` or `by (instance)`"
        ));
    }
    let inner = value(&aggregate.expr, notes)?;
    let of_machines = matches!(&inner, Value::Linear(Linear { base: Base::One(series), .. }) if series.name == "up" || series.name.starts_with("node_"));
    let by_machine = match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => {
            labels.labels.iter().any(|label| MACHINES.contains(&label.as_str()))
        }
        _ => true,
    };
    if of_machines && !by_machine {
        return Err(format!(
            "`{operation}` over several machines: a rule watches one node at a time; add `by (instance)`"
        ));
    }
    Ok(inner)
}

fn combined(binary: &BinaryExpr, notes: &mut Vec<String>) -> Result<Value, String> {
    let sign = binary.op.to_string();
    let (left, right) = (value(&binary.lhs, notes)?, value(&binary.rhs, notes)?);
    match sign.as_str() {
        "+" => sum(left, right),
        "-" => difference(left, right),
        "*" => match (left, right) {
            (Value::Number(factor), other) | (other, Value::Number(factor)) => Ok(times(other, factor)),
            _ => Err("the product of two series".to_owned()),
        },
        "/" => quotient(left, right),
        // A filter: only where there is any, `… / (limit > 0)`.
        ">" | "!=" if matches!((&left, &right), (Value::Linear(_), Value::Number(0.0))) => Ok(left),
        ">" | ">=" | "<" | "<=" | "==" | "!=" => Err("a comparison inside of a value".to_owned()),
        other => Err(format!(
            "`{other}` between two values: a rule knows factors, sums with numbers, and the ratios in docs/detection.md"
        )),
    }
}

fn times(value: Value, factor: f64) -> Value {
    match value {
        Value::Number(number) => Value::Number(number * factor),
        Value::Linear(linear) => {
            Value::Linear(Linear { scale: linear.scale * factor, offset: linear.offset * factor, ..linear })
        }
    }
}

fn sum(left: Value, right: Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(Value::Number(a + b)),
        (Value::Number(number), Value::Linear(linear)) | (Value::Linear(linear), Value::Number(number)) => {
            Ok(Value::Linear(Linear { offset: linear.offset + number, ..linear }))
        }
        _ => Err("the sum of two series: a rule watches one metric".to_owned()),
    }
}

/// The first minus the second.
pub(super) fn difference(left: impl Into<Value>, right: impl Into<Value>) -> Result<Value, String> {
    match (left.into(), right.into()) {
        (Value::Linear(left), Value::Linear(right)) => match (plain(left), plain(right)) {
            (Some(a), Some(b)) => {
                Ok(Value::Linear(Linear { base: Base::Difference(a, b), scale: 1.0, offset: 0.0 }))
            }
            _ => Err("it compares or subtracts two series; a rule compares one with a number".to_owned()),
        },
        (left, right) => sum(left, times(right, -1.0)),
    }
}

fn quotient(left: Value, right: Value) -> Result<Value, String> {
    match (left, right) {
        (_, Value::Number(0.0)) => Err("it divides by 0".to_owned()),
        (value, Value::Number(divisor)) => Ok(times(value, 1.0 / divisor)),
        (Value::Number(_), Value::Linear(_)) => Err("a number divided by a series".to_owned()),
        (Value::Linear(above), Value::Linear(below)) => {
            let ratio = |base, scale, offset| Ok(Value::Linear(Linear { base, scale, offset }));
            let factor = above.scale / below.scale;
            let free = above.offset == 0.0 && below.offset == 0.0;
            match (above.base, below.base) {
                (Base::One(a), Base::One(b)) if free => ratio(Base::Ratio(a, b), factor, 0.0),
                // The cores that a container may use are a quota of a period.
                (Base::One(a), Base::Ratio(quota, period))
                    if free && (quota.name.as_str(), period.name.as_str()) == QUOTA =>
                {
                    ratio(Base::Ratio(a, quota), factor, 0.0)
                }
                // (size - free) / size
                (Base::Difference(a, b), Base::One(c)) if free && a.name == c.name => {
                    ratio(Base::Ratio(b, c), -factor, factor)
                }
                _ => Err("the ratio of two expressions: a rule knows the ratios of two metrics in docs/detection.md".to_owned()),
            }
        }
    }
}

/// The series itself, if nothing was done to it.
#[expect(clippy::float_cmp, reason = "these are the values that it began with")]
fn plain(linear: Linear) -> Option<Series> {
    match linear {
        Linear { base: Base::One(series), scale, offset } if scale == 1.0 && offset == 0.0 => Some(series),
        _ => None,
    }
}

impl From<Linear> for Value {
    fn from(linear: Linear) -> Self {
        Self::Linear(linear)
    }
}

/// Replicas are not rolled out step by step here: their number of the newest version does not change.
fn is_rollout(expression: &Expr) -> bool {
    let Expr::MatrixSelector(MatrixSelector { vs, .. }) = expression else { return false };
    vs.name.as_deref().is_some_and(|name| name.starts_with("kube_") && name.ends_with("_replicas_updated"))
}

fn unwrapped(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => unwrapped(&inner.expr),
        other => other,
    }
}
