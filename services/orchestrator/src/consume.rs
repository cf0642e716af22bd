//! Messages that move actions, and those that become history. One file per message; each effect and its mark in the inbox are one
//! transaction.

pub(crate) mod events;
mod history;
pub(crate) mod incidents;
pub(crate) mod kept;
pub(crate) mod proposals;

use std::time::Duration;

use bus::{Consumer, ConsumerSpec, Delivery, Failure, Handler, StreamError};
use proto::ops::v1::{ApprovalPolicies, Automation, Rule, Silence};
use rulebook::policies;
use store::StoreError;

use crate::app::App;

/// Durable consumer of resolved incidents.
pub(crate) const INCIDENTS: &str = "orchestrator-incidents";
/// Durable consumer of proposals.
pub(crate) const ACTIONS: &str = "orchestrator-actions";
/// Durable consumer of what sim-engine reports.
pub(crate) const EVENTS: &str = "orchestrator-events";
/// Durable consumer of the same for the history.
pub(crate) const HISTORY: &str = "orchestrator-history";
/// Durable consumer of changes of rules.
pub(crate) const RULES: &str = "orchestrator-rules";
/// Durable consumer of changes of silences.
pub(crate) const SILENCES: &str = "orchestrator-silences";
/// Durable consumer of changes of policies.
pub(crate) const POLICIES: &str = "orchestrator-policies";

/// Pause between two tries while the database is away. Well below the consumer's `ack_wait`, so that the message can be
/// held on to.
const DATABASE_PAUSE: Duration = Duration::from_millis(500);

/// The consumers, bound.
pub(crate) struct Consumers {
    incidents: Consumer,
    actions: Consumer,
    events: Consumer,
    history: Consumer,
    rules: Consumer,
    silences: Consumer,
    policies: Consumer,
}

impl Consumers {
    /// Binds the consumers.
    pub(crate) async fn open(app: &App) -> Result<Self, StreamError> {
        let open = |stream, durable| {
            Consumer::open(&app.bus, ConsumerSpec::durable(stream, durable), app.shutdown.clone())
        };
        Ok(Self {
            incidents: open(bus::streams::OPS_INCIDENTS, INCIDENTS).await?,
            actions: open(bus::streams::OPS_ACTIONS, ACTIONS).await?,
            events: open(bus::streams::SIM_EVENTS, EVENTS).await?,
            history: open(bus::streams::SIM_EVENTS, HISTORY).await?,
            rules: open(bus::streams::OPS_RULES, RULES).await?,
            silences: open(bus::streams::OPS_SILENCES, SILENCES).await?,
            policies: open(bus::streams::OPS_POLICIES, POLICIES).await?,
        })
    }

    /// Handles messages until shutdown.
    pub(crate) async fn run(self, app: App) {
        tokio::join!(
            bus::serve(self.incidents, Incidents(app.clone())),
            bus::serve(self.actions, Proposals(app.clone())),
            bus::serve(self.events, Events(app.clone())),
            history::run(app.clone(), self.history),
            bus::serve(self.rules, Rules(app.clone())),
            bus::serve(self.silences, Silences(app.clone())),
            bus::serve(self.policies, Policies(app)),
        );
    }
}

struct Incidents(App);

impl Handler for Incidents {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        incidents::handle(&self.0, delivery).await
    }
}

struct Proposals(App);

impl Handler for Proposals {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        proposals::handle(&self.0, delivery).await
    }
}

struct Events(App);

impl Handler for Events {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        events::handle(&self.0, delivery).await
    }
}

struct Rules(App);

impl Handler for Rules {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        kept::handle::<Rule>(&self.0, RULES, delivery).await
    }
}

struct Silences(App);

impl Handler for Silences {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        kept::handle::<Silence>(&self.0, SILENCES, delivery).await
    }
}

struct Policies(App);

impl Handler for Policies {
    async fn handle(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        if delivery.subject.ends_with(policies::KEY) {
            kept::handle::<ApprovalPolicies>(&self.0, POLICIES, delivery).await
        } else {
            kept::handle::<Automation>(&self.0, POLICIES, delivery).await
        }
    }
}

/// The message, or why it goes to the dead letters: what cannot be read today cannot be read tomorrow.
fn decode<M>(delivery: &Delivery) -> Result<M, Failure>
where
    M: prost::Message + prost::Name + Default,
{
    delivery.decode::<M>().map_err(Failure::poison)
}

/// Repeats a transaction for as long as only the database is in the way, and holds on to the message meanwhile: it is
/// no poison, and those behind it must not overtake it.
async fn persist<T, F, Fut>(app: &App, delivery: &Delivery, transaction: F) -> Result<T, Failure>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, StoreError>>,
{
    loop {
        let error = match transaction().await {
            Ok(value) => return Ok(value),
            Err(error) if !error.is_transient() => return Err(Failure::retry(error)),
            Err(error) => error,
        };
        tracing::warn!(
            message_id = delivery.id,
            error = &error as &dyn std::error::Error,
            "the database is in the way, the message waits"
        );
        delivery.in_progress().await;
        if app.shutdown.run_until_cancelled(tokio::time::sleep(DATABASE_PAUSE)).await.is_none() {
            return Err(Failure::wait(error));
        }
    }
}
