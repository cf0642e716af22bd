//! What happened in the simulated cloud, as far back as it is kept.

use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::common::v1::Target;
use proto::ops::v1::{TelemetryServiceEventsRequest, TelemetryServiceEventsResponse};
use proto::sim::v1::{SimulationEvent, SimulationEventKind};
use store::StoreError;
use store::events::{self, EventQuery, EventRow, MAX_EVENTS};

use crate::api::fields;
use crate::app::App;
use crate::convert::timestamp;
use crate::error;

/// Events in an answer when the caller names no number.
const USUAL_EVENTS: i64 = 100;

pub(super) async fn events(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<TelemetryServiceEventsRequest>,
) -> Result<ConnectResponse<TelemetryServiceEventsResponse>, ConnectError> {
    let TelemetryServiceEventsRequest { simulation_id, run_id, kinds, from, to, limit } = request;
    let limit = match i64::from(limit) {
        0 => USUAL_EVENTS,
        limit @ 1..=MAX_EVENTS => limit,
        _ => {
            return Err(error::invalid(format!("limit must be 1 to {MAX_EVENTS}, or 0 for {USUAL_EVENTS}.")));
        }
    };
    if let Some(unknown) = kinds.iter().find(|kind| SimulationEventKind::try_from(**kind).is_err()) {
        return Err(error::invalid(format!(
            "kinds must be values of SimulationEventKind; {unknown} is none."
        )));
    }
    let query = EventQuery {
        simulation_id: fields::simulation(simulation_id)?,
        run_id: fields::optional_uuid("run_id", &run_id)?,
        kinds,
        from: from.map(|from| fields::instant("from", from)).transpose()?,
        to: to.map(|to| fields::instant("to", to)).transpose()?,
    };
    if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
        return Err(error::invalid("from lies after to; both are simulated times. Swap them."));
    }
    let rows = async {
        let mut conn = app.store.acquire().await?;
        events::list(&mut conn, &query, limit).await
    };
    let rows = rows.await.map_err(|e: StoreError| error::database("read the events", &e))?;
    let events = rows.into_iter().map(event).collect();
    Ok(ConnectResponse(TelemetryServiceEventsResponse { events }))
}

fn event(row: EventRow) -> SimulationEvent {
    SimulationEvent {
        id: row.id.to_string(),
        simulation_id: row.simulation_id,
        run_id: row.run_id.to_string(),
        tick: row.tick_id.cast_unsigned(),
        time: Some(timestamp(row.time)),
        kind: row.kind,
        target: (row.target_kind != 0).then_some(Target { kind: row.target_kind, id: row.target_id }),
        message: row.message,
        action_id: row.action_id.map(|id| id.to_string()).unwrap_or_default(),
        command_id: row.command_id.map(|id| id.to_string()).unwrap_or_default(),
        attributes: row.attributes,
    }
}
