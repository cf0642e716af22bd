//! What a query asks for, checked.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectrpc_axum::ConnectError;
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{TelemetryAggregate, TelemetryGroupBy, TelemetryServiceQueryRequest};
use store::metrics::{Aggregate, Selection, SeriesQuery};
use store::rollup::Coverage;

use super::super::fields;
use super::group::{Across, Grouping};
use super::units;
use crate::error;

/// Most targets in one query; each becomes a series.
const MAX_TARGETS: usize = 200;
/// Most metrics in one query: all that there are.
const MAX_METRICS: usize = 16;
/// Points a series has when the caller names no step: what a chart can show.
const USUAL_POINTS: i64 = 300;
/// Time before `to` when the caller names no `from`.
const USUAL_SPAN: TimeDelta = TimeDelta::minutes(10);
/// Most points of one series; one series alone may fill an answer.
const MAX_STEPS: i64 = 20_000;
/// Longest step, simulated seconds: a week.
const MAX_STEP_S: f64 = 604_800.0;
/// Widths of the roll-ups, seconds.
const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 3_600;

/// A request whose fields make sense by themselves.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) simulation_id: String,
    /// At least one, each once.
    pub(super) metrics: Vec<String>,
    /// As they were named; empty: all of a kind.
    pub(super) targets: Vec<Target>,
    /// Whether every series is described.
    pub(super) describe: bool,
    pub(super) aggregate: Aggregate,
    pub(super) grouping: Grouping,
    pub(super) across: Across,
    pub(super) step_s: f64,
    selection: Selection,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

impl TryFrom<TelemetryServiceQueryRequest> for Ask {
    type Error = ConnectError;

    fn try_from(request: TelemetryServiceQueryRequest) -> Result<Self, ConnectError> {
        let TelemetryServiceQueryRequest {
            simulation_id,
            metric,
            targets,
            from,
            to,
            step_s,
            aggregate,
            metrics,
            group_by,
            across,
            target_kind,
            describe,
        } = request;
        let selection = selection(&targets, target_kind)?;
        let aggregate = time_aggregate(aggregate)?;
        Ok(Self {
            simulation_id: fields::simulation(simulation_id)?,
            metrics: named_metrics(metric, metrics)?,
            grouping: grouping(group_by, &selection)?,
            across: across_of(across, aggregate)?,
            targets,
            describe,
            aggregate,
            step_s,
            selection,
            from: from.map(|from| fields::instant("from", from)).transpose()?,
            to: to.map(|to| fields::instant("to", to)).transpose()?,
        })
    }
}

impl Ask {
    /// The query, against what is stored; `None` when nothing is.
    pub(super) fn query(&self, stored: Option<&Coverage>) -> Result<Option<SeriesQuery>, ConnectError> {
        let Some(to) = self.to.or(stored.map(|stored| stored.latest_time)) else {
            step(self.step_s, USUAL_SPAN)?;
            return Ok(None);
        };
        let from = self.from.unwrap_or(to - USUAL_SPAN);
        if from > to {
            return Err(error::invalid("from lies after to; both are simulated times. Swap them."));
        }
        let step = step(self.step_s, to - from)?.unwrap_or_else(|| self.usual_step(from, to, stored));
        Ok(Some(SeriesQuery {
            simulation_id: self.simulation_id.clone(),
            metrics: self.metrics.clone(),
            selection: self.selection.clone(),
            from,
            to,
            step,
            aggregate: self.aggregate,
        }))
    }

    /// A step that gives a chart its points, and that what is still kept can answer.
    fn usual_step(&self, from: DateTime<Utc>, to: DateTime<Utc>, stored: Option<&Coverage>) -> Duration {
        let wanted_s = ((to - from).num_seconds() / USUAL_POINTS).max(1).unsigned_abs();
        let expired = stored.and_then(|stored| stored.rows_from).is_some_and(|kept_from| from < kept_from);
        let minutes_expired = expired
            && stored.and_then(|stored| stored.minutes_from).is_some_and(|kept_from| from < kept_from);
        let step_s = match self.aggregate {
            // Only that of a minute is rolled up.
            Aggregate::P95 if expired && (to - from).num_minutes() < MAX_STEPS => MINUTE_S,
            Aggregate::P95 => wanted_s,
            _ if wanted_s > HOUR_S || minutes_expired => wanted_s.div_ceil(HOUR_S) * HOUR_S,
            _ if wanted_s > MINUTE_S || expired => wanted_s.div_ceil(MINUTE_S) * MINUTE_S,
            _ => wanted_s,
        };
        Duration::from_secs(step_s)
    }

