//! Series in steps of simulated time, from rows or roll-ups, whichever gives the exact answer with less to read.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, postgres::types::PgInterval};

use super::statement;
use crate::StoreError;

/// Most points that a query reads, all series together: 12 MB in memory, a second or two of the database.
pub const MAX_POINTS: u32 = 500_000;
/// Longest that a query may take; shorter than what callers wait for, so that they learn why.
const PATIENCE_MS: i64 = 8_000;

/// How the samples of a step become one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// Mean.
    #[default]
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// 95th percentile, interpolated.
    P95,
    /// Sum of the samples.
    Sum,
    /// Number of samples.
    Count,
    /// Newest.
    Last,
    /// Change a second from the first to the last sample of the step; steps with one sample have none.
    Rate,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The rows of `metrics`.
    Rows,
    /// `metrics_1m`.
    Minutes,
    /// `metrics_1h`.
    Hours,
}

/// Whose series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every service.
    Services,
    /// Every node.
    Nodes,
    /// These services and nodes.
    Named {
        /// Services.
        services: Vec<String>,
        /// Nodes.
        nodes: Vec<String>,
    },
}

/// Which series, and how.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// Simulation.
    pub simulation_id: String,
    /// Metric names.
    pub metrics: Vec<String>,
    /// Whose series.
    pub selection: Selection,
    /// An instant of the first step (simulated); the whole step is read.
    pub from: DateTime<Utc>,
    /// An instant of the last step (simulated); the whole step is read.
    pub to: DateTime<Utc>,
    /// Width of a step, at least a millisecond. Steps start at multiples of it since 2000-01-01.
    pub step: Duration,
    /// How the samples of a step become one point.
    pub aggregate: Aggregate,
}

/// One step of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Start of the step (simulated).
    pub time: DateTime<Utc>,
    /// Value in the metric's unit.
    pub value: f64,
}

/// The points of one metric of one target; steps without samples are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Metric name.
    pub metric: String,
    /// Service, or empty for a node's series.
    pub service_id: String,
    /// Node, or empty for a service's series.
    pub node_id: String,
    /// In order of time.
    pub points: Vec<Point>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The answer has too many points.
    #[error(
        "that is more than {MAX_POINTS} points in all; take a wider step, a shorter time or fewer series"
    )]
    TooManyPoints,
    /// The database had to read too much.
    #[error(
        "that took longer than {} s to read; take a shorter time or fewer series, or a step of whole minutes or hours, \
         which is read from roll-ups",
        PATIENCE_MS / 1_000
    )]
    TooSlow,
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SeriesQuery {
    /// What is read: the widest buckets that every step is made of, if the aggregate follows from them. A percentile does
    /// not follow from percentiles of parts.
    pub fn source(&self) -> Source {
        let whole = |width_s: u64| self.step.as_micros().is_multiple_of(u128::from(width_s) * 1_000_000);
        match self.aggregate {
            Aggregate::P95 if self.step == Duration::from_secs(60) => Source::Minutes,
            Aggregate::P95 => Source::Rows,
            _ if whole(3_600) => Source::Hours,
            _ if whole(60) => Source::Minutes,
            _ => Source::Rows,
        }
    }

    /// Start of the first step and end of the last one.
    fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let step_us = self.step_us();
        let begin = |instant: DateTime<Utc>| {
            instant
                - TimeDelta::microseconds((instant.timestamp_micros() - STEPS_BEGIN_US).rem_euclid(step_us))
        };
        (begin(self.from), begin(self.to) + TimeDelta::microseconds(step_us))
    }

    fn step_us(&self) -> i64 {
        i64::try_from(self.step.as_micros()).unwrap_or(i64::MAX).clamp(1_000, LONGEST_STEP_US)
    }
}

/// 2000-01-01 00:00 UTC, microseconds since 1970.
const STEPS_BEGIN_US: i64 = 946_684_800_000_000;
/// A thousand years: more than there is, and far from the end of what a time can be.
const LONGEST_STEP_US: i64 = 31_556_952_000 * 1_000_000;

/// A point as the database tells it: metric, service, node, step, value.
type Told = (String, String, String, DateTime<Utc>, Option<f64>);

