//! The consumer of `ops.commands`: each command reaches its simulation once, however often it is delivered.

use bus::{Bus, Delivery, Failure, Handler};
use chrono::Utc;
use connectrpc_axum::Code;
use proto::ops::v1::ApplyActionCommand;
use rulebook::switch::Switch;

use crate::fleet::Fleet;
use crate::id::SimulationId;
use crate::order;
use crate::refusal::Refusal;
use crate::request::{Performed, Permit};
use crate::run::event_message;

/// Name of the consumer.
pub(crate) const DURABLE: &str = "sim-engine";

/// Hands commands to their simulations.
pub(crate) struct Orders {
    pub(crate) fleet: Fleet,
    pub(crate) bus: Bus,
}

impl Handler for Orders {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        let command: ApplyActionCommand = delivery.decode().map_err(Failure::poison)?;
        if command.id.is_empty() {
            // Without an id neither a repetition nor the event of a refusal could be told from another.
            return Err(Failure::poison("the command has no id"));
        }
        match self.perform(&command).await {
            Ok(Performed::Journalled | Performed::Refused) => Ok(()),
            Ok(Performed::Before) => {
                tracing::debug!(id = delivery.id, "command was taken before");
                Ok(())
            }
            // Nothing was decided: the simulation waits for its journal, or stops.
            Err(refusal) if refusal.code == Code::Unavailable => Err(Failure::wait(refusal)),
            // There is no such simulation, or nothing of it that could compute.
            Err(refusal) => self.refuse(&command, refusal).await,
        }
    }
}

impl Orders {
    async fn perform(&self, command: &ApplyActionCommand) -> Result<Performed, Refusal> {
        // Unlike in a request, no id means no simulation.
        let id = SimulationId::parse(&command.simulation_id)?;
        let handle = self.fleet.handle(&id)?;
        // Asked for each command, at the last moment: the answer knows of every pause that was confirmed to anybody.
        let permit = Permit::of(&Switch::look(&self.bus).await, command)?;
        handle.perform(command.clone(), permit).await
    }

    /// Tells that a command was refused for lack of a simulation. The same event comes of every repetition.
    async fn refuse(&self, command: &ApplyActionCommand, refusal: Refusal) -> Result<(), Failure> {
        let event = order::refusal(command, order::Refused::Because(refusal.message), 0, Utc::now());
        self.bus.publish(&event_message(&event)).await.map_err(Failure::wait)?;
        Ok(())
    }
}
