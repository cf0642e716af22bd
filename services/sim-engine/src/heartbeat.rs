//! `sim.state`: where each simulation stands, twice a second and at every change. Not persisted; the newest one counts.

use std::time::Duration;

use bus::{Bus, subjects};
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use crate::board::BoardReader;

/// Wall-clock time between two heartbeats.
const EVERY: Duration = Duration::from_millis(500);

/// Publishes the state of a simulation until `stop`. With NATS away there is nobody to tell, so failing is no event.
pub(crate) async fn beat(bus: Bus, mut board: BoardReader, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            more = board.changed() => if !more { return },
            () = tokio::time::sleep(EVERY) => {}
        }
        let Ok(state) = board.state() else { continue };
        if let Err(error) = bus.client().publish(subjects::SIM_STATE, state.encode_to_vec().into()).await {
            tracing::debug!(%error, "heartbeat not sent");
        }
    }
}
