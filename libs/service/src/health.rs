//! Health endpoints: `/livez` (the process runs), `/readyz` (everything it needs answers), `/health` (each check, always 200),
//! `/metrics`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use crate::metrics::Metrics;

/// A check that takes longer has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// The checks of a process.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, Check, Weight)>,
}

/// Whether a failing check makes the process unready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Required,
    Shown,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _, weight)| (name, weight))).finish()
    }
}

impl Health {
    /// No checks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check without which the process is not ready. It is really made at every look, with a time-out.
    #[must_use]
    pub fn check<F, Fut, E>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        self.add(name, check, Weight::Required)
    }

    /// Adds a check that is shown, but does not make the process unready.
    #[must_use]
    pub fn show<F, Fut, E>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        self.add(name, check, Weight::Shown)
    }

    fn add<F, Fut, E>(mut self, name: &'static str, check: F, weight: Weight) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        let check: Check = Arc::new(move || {
            let made = check();
            Box::pin(async move { made.await.map_err(|error| error.to_string()) })
        });
        self.checks.push((name, check, weight));
        self
    }

    /// Makes every check at once: whether all required ones passed, and the report.
    async fn report(&self) -> (bool, Value) {
        let checks = self.checks.iter().map(|(name, check, weight)| {
            let made = check();
            let (name, weight) = (*name, *weight);
            tokio::spawn(async move {
                let outcome = tokio::time::timeout(CHECK_TIMEOUT, made).await;
                let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer within {CHECK_TIMEOUT:?}")));
                (name, weight, outcome)
            })
        });
        let running: Vec<_> = checks.collect();
        let (mut ready, mut well, mut report) = (true, true, Map::new());
        for check in running {
            let Ok((name, weight, outcome)) = check.await else { continue };
            if let Err(error) = &outcome {
                well = false;
                ready &= weight == Weight::Shown;
                report.insert(name.to_owned(), json!({ "status": "failing", "error": error }));
            } else {
                report.insert(name.to_owned(), json!({ "status": "ok" }));
            }
        }
        let status = match (ready, well) {
            (true, true) => "ok",
            (true, false) => "degraded",
            (false, _) => "failing",
        };
        (ready, json!({ "status": status, "checks": report }))
    }

    /// The endpoints.
    pub fn router(self, metrics: Metrics) -> Router {
        Router::new()
            .route("/livez", get(|| async { Json(json!({ "status": "ok" })) }))
            .route("/readyz", get(readyz))
            // The name that older dashboards and load balancers ask for.
            .route("/ready", get(readyz))
            .route("/health", get(health))
            .with_state(self)
            .route("/metrics", get(move || async move { open_metrics(&metrics) }))
    }
}

async fn readyz(State(health): State<Health>) -> Response {
    let (ready, report) = health.report().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn health(State(health): State<Health>) -> Response {
    Json(health.report().await.1).into_response()
}

fn open_metrics(metrics: &Metrics) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, OPEN_METRICS)], metrics.encode()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 65_536).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_failing_check_makes_the_process_unready_but_not_dead() {
        let health = Health::new()
            .check("nats", || async { Ok::<_, String>(()) })
            .check("database", || async { Err("connection refused") });
        let router = health.router(Metrics::new("test", "0"));
        let (status, body) = get(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("connection refused"), "{body}");
        assert_eq!(get(&router, "/livez").await.0, StatusCode::OK);
        assert_eq!(get(&router, "/health").await.0, StatusCode::OK);
        assert!(get(&router, "/metrics").await.1.contains("start_time_seconds"));
    }

    #[tokio::test]
    async fn a_shown_check_only_degrades() {
        let health = Health::new().show("sim-engine", || async { Err("silent") });
        let (status, body) = get(&health.router(Metrics::new("test", "0")), "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("degraded"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_has_failed() {
        let health = Health::new().check("hangs", std::future::pending::<Result<(), String>>);
        let (status, body) = get(&health.router(Metrics::new("test", "0")), "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("no answer within"), "{body}");
    }
}
