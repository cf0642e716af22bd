//! `ops.v1.TelemetryService`: stored series, and the newest sample.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::telemetry_service_connect::TelemetryServiceBuilder;
use proto::ops::v1::{
    TelemetryAggregate, TelemetrySeries, TelemetryServiceLatestRequest, TelemetryServiceLatestResponse,
    TelemetryServiceQueryRequest, TelemetryServiceQueryResponse,
};
use proto::sim::v1::MetricSnapshot;
use store::metrics::{self, Aggregate, Series, SeriesQuery};

use super::fields;
use crate::app::App;
use crate::error;

/// Most targets in one query; each becomes a series.
const MAX_TARGETS: usize = 200;
/// Points a series has when the caller names no step: what a chart can show.
const USUAL_POINTS: i64 = 300;
/// Time before `to` when the caller names no `from`.
const USUAL_SPAN: TimeDelta = TimeDelta::minutes(10);
/// Most points of one series; one series alone may fill an answer.
const MAX_STEPS: i64 = 20_000;
/// Longest step, simulated seconds: a week.
const MAX_STEP_S: f64 = 604_800.0;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    TelemetryServiceBuilder::<App>::new().query(query).latest(latest).with_state(app).build()
}

async fn query(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceQueryRequest>,
) -> Result<ConnectResponse<TelemetryServiceQueryResponse>, ConnectError> {
    let unit = unit_of(&request.metric)?.to_owned();
    let targets = request.targets.clone();
    let simulation_id = fields::simulation(request.simulation_id.clone())?;
    let failed = |e: store::StoreError| error::database("read the telemetry", &e);
    let mut conn = app.store.acquire().await.map_err(failed)?;
    let to = match request.to {
        Some(to) => Some(fields::instant("to", to)?),
        None => metrics::latest_time(&mut conn, &simulation_id).await.map_err(failed)?,
    };
    let Some(to) = to else {
        // Nothing is stored yet: no data, rather than an error.
        let series = targets.into_iter().map(|target| ordered(Some(target), &[])).collect();
        return Ok(ConnectResponse(TelemetryServiceQueryResponse { series, unit, step_s: request.step_s }));
    };
    let what = checked(request, simulation_id, to)?;
    let rows = metrics::query(&mut conn, &what).await.map_err(failed)?;
    Ok(ConnectResponse(TelemetryServiceQueryResponse {
        series: in_order(&targets, rows),
        unit,
        step_s: what.step.as_secs_f64(),
    }))
}

async fn latest(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceLatestRequest>,
) -> Result<ConnectResponse<TelemetryServiceLatestResponse>, ConnectError> {
    let simulation_id = fields::simulation(request.simulation_id)?;
    let shards = app.hubs.find(&simulation_id).map(|hub| hub.latest()).unwrap_or_default();
    if shards.is_empty() {
        return Err(error::unavailable(format!(
            "I have not seen a sample of the simulation {simulation_id:?} yet. Check that sim-engine runs and is playing (`microcloud sim play`), then try again."
        )));
    }
    let snapshots = shards.iter().map(|shard| MetricSnapshot::clone(shard)).collect();
    Ok(ConnectResponse(TelemetryServiceLatestResponse { snapshots }))
}

fn checked(
    request: TelemetryServiceQueryRequest,
    simulation_id: String,
    to: DateTime<Utc>,
) -> Result<SeriesQuery, ConnectError> {
    let TelemetryServiceQueryRequest { simulation_id: _, metric, targets, from, to: _, step_s, aggregate } =
        request;
    let from = from.map_or(Ok(to - USUAL_SPAN), |from| fields::instant("from", from))?;
    if from > to {
        return Err(error::invalid("from lies after to; both are simulated times. Swap them."));
    }
    let (services, nodes) = split(targets)?;
    let aggregate = match TelemetryAggregate::try_from(aggregate) {
        Ok(TelemetryAggregate::Unspecified | TelemetryAggregate::Avg) => Aggregate::Avg,
        Ok(TelemetryAggregate::Min) => Aggregate::Min,
        Ok(TelemetryAggregate::Max) => Aggregate::Max,
        Ok(TelemetryAggregate::P95) => Aggregate::P95,
        Err(_) => {
            return Err(error::invalid(
                "aggregate must be a value of TelemetryAggregate: AVG, MIN, MAX or P95.",
            ));
        }
    };
    let step = step(step_s, to - from)?;
    Ok(SeriesQuery { simulation_id, metric, services, nodes, from, to, step, aggregate })
}

