//! sim-engine's heartbeat, and the topology that follows from it.

use std::time::Duration;

use bus::subjects;
use chrono::Utc;
use futures::StreamExt as _;
use futures::future::join_all;
use prost::Message as _;
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, SimulationState};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::report;
use crate::api::control;
use crate::app::App;
use crate::convert;
use crate::hub::Hub;

/// Pause before the next try when the bus refuses a subscription.
const RETRY: Duration = Duration::from_secs(1);
/// The topology is read again this often even when nothing is known to have changed.
const REFRESH: Duration = Duration::from_secs(10);
/// Least time between two reads of the topology, however much happens.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// Listens to `sim.state` until shutdown: a simulation has its stream from the first time that it is heard of.
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
                Ok(state) => {
                    if let Some(hub) = app.hubs.of(&state.simulation_id, &state.run_id)
                        && hub.heard_state(state)
                    {
                        // What a person just steered shows at once, not with the next second.
                        report(hub.beat(convert::timestamp(Utc::now())));
                        hub.topology_changed();
                        changed_topology.notify_one();
                    }
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "unreadable heartbeat");
                }
            }
        }
    }
}

/// Keeps the topologies of the snapshots current.
pub(super) async fn follow_topology(app: &App, changed: &Notify) {
    let mut refreshed = Instant::now();
    loop {
        let everything = refreshed.elapsed() >= REFRESH;
        if everything {
            refreshed = Instant::now();
        }
        let old = app.hubs.all().into_iter().filter(|(_, hub)| hub.wants_topology() || everything);
        // Beside each other: a simulation that does not answer holds up none.
        join_all(old.map(|(id, hub)| read_topology(app, id, hub))).await;
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

async fn read_topology(app: &App, simulation_id: String, hub: Hub) {
    let asked = GetTopologyRequest { simulation_id };
    match control::call::<_, GetTopologyResponse>(app, "GetTopology", &asked).await {
        Ok(GetTopologyResponse { topology: Some(topology), .. }) => hub.set_topology(topology),
        Ok(_none) => {}
        Err(error) => tracing::debug!(message = error.message(), "topology not read"),
    }
}