/// Reads series in a transaction of the caller's: in order of metric, service and node of the request when they are named,
/// else of their ids.
pub async fn query(conn: &mut PgConnection, what: &SeriesQuery) -> Result<Vec<Series>, QueryError> {
    let failed = StoreError::query("read series of metrics");
    let told = read(conn, what).await.map_err(|error| match &error {
        // Query cancelled.
        sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("57014") => QueryError::TooSlow,
        _ => failed(error).into(),
    })?;
    if told.len() > MAX_POINTS as usize {
        return Err(QueryError::TooManyPoints);
    }
    let mut series: Vec<Series> = Vec::new();
    for (metric, service_id, node_id, time, value) in told {
        let same = |last: &&mut Series| {
            (&last.metric, &last.service_id, &last.node_id) == (&metric, &service_id, &node_id)
        };
        let points = value.map(|value| Point { time, value });
        match series.last_mut().filter(same) {
            Some(last) => last.points.extend(points),
            None => series.push(Series { metric, service_id, node_id, points: points.into_iter().collect() }),
        }
    }
    Ok(series)
}

async fn read(conn: &mut PgConnection, what: &SeriesQuery) -> Result<Vec<Told>, sqlx::Error> {
    sqlx::query("select set_config('statement_timeout', $1::text, true)")
        .bind(PATIENCE_MS.to_string())
        .execute(&mut *conn)
        .await?;
    let (first, end) = what.span();
    let step = PgInterval { months: 0, days: 0, microseconds: what.step_us() };
    let limit = i64::from(MAX_POINTS) + 1;
    let query = match &what.selection {
        Selection::Services | Selection::Nodes => {
            let of_services = what.selection == Selection::Services;
            sqlx::query_as(statement::every(what.source(), what.aggregate))
                .bind(&what.simulation_id)
                .bind(&what.metrics)
                .bind(of_services)
        }
        Selection::Named { services, nodes } => {
            let targets = services.iter().map(|id| (id.as_str(), ""));
            let targets = targets.chain(nodes.iter().map(|id| ("", id.as_str())));
            let series =
                what.metrics.iter().flat_map(|metric| targets.clone().map(move |target| (metric, target)));
            let (metrics, targets): (Vec<&String>, Vec<(&str, &str)>) = series.unzip();
            let (services, nodes): (Vec<&str>, Vec<&str>) = targets.into_iter().unzip();
            sqlx::query_as(statement::named(what.source(), what.aggregate))
                .bind(&what.simulation_id)
                .bind(metrics)
                .bind(services)
                .bind(nodes)
        }
    };
    query.bind(step).bind(first).bind(end).bind(limit).fetch_all(conn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(step_s: u64, aggregate: Aggregate) -> SeriesQuery {
        SeriesQuery {
            simulation_id: "default".into(),
            metrics: vec!["cpu_usage".into()],
            selection: Selection::Services,
            from: "2041-05-17T10:07:31Z".parse().unwrap(),
            to: "2041-05-17T11:59:59.999Z".parse().unwrap(),
            step: Duration::from_secs(step_s),
            aggregate,
        }
    }

    #[test]
    fn the_widest_buckets_that_give_the_exact_answer_are_read() {
        for (step_s, aggregate, source) in [
            (10, Aggregate::Avg, Source::Rows),
            (60, Aggregate::Max, Source::Minutes),
            (90, Aggregate::Max, Source::Rows),
            (300, Aggregate::Last, Source::Minutes),
            (3_600, Aggregate::Rate, Source::Hours),
            (5_400, Aggregate::Sum, Source::Minutes),
            (86_400, Aggregate::Count, Source::Hours),
            (60, Aggregate::P95, Source::Minutes),
            (120, Aggregate::P95, Source::Rows),
            (3_600, Aggregate::P95, Source::Rows),
        ] {
            assert_eq!(ask(step_s, aggregate).source(), source, "{step_s} s {aggregate:?}");
        }
    }

    #[test]
    fn the_first_and_the_last_step_are_whole() {
        let (first, end) = ask(600, Aggregate::Avg).span();
        assert_eq!(first.to_rfc3339(), "2041-05-17T10:00:00+00:00");
        assert_eq!(end.to_rfc3339(), "2041-05-17T12:00:00+00:00");
    }
}
