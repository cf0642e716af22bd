//! `GET /api/stream`: the event stream over server-sent events.

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use connectrpc_axum::{Code, ConnectError};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::fields;
use crate::app::App;
use crate::error::not_found;
use crate::hub::reader::Start;

/// Tells nginx and its kin to pass events on as they come.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Header with which browsers resume.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The route.
pub(crate) fn router(app: App) -> Router {
    Router::new().route("/api/stream", get(stream)).with_state(app)
}

/// What is asked for. A page that opens a new `EventSource` cannot set headers: it resumes by query.
#[derive(Debug, Deserialize)]
struct Wanted {
    /// Of which simulation; none means `default`.
    simulation: Option<String>,
    last_event_id: Option<String>,
}

async fn stream(State(app): State<App>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let Wanted { simulation, last_event_id } = wanted;
    let simulation = match fields::simulation(simulation.unwrap_or_default()) {
        Ok(simulation) => simulation,
        Err(error) => return error.into_response(),
    };
    let Some(hub) = app.hubs.find(&simulation) else {
        return not_found(format!(
            "I have heard of no simulation {simulation:?}. `microcloud sim list` shows those there are; one that was just created is there within a second."
        ))
        .into_response();
    };
    let sent = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("not text").to_owned());
    let start = match sent.or(last_event_id).filter(|id| !id.is_empty()) {
        Some(id) => Start::After(id),
        None => Start::Fresh,
    };
    match hub.subscribe(&start, hub.closed()) {
        Ok(events) => (
            [
                (CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
                // `no-transform` keeps proxies from compressing, which would hold events back.
                (CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
                (NO_BUFFERING, HeaderValue::from_static("no")),
            ],
            Body::from_stream(events),
        )
            .into_response(),
        Err(full) => {
            let mut response = ConnectError::new(Code::Unavailable, full.to_string()).into_response();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}