fn step(step_s: f64, span: TimeDelta) -> Result<Duration, ConnectError> {
    let span_s = span.num_seconds().max(0);
    if step_s == 0.0 {
        return Ok(Duration::from_secs((span_s / USUAL_POINTS).max(1) as u64));
    }
    if !(1.0..=MAX_STEP_S).contains(&step_s) {
        return Err(error::invalid(format!(
            "step_s must be 1 to {MAX_STEP_S} simulated seconds, or 0 for one that gives about {USUAL_POINTS} points."
        )));
    }
    if span_s as f64 / step_s > MAX_STEPS as f64 {
        return Err(error::invalid(format!(
            "That is more than {MAX_STEPS} points a series. Take a wider step_s or a shorter time."
        )));
    }
    Ok(Duration::from_secs_f64(step_s))
}

fn split(targets: Vec<Target>) -> Result<(Vec<String>, Vec<String>), ConnectError> {
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
            TargetKind::Service => services.push(target.id),
            TargetKind::Node => nodes.push(target.id),
            _ => {
                return Err(error::invalid(
                    "Every target's kind must be SERVICE or NODE; zones have no series of their own.",
                ));
            }
        }
    }
    Ok((services, nodes))
}

/// A series for each target of the request, in its order, or for whatever there is, in order of the ids.
fn in_order(targets: &[Target], rows: Vec<Series>) -> Vec<TelemetrySeries> {
    let found: Vec<(Target, Vec<metrics::Point>)> =
        rows.into_iter().map(|series| (target_of(&series), series.points)).collect();
    if targets.is_empty() {
        return found.into_iter().map(|(target, points)| ordered(Some(target), &points)).collect();
    }
    targets
        .iter()
        .map(|target| {
            let points = found.iter().find(|(other, _)| other == target).map(|(_, points)| points.as_slice());
            ordered(Some(target.clone()), points.unwrap_or_default())
        })
        .collect()
}

fn target_of(series: &Series) -> Target {
    if series.node_id.is_empty() {
        Target { kind: TargetKind::Service.into(), id: series.service_id.clone() }
    } else {
        Target { kind: TargetKind::Node.into(), id: series.node_id.clone() }
    }
}

fn ordered(target: Option<Target>, points: &[metrics::Point]) -> TelemetrySeries {
    TelemetrySeries {
        target,
        time_ms: points.iter().map(|point| point.time.timestamp_millis()).collect(),
        values: points.iter().map(|point| point.value).collect(),
    }
}

/// Metrics and their units, as docs/messages.md lists them.
const UNITS: &[(&str, &str)] = &[
    ("cpu_usage", "%"),
    ("memory_usage", "%"),
    ("disk_usage", "%"),
    ("network_mbps", "Mbit/s"),
    ("request_rate", "req/s"),
    ("throughput", "req/s"),
    ("error_rate", "%"),
    ("latency_p50", "ms"),
    ("latency_p95", "ms"),
    ("latency_p99", "ms"),
    ("queue_depth", "requests"),
    ("active_connections", "connections"),
    ("replicas", "replicas"),
    ("replicas_missing", "replicas"),
    ("up", "share"),
];

fn unit_of(metric: &str) -> Result<&'static str, ConnectError> {
    UNITS.iter().find(|(name, _)| *name == metric).map(|(_, unit)| *unit).ok_or_else(|| {
        let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
        error::invalid(format!("There is no metric {metric:?}. Use one of: {}.", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_gives_a_chart_its_points() {
        assert_eq!(step(0.0, TimeDelta::minutes(10)).unwrap(), Duration::from_secs(2));
        assert_eq!(step(0.0, TimeDelta::seconds(5)).unwrap(), Duration::from_secs(1));
        assert_eq!(step(2.5, TimeDelta::minutes(10)).unwrap(), Duration::from_millis(2_500));
        for bad in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            assert!(step(bad, TimeDelta::minutes(10)).is_err(), "{bad}");
        }
        assert!(step(1.0, TimeDelta::days(365)).is_err());
    }

    #[test]
    fn series_come_in_the_order_of_the_request() {
        let point = metrics::Point { time: DateTime::from_timestamp(1_790_000_000, 0).unwrap(), value: 1.0 };
        let stored = vec![Series { service_id: "b".to_owned(), node_id: String::new(), points: vec![point] }];
        let target = |id: &str| Target { kind: TargetKind::Service.into(), id: id.to_owned() };
        let series = in_order(&[target("c"), target("b")], stored);
        assert_eq!(series[0].target, Some(target("c")));
        assert!(series[0].values.is_empty(), "no data is no data");
        assert_eq!(series[1].values, [1.0]);
    }
}
