//! sim-engine's heartbeat, and the topology that follows from it.

use std::time::Duration;

use bus::subjects;
use chrono::Utc;
use futures::StreamExt as _;
use prost::Message as _;
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, SimulationState};
use tokio::sync::Notify;

use super::report;
use crate::api::control;
use crate::app::App;
use crate::convert;
use crate::hub::DEFAULT_SIMULATION;

/// Pause before the next try when the bus refuses a subscription.
const RETRY: Duration = Duration::from_secs(1);
/// The topology is read again this often even when nothing is known to have changed.
const REFRESH: Duration = Duration::from_secs(10);
/// Least time between two reads of the topology, however much happens.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// Listens to `sim.state` until shutdown.
pub(super) async fn listen(app: &App, changed_topology: &Notify) {
    while !app.shutdown.is_cancelled() {
        let mut heard = match app.bus.client().subscribe(subjects::SIM_STATE).await {
            Ok(heard) => heard,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot listen to sim-engine's heartbeat yet"
                );
                app.shutdown.run_until_cancelled(tokio::time::sleep(RETRY)).await;
                continue;
            }
        };
        while let Some(Some(message)) = app.shutdown.run_until_cancelled(heard.next()).await {
            match SimulationState::decode(message.payload) {
                Ok(state) if state.simulation_id == DEFAULT_SIMULATION => {
                    if app.hub.heard_state(state) {
                        // What a person just steered shows at once, not with the next second.
                        report(app.hub.beat(convert::timestamp(Utc::now())));
                        changed_topology.notify_one();
                    }
                }
                Ok(_other_simulation) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "unreadable heartbeat");
                }
            }
        }
    }
}

/// Keeps the topology of the snapshots current.
pub(super) async fn follow_topology(app: &App, changed: &Notify) {
    let asked = GetTopologyRequest { simulation_id: DEFAULT_SIMULATION.to_owned() };
    loop {
        match control::call::<_, GetTopologyResponse>(app, "GetTopology", &asked).await {
            Ok(GetTopologyResponse { topology: Some(topology), .. }) => app.hub.set_topology(topology),
            Ok(_none) => {}
            Err(error) => tracing::debug!(message = error.message(), "topology not read"),
        }
        let waited = app.shutdown.run_until_cancelled(async {
            tokio::time::sleep(MIN_INTERVAL).await;
            tokio::select! {
                () = changed.notified() => {}
                () = tokio::time::sleep(REFRESH) => {}
            }
        });
        if waited.await.is_none() {
            return;
        }
    }
}