    /// Unit of all series, if they have one.
    pub(super) fn unit(&self) -> String {
        let units = self.metrics.iter().map(|metric| units::unit(metric, self.aggregate));
        let mut units: Vec<String> = units.collect();
        units.dedup();
        if units.len() == 1 { units.remove(0) } else { String::new() }
    }
}

fn named_metrics(metric: String, more: Vec<String>) -> Result<Vec<String>, ConnectError> {
    let mut metrics: Vec<String> = Vec::new();
    let first = (!metric.is_empty() || more.is_empty()).then_some(metric);
    for metric in first.into_iter().chain(more) {
        units::known(&metric)?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
        if metrics.len() > MAX_METRICS {
            return Err(error::invalid(format!(
                "metrics has more than {MAX_METRICS} names. Split the query."
            )));
        }
    }
    Ok(metrics)
}

pub(super) fn selection(targets: &[Target], target_kind: i32) -> Result<Selection, ConnectError> {
    if targets.len() > MAX_TARGETS {
        return Err(error::invalid(format!(
            "targets has {} entries, at most {MAX_TARGETS} fit into one query.",
            targets.len()
        )));
    }
    let (mut services, mut nodes) = (Vec::new(), Vec::new());
    for target in targets {
        if target.id.is_empty() || target.id.contains('\0') {
            return Err(error::invalid("Every target needs the id of a service or node of the topology."));
        }
        match target.kind() {
            TargetKind::Service => services.push(target.id.clone()),
            TargetKind::Node => nodes.push(target.id.clone()),
            _ => {
                return Err(error::invalid(
                    "Every target's kind must be SERVICE or NODE; for zones, set group_by to ZONE.",
                ));
            }
        }
    }
    match (targets.is_empty(), TargetKind::try_from(target_kind)) {
        (false, Ok(TargetKind::Unspecified)) => Ok(Selection::Named { services, nodes }),
        (false, _) => Err(error::invalid(
            "target_kind says what empty targets mean; leave it out, since targets are named.",
        )),
        (true, Ok(TargetKind::Unspecified | TargetKind::Service)) => Ok(Selection::Services),
        (true, Ok(TargetKind::Node)) => Ok(Selection::Nodes),
        (true, _) => Err(error::invalid("target_kind must be SERVICE or NODE.")),
    }
}

fn grouping(group_by: i32, selection: &Selection) -> Result<Grouping, ConnectError> {
    let only_services = match selection {
        Selection::Services => true,
        Selection::Nodes => false,
        Selection::Named { nodes, .. } => nodes.is_empty(),
    };
    let only_nodes = match selection {
        Selection::Services => false,
        Selection::Nodes => true,
        Selection::Named { services, .. } => services.is_empty(),
    };
    match TelemetryGroupBy::try_from(group_by) {
        Ok(TelemetryGroupBy::Unspecified) => Ok(Grouping::Target),
        Ok(TelemetryGroupBy::Service) if only_services => Ok(Grouping::Target),
        Ok(TelemetryGroupBy::Node) if only_nodes => Ok(Grouping::Target),
        Ok(TelemetryGroupBy::Zone) if only_nodes => Ok(Grouping::Zone),
        Ok(TelemetryGroupBy::Metric) => Ok(Grouping::Metric),
        Ok(TelemetryGroupBy::Service) => {
            Err(error::invalid("group_by SERVICE needs services: name services as targets, or none."))
        }
        Ok(TelemetryGroupBy::Node | TelemetryGroupBy::Zone) => Err(error::invalid(
            "group_by NODE and ZONE need nodes: name nodes as targets, or set target_kind to NODE.",
        )),
        Err(_) => Err(error::invalid("group_by must be a value of TelemetryGroupBy.")),
    }
}

fn time_aggregate(aggregate: i32) -> Result<Aggregate, ConnectError> {
    match TelemetryAggregate::try_from(aggregate) {
        Ok(TelemetryAggregate::Unspecified | TelemetryAggregate::Avg) => Ok(Aggregate::Avg),
        Ok(TelemetryAggregate::Min) => Ok(Aggregate::Min),
        Ok(TelemetryAggregate::Max) => Ok(Aggregate::Max),
        Ok(TelemetryAggregate::P95) => Ok(Aggregate::P95),
        Ok(TelemetryAggregate::Sum) => Ok(Aggregate::Sum),
        Ok(TelemetryAggregate::Count) => Ok(Aggregate::Count),
        Ok(TelemetryAggregate::Last) => Ok(Aggregate::Last),
        Ok(TelemetryAggregate::Rate) => Ok(Aggregate::Rate),
        Err(_) => Err(error::invalid("aggregate must be a value of TelemetryAggregate.")),
    }
}

