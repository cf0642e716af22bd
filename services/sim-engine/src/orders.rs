//! The consumer of `ops.commands`: each command reaches the simulation once, however often it is delivered.

use bus::{Delivery, Failure, Handler};
use proto::ops::v1::ApplyActionCommand;

use crate::request::{Performed, SimulationHandle};

/// Name of the consumer.
pub(crate) const DURABLE: &str = "sim-engine";

/// Hands commands to the simulation.
pub(crate) struct Orders {
    pub(crate) simulation: SimulationHandle,
}

impl Handler for Orders {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        let command: ApplyActionCommand = delivery.decode().map_err(Failure::poison)?;
        if command.id.is_empty() {
            // Without an id neither a repetition nor the event of a refusal could be told from another.
            return Err(Failure::poison("the command has no id"));
        }
        // An error means that nothing was decided: the simulation waits for its journal, or stops.
        match self.simulation.perform(command).await.map_err(Failure::wait)? {
            Performed::Journalled | Performed::Refused => {}
            Performed::Before => tracing::debug!(id = delivery.id, "command was taken before"),
        }
        Ok(())
    }
}
