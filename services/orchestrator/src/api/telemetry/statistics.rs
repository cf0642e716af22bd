//! What statistics found: anomalies, and forecasts of series that move.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::{
    TelemetryAnomaly, TelemetryForecast, TelemetryForecastLimit, TelemetryForecastPoint,
    TelemetryServiceAnomaliesRequest, TelemetryServiceAnomaliesResponse, TelemetryServiceForecastRequest,
    TelemetryServiceForecastResponse,
};
use store::metrics::{Aggregate, Selection};
use store::rollup;
use store::statistics::{self, AnomalyRow, ForecastRow, MAX_ANOMALIES, StatisticsQuery};

use super::{ask, units};
use crate::api::fields;
use crate::app::App;
use crate::convert::timestamp;
use crate::error;

/// Anomalies in an answer when the caller names no number.
const USUAL_ANOMALIES: i64 = 100;
/// Time before `to` when the caller names no `from`.
const USUAL_SPAN: TimeDelta = TimeDelta::hours(1);
/// A forecast is made every five minutes of a series that moves; an older one is of a series that stopped.
const CURRENT: TimeDelta = TimeDelta::minutes(10);

pub(super) async fn anomalies(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceAnomaliesRequest>,
) -> Result<ConnectResponse<TelemetryServiceAnomaliesResponse>, ConnectError> {
    let TelemetryServiceAnomaliesRequest { simulation_id, targets, metric, from, to, limit } = request;
    let limit = match i64::from(limit) {
        0 => USUAL_ANOMALIES,
        limit @ 1..=MAX_ANOMALIES => limit,
        _ => {
            return Err(error::invalid(format!(
                "limit must be 1 to {MAX_ANOMALIES}, or 0 for {USUAL_ANOMALIES}."
            )));
        }
    };
    let from = from.map(|from| fields::instant("from", from)).transpose()?;
    let to = to.map(|to| fields::instant("to", to)).transpose()?;
    let asked = Asked::new(simulation_id, &targets, metric)?;
    let failed = |e: store::StoreError| error::database("read the anomalies", &e);
    let mut conn = app.store.acquire().await.map_err(failed)?;
    let stored = rollup::coverage(&mut conn, &asked.simulation_id).await.map_err(failed)?;
    let Some(to) = to.or(stored.map(|stored| stored.latest_time)) else {
        return Ok(ConnectResponse(TelemetryServiceAnomaliesResponse::default()));
    };
    let query = asked.between(from.unwrap_or(to - USUAL_SPAN), to)?;
    let rows = statistics::anomalies(&mut conn, &query, limit).await.map_err(failed)?;
    let anomalies = rows.into_iter().map(anomaly).collect();
    Ok(ConnectResponse(TelemetryServiceAnomaliesResponse { anomalies }))
}

pub(super) async fn forecast(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceForecastRequest>,
) -> Result<ConnectResponse<TelemetryServiceForecastResponse>, ConnectError> {
    let TelemetryServiceForecastRequest { simulation_id, targets, metric, as_of } = request;
    let as_of = as_of.map(|as_of| fields::instant("as_of", as_of)).transpose()?;
    let asked = Asked::new(simulation_id, &targets, metric)?;
    let failed = |e: store::StoreError| error::database("read the forecasts", &e);
    let mut conn = app.store.acquire().await.map_err(failed)?;
    let stored = rollup::coverage(&mut conn, &asked.simulation_id).await.map_err(failed)?;
    let Some(as_of) = as_of.or(stored.map(|stored| stored.latest_time)) else {
        return Ok(ConnectResponse(TelemetryServiceForecastResponse::default()));
    };
    let rows =
        statistics::forecasts(&mut conn, &asked.between(as_of - CURRENT, as_of)?).await.map_err(failed)?;
    let series = |row: &ForecastRow| (row.service_id.clone(), row.node_id.clone(), row.metric_name.clone());
    let forecasts = rows.chunk_by(|a, b| series(a) == series(b)).filter_map(one_forecast).collect();
    Ok(ConnectResponse(TelemetryServiceForecastResponse { forecasts }))
}

/// Whose, and of which metric.
struct Asked {
    simulation_id: String,
    services: Vec<String>,
    nodes: Vec<String>,
    metric: Option<String>,
}

impl Asked {
    fn new(simulation_id: String, targets: &[Target], metric: String) -> Result<Self, ConnectError> {
        let named = match ask::selection(targets, TargetKind::Unspecified.into())? {
            Selection::Named { services, nodes } => (services, nodes),
            Selection::Services | Selection::Nodes => Default::default(),
        };
        let (services, nodes) = named;
        if !metric.is_empty() {
            units::known(&metric)?;
        }
        let metric = (!metric.is_empty()).then_some(metric);
        Ok(Self { simulation_id: fields::simulation(simulation_id)?, services, nodes, metric })
    }

    fn between(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<StatisticsQuery, ConnectError> {
        if from > to {
            return Err(error::invalid("from lies after to; both are simulated times. Swap them."));
        }
        let Self { simulation_id, services, nodes, metric } = self;
        Ok(StatisticsQuery { simulation_id, services, nodes, metric, from, to })
    }
}

fn anomaly(row: AnomalyRow) -> TelemetryAnomaly {
    TelemetryAnomaly {
        time: Some(timestamp(row.time)),
        run_id: row.run_id.to_string(),
        tick: row.tick_id.cast_unsigned(),
        target: Some(target(row.service_id, row.node_id)),
        unit: units::unit(&row.metric_name, Aggregate::Avg),
        metric: row.metric_name,
        score: row.score,
        evidence: row.evidence,
        value: row.value,
        expected: row.expected,
        aspect: row.aspect,
    }
}

/// A forecast from its rows, one a horizon.
fn one_forecast(rows: &[ForecastRow]) -> Option<TelemetryForecast> {
    let row = rows.first()?.clone();
    let limit = row.limit_value.zip(row.limit_in_s).map(|(value, in_s)| TelemetryForecastLimit {
        value,
        in_s,
        earliest_s: row.limit_earliest_s,
        latest_s: row.limit_latest_s,
    });
    let point = |row: &ForecastRow| TelemetryForecastPoint {
        horizon_s: row.horizon_s,
        value: row.value,
        low: row.low,
        high: row.high,
    };
    Some(TelemetryForecast {
        target: Some(target(row.service_id, row.node_id)),
        unit: units::unit(&row.metric_name, Aggregate::Avg),
        metric: row.metric_name,
        made_at: Some(timestamp(row.made_at)),
        run_id: row.run_id.to_string(),
        tick: row.tick_id.cast_unsigned(),
        value: row.value_now,
        points: rows.iter().map(point).collect(),
        limit,
    })
}

fn target(service_id: String, node_id: String) -> Target {
    if service_id.is_empty() {
        Target { kind: TargetKind::Node.into(), id: node_id }
    } else {
        Target { kind: TargetKind::Service.into(), id: service_id }
    }
}
