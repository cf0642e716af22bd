//! What comes by durable consumers: incidents, and the fate of actions.

use bus::{Delivery, Failure, Handler};
use proto::ops::v1::{Action, Incident};

use crate::convert;
use crate::keeper::{Handle, Mark};

/// Durable consumer of incidents.
pub(crate) const INCIDENTS: &str = "agent-service-incidents";
/// Durable consumer of actions.
pub(crate) const ACTIONS: &str = "agent-service-actions";

/// Handles `ops.incidents`.
pub(crate) struct Incidents(pub(crate) Handle);

impl Handler for Incidents {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        let message: Incident = delivery.decode().map_err(Failure::poison)?;
        match convert::incident(message, delivery.traceparent.clone()).map_err(Failure::poison)? {
            Some((scope, incident)) => self.0.incident(mark(INCIDENTS, delivery), scope, incident).await,
            // More is known about a group: for people.
            None => Ok(()),
        }
    }
}

/// Handles `ops.actions`.
pub(crate) struct Actions(pub(crate) Handle);

impl Handler for Actions {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        let message: Action = delivery.decode().map_err(Failure::poison)?;
        match convert::action(message).map_err(Failure::poison)? {
            Some((scope, update)) => self.0.action(mark(ACTIONS, delivery), scope, update).await,
            // A proposal, ours or another agent's; it counts once the orchestrator has it.
            None => Ok(()),
        }
    }
}

fn mark(consumer: &'static str, delivery: &Delivery) -> Mark {
    Mark { consumer, message_id: delivery.id.clone() }
}