fn across_of(across: i32, aggregate: Aggregate) -> Result<Across, ConnectError> {
    match TelemetryAggregate::try_from(across) {
        Ok(TelemetryAggregate::Avg) => Ok(Across::Avg),
        Ok(TelemetryAggregate::Min) => Ok(Across::Min),
        Ok(TelemetryAggregate::Max) => Ok(Across::Max),
        Ok(TelemetryAggregate::Sum) => Ok(Across::Sum),
        Ok(TelemetryAggregate::Unspecified) => Ok(match aggregate {
            Aggregate::Avg | Aggregate::Last => Across::Avg,
            Aggregate::Min => Across::Min,
            Aggregate::Max | Aggregate::P95 => Across::Max,
            Aggregate::Sum | Aggregate::Count | Aggregate::Rate => Across::Sum,
        }),
        Ok(_) | Err(_) => Err(error::invalid("across must be AVG, MIN, MAX or SUM, or not set.")),
    }
}

/// The step that was asked for; `None` leaves the choice to us.
fn step(step_s: f64, span: TimeDelta) -> Result<Option<Duration>, ConnectError> {
    if step_s == 0.0 {
        return Ok(None);
    }
    if !(1.0..=MAX_STEP_S).contains(&step_s) {
        return Err(error::invalid(format!(
            "step_s must be 1 to {MAX_STEP_S} simulated seconds, or 0 for one that gives about {USUAL_POINTS} points."
        )));
    }
    if span.num_seconds() as f64 / step_s > MAX_STEPS as f64 {
        return Err(error::invalid(format!(
            "That is more than {MAX_STEPS} points a series. Take a wider step_s or a shorter time."
        )));
    }
    Ok(Some(Duration::from_secs_f64(step_s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    fn ask(span_s: i64, step_s: f64, aggregate: TelemetryAggregate) -> Ask {
        Ask::try_from(TelemetryServiceQueryRequest {
            metric: "cpu_usage".into(),
            from: Some(at(0).into()),
            to: Some(at(span_s).into()),
            step_s,
            aggregate: aggregate.into(),
            ..TelemetryServiceQueryRequest::default()
        })
        .unwrap()
    }

    fn step_of(span_s: i64, aggregate: TelemetryAggregate, stored: Option<&Coverage>) -> u64 {
        ask(span_s, 0.0, aggregate).query(stored).unwrap().unwrap().step.as_secs()
    }

    #[test]
    fn a_step_gives_a_chart_its_points_and_long_spans_whole_buckets() {
        for (span_s, step_s) in
            [(5, 1), (600, 2), (18_000, 60), (86_400, 300), (864_000, 2_880), (8_640_000, 28_800)]
        {
            assert_eq!(step_of(span_s, TelemetryAggregate::Avg, None), step_s, "{span_s} s");
        }
        let odd = step_of(20_000, TelemetryAggregate::Avg, None);
        assert_eq!(odd, 120, "66 s are rounded up to whole minutes");
        assert_eq!(step_of(20_000, TelemetryAggregate::P95, None), 66);
    }

    #[test]
    fn a_step_is_one_that_is_still_kept() {
        let mut stored = Coverage {
            latest_time: at(1_000_000),
            rows_from: Some(at(500_000)),
            minutes_from: Some(at(-10)),
            hours_from: Some(at(-1_000_000)),
            due_from: None,
            hours_due_from: None,
            minutes_due: 0,
            hours_due: 0,
        };
        assert_eq!(step_of(600, TelemetryAggregate::Avg, Some(&stored)), 60);
        assert_eq!(step_of(20_000, TelemetryAggregate::P95, Some(&stored)), 60);
        stored.minutes_from = Some(at(400_000));
        assert_eq!(step_of(600, TelemetryAggregate::Avg, Some(&stored)), 3_600);
    }

    #[test]
    fn a_step_that_makes_no_sense_is_refused() {
        for bad in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            assert!(ask(600, bad, TelemetryAggregate::Avg).query(None).is_err(), "{bad}");
        }
        assert!(ask(86_400 * 365, 1.0, TelemetryAggregate::Avg).query(None).is_err());
    }
}
