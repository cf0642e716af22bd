//! The outside of the orchestrator: Connect services, the event stream, health, the dashboard, and the layers around
//! them.

mod actions;
mod agents;
mod asked;
pub(crate) mod control;
pub(crate) mod fields;
mod games;
pub(crate) mod guard;
mod incidents;
mod policies;
mod rules;
mod silences;
pub(crate) mod simulations;
mod sql;
mod stream;
mod system;
mod telemetry;

use std::any::Any;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use connectrpc_axum::{Code, CompressionConfig, ConnectError, MakeServiceBuilder};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use self::guard::BrowserPolicy;
use crate::app::App;
use crate::dashboard;

/// Largest request. The largest real one is a decision with its reason, a few kilobytes.
pub(crate) const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// Longest time for a call with one answer. Streams have no limit.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Smaller answers are not worth compressing.
const MIN_COMPRESSED_BYTES: usize = 1_024;

/// Everything that is served on `ADDR`. `health` brings `/health`, `/livez`, `/readyz` and `/metrics`.
pub(crate) fn router(app: &App, policy: BrowserPolicy, dashboard: PathBuf, health: Router) -> Router {
    let unary = calls()
        .timeout(REQUEST_TIMEOUT)
        .add_router(actions::router(app.clone()))
        .add_router(agents::unary(app.clone()))
        .add_router(incidents::router(app.clone()))
        .add_router(telemetry::router(app.clone()))
        .add_router(rules::router(app.clone()))
        .add_router(silences::router(app.clone()))
        .add_router(policies::router(app.clone()))
        .add_router(sql::router(app.clone()))
        .add_router(system::router(app.clone()))
        .add_router(control::unary(app.clone()))
        .build();
    let simulations = calls()
        .timeout(REQUEST_TIMEOUT)
        .receive_max_bytes(simulations::MAX_REQUEST_BYTES)
        .add_router(simulations::router(app.clone()))
        .build();
    // A test of rules has a limit of its own, and a game is scored in some seconds.
    let trials =
        calls().add_router(rules::trials(app.clone())).add_router(games::router(app.clone())).build();
    let streaming = calls()
        .add_router(control::streaming(app.clone()))
        .add_router(agents::streaming(app.clone()))
        .build();
    Router::new()
        .merge(unary)
        .merge(simulations)
        .merge(streaming)
        .merge(trials)
        .merge(stream::router(app.clone()))
        .merge(health)
        .fallback_service(dashboard::router(dashboard))
        .layer(middleware::from_fn(unknown_calls))
        .layer(middleware::from_fn_with_state(policy, guard::guard))
        .layer(middleware::from_fn(dashboard::safe_headers))
        .layer(CatchPanicLayer::custom(panicked))
}

fn calls() -> MakeServiceBuilder {
    MakeServiceBuilder::new()
        .receive_max_bytes(MAX_REQUEST_BYTES)
        .compression(CompressionConfig::new(MIN_COMPRESSED_BYTES))
}

/// Answers calls that no handler took, in the caller's protocol: the static files behind would say 404 or 405.
async fn unknown_calls(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let content_type = request.headers().get(CONTENT_TYPE).cloned();
    let is_call = is_call(&path);
    let mut response = next.run(request).await;
    if !is_call {
        if path.starts_with("/api/") && response.status() == StatusCode::NOT_FOUND {
            return dashboard::not_found(&format!(
                "There is nothing at {path}. docs/api.md lists what there is; the event stream is at /api/stream."
            ));
        }
        return response;
    }
    if !response.headers().contains_key(CACHE_CONTROL) || response.status().is_client_error() {
        // Answers of calls change by the second; a shared cache must not hold them.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let unhandled = response.extensions().get::<dashboard::Unhandled>().is_some();
    match response.status() {
        _ if unhandled => unimplemented(&path, content_type.as_ref()),
        StatusCode::METHOD_NOT_ALLOWED => {
            let refused = ConnectError::new(
                Code::Unimplemented,
                format!(
                    "{path} changes something or streams, so it is called by POST. GET works for calls without side effects."
                ),
            );
            let mut refused = refused.into_response();
            *refused.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            if let Some(allow) = response.headers_mut().remove(http::header::ALLOW) {
                refused.headers_mut().insert(http::header::ALLOW, allow);
            }
            refused
        }
        _ => response,
    }
}

/// Paths of calls look like `/package.v1.Service/Method`.
fn is_call(path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    matches!(
        (parts.next(), parts.next(), parts.next()),
        (Some(service), Some(method), None)
            if service.contains('.') && service.rsplit('.').next().is_some_and(starts_upper) && starts_upper(method)
    )
}

fn starts_upper(name: &str) -> bool {
    name.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
}

fn unimplemented(path: &str, content_type: Option<&HeaderValue>) -> Response {
    let error = ConnectError::new(
        Code::Unimplemented,
        format!("There is no call {path}. docs/api.md lists the calls; check service, version and spelling."),
    );
    // A streaming call expects its error in the stream's last message.
    match content_type.map(HeaderValue::as_bytes) {
        Some(kind) if kind.starts_with(b"application/connect+proto") => error.into_streaming_response(true),
        Some(kind) if kind.starts_with(b"application/connect+json") => error.into_streaming_response(false),
        _ => error.into_response(),
    }
}

/// A defect. Its text stays in the log: it may hold anything.
#[allow(clippy::needless_pass_by_value)] // The layer hands it over.
fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(panic = text, "a handler panicked");
    ConnectError::new(
        Code::Internal,
        "Something went wrong inside the orchestrator. This is a defect: look for it in the log and report it.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_files() {
        assert!(is_call("/ops.v1.ActionService/NoSuchMethod"));
        assert!(is_call("/ops.v9.Nothing/Do"));
        for path in ["/", "/index.html", "/_next/static/a.js", "/api/stream", "/a.b/c", "/a.B/C/d", "/a.B/"] {
            assert!(!is_call(path), "{path}");
        }
    }

    #[tokio::test]
    async fn a_panic_says_nothing_of_its_text() {
        let response = panicked(Box::new("password is hunter2".to_owned()));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 4_096).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
    }
}
