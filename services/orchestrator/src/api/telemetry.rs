//! `ops.v1.TelemetryService`: stored series, how far they reach, what statistics found in them, what happened, and the newest sample.

mod ask;
mod describe;
mod events;
mod group;
mod statistics;
mod units;

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::ops::v1::telemetry_service_connect::TelemetryServiceBuilder;
use proto::ops::v1::{
    TelemetryServiceCoverageRequest, TelemetryServiceCoverageResponse, TelemetryServiceLatestRequest,
    TelemetryServiceLatestResponse, TelemetryServiceQueryRequest, TelemetryServiceQueryResponse,
    TelemetrySource,
};
use proto::sim::v1::MetricSnapshot;
use store::metrics::{self, QueryError, Source};
use store::rollup::{self, Coverage};

use self::ask::Ask;
use super::fields;
use crate::app::App;
use crate::convert::timestamp;
use crate::error;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    TelemetryServiceBuilder::<App>::new()
        .query(query)
        .coverage(coverage)
        .anomalies(statistics::anomalies)
        .forecast(statistics::forecast)
        .events(events::events)
        .latest(latest)
        .with_state(app)
        .build()
}

async fn query(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceQueryRequest>,
) -> Result<ConnectResponse<TelemetryServiceQueryResponse>, ConnectError> {
    let ask = Ask::try_from(request)?;
    let failed = |e: store::StoreError| error::database("read the telemetry", &e);
    let mut tx = app.store.begin().await.map_err(failed)?;
    let stored = rollup::coverage(&mut tx, &ask.simulation_id).await.map_err(failed)?;
    let topology = app.hubs.find(&ask.simulation_id).and_then(|hub| hub.topology());
    let zones = group::zones(topology.as_deref());
    let Some(what) = ask.query(stored.as_ref())? else {
        // Nothing is stored yet: no data, rather than an error.
        return Ok(ConnectResponse(TelemetryServiceQueryResponse {
            series: group::series(&ask, Vec::new(), &zones)?,
            unit: ask.unit(),
            step_s: ask.step_s,
            ..TelemetryServiceQueryResponse::default()
        }));
    };
    let rows = metrics::query(&mut tx, &what).await.map_err(|refused| match refused {
        QueryError::TooManyPoints | QueryError::TooSlow => error::too_much(&refused),
        QueryError::Store(source) => failed(source),
    })?;
    let mut series = group::series(&ask, rows, &zones)?;
    if ask.describe {
        for one in &mut series {
            one.description = describe::description(one, what.step);
        }
    }
    Ok(ConnectResponse(TelemetryServiceQueryResponse {
        series,
        unit: ask.unit(),
        step_s: what.step.as_secs_f64(),
        source: source(what.source()).into(),
        kept_from: stored.and_then(|stored| kept_from(what.source(), &stored)).map(timestamp),
    }))
}

async fn coverage(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceCoverageRequest>,
) -> Result<ConnectResponse<TelemetryServiceCoverageResponse>, ConnectError> {
    let simulation_id = fields::simulation(request.simulation_id)?;
    let failed = |e: store::StoreError| error::database("read how far the telemetry reaches", &e);
    let mut conn = app.store.acquire().await.map_err(failed)?;
    let stored = rollup::coverage(&mut conn, &simulation_id).await.map_err(failed)?;
    let Some(stored) = stored else {
        return Err(error::not_found(format!(
            "Nothing is stored of the simulation {simulation_id:?}. Check its name with `microcloud sims list`, and that it is playing."
        )));
    };
    Ok(ConnectResponse(TelemetryServiceCoverageResponse {
        latest_time: Some(timestamp(stored.latest_time)),
        rows_from: stored.rows_from.map(timestamp),
        minutes_from: stored.minutes_from.map(timestamp),
        hours_from: stored.hours_from.map(timestamp),
        rollup_lag_s: stored.lag().as_seconds_f64(),
        database: app.store.flavour().to_string(),
        rollup_hours_lag_s: stored.hours_lag().as_seconds_f64(),
        minutes_due: stored.minutes_due.unsigned_abs(),
        hours_due: stored.hours_due.unsigned_abs(),
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

fn source(source: Source) -> TelemetrySource {
    match source {
        Source::Rows => TelemetrySource::Rows,
        Source::Minutes => TelemetrySource::Minutes,
        Source::Hours => TelemetrySource::Hours,
    }
}

/// Where the source begins, once anything has expired.
fn kept_from(source: Source, stored: &Coverage) -> Option<chrono::DateTime<chrono::Utc>> {
    let rows_from = stored.rows_from?;
    match source {
        Source::Rows => Some(rows_from),
        Source::Minutes => stored.minutes_from,
        Source::Hours => stored.hours_from,
    }
}
