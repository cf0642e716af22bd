//! `/health`, `/livez`, `/readyz`, `/metrics`. NATS and PostgreSQL are really asked. sim-engine is shown only: people
//! must be able to see and decide while it is down.

use ::service::health::Health;
use axum::Router;

use crate::app::App;

/// The routes.
pub(crate) fn router(app: &App, metrics: ::service::metrics::Metrics) -> Router {
    let (bus, store, hub) = (app.bus.clone(), app.store.clone(), app.hubs.default().clone());
    let watchdog = app.watchdog.clone();
    Health::new()
        .check("nats", move || {
            let bus = bus.clone();
            async move { bus.ping().await }
        })
        .check("postgres", move || {
            let store = store.clone();
            async move { store.ping().await }
        })
        .show("sim-engine", move || {
            let heard = hub.state().is_some();
            async move {
                if heard { Ok(()) } else { Err("no heartbeat for more than 5 s: is sim-engine running?") }
            }
        })
        .show("automation", move || {
            let why = watchdog.why_manual();
            async move { why.map_or(Ok(()), Err) }
        })
        .router(metrics)
}
