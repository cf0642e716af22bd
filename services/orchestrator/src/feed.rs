//! Feeds the event stream from the bus: telemetry, facts, incidents, actions, and sim-engine's heartbeat.
//!
//! Stored messages are read by tails of our own, from where the database was read: nothing is missed in between, and
//! nobody's acknowledgement depends on pages that are open.

mod state;
mod telemetry;

use std::time::Duration;

use bus::{Delivery, From, StreamError, Tail, streams};
use chrono::Utc;
use proto::ops::v1::{Action, Incident};
use proto::sim::v1::{SimulationEvent, SimulationEventKind};
use store::incidents::IncidentFilter;
use store::{Page, StoreError};
use tokio::sync::Notify;

use crate::app::App;
use crate::convert;
use crate::hub::EncodeError;
use crate::position;

/// Time between two heartbeats of the stream.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Readers of everything that pages are told.
pub(crate) struct Feeds {
    metrics: Tail,
    events: Tail,
    incidents: Tail,
    actions: Tail,
}

impl Feeds {
    /// Opens the readers where the streams end now, then loads what is open and pending into the view. In this order:
    /// what is stored and published in between is told twice at most, and the view knows versions.
    pub(crate) async fn open(app: &App) -> Result<Self, FeedError> {
        let feeds = Self {
            metrics: tail(app, streams::SIM_METRICS, Some(From::LastPerSubject)).await?,
            events: tail(app, streams::SIM_EVENTS, None).await?,
            incidents: tail(app, streams::OPS_INCIDENTS, None).await?,
            actions: tail(app, streams::OPS_ACTIONS, None).await?,
        };
        let (incidents, actions) = store::retry(|| stored(app)).await?;
        restore(app, incidents, actions);
        Ok(feeds)
    }

    /// Feeds the stream until shutdown.
    pub(crate) async fn run(self, app: App) {
        let changed_topology = Notify::new();
        tokio::join!(
            telemetry::run(&app, self.metrics),
            facts(&app, self.events, &changed_topology),
            incidents(&app, self.incidents),
            actions(&app, self.actions),
            state::listen(&app, &changed_topology),
            state::follow_topology(&app, &changed_topology),
            heartbeat(&app),
        );
    }
}

/// The event stream could not be fed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    /// A stream could not be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Incidents and actions could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A reader that begins behind the newest message, unless told otherwise. A number, unlike "new ones", still means the
/// same after a connection was lost.
async fn tail(app: &App, stream: &'static str, from: Option<From>) -> Result<Tail, StreamError> {
    let from = match from {
        Some(from) => from,
        None => From::Sequence(position::end_of(&app.bus, stream).await? + 1),
    };
    app.bus.tail(stream, ">", from, app.shutdown.clone()).await
}

async fn stored(app: &App) -> Result<(Vec<Incident>, Vec<Action>), StoreError> {
    let mut conn = app.store.acquire().await?;
    let open = IncidentFilter { open_only: true, ..IncidentFilter::default() };
    let newest = Page { limit: store::MAX_PAGE, after: None };
    let incidents = store::incidents::list(&mut conn, &open, newest).await?;
    let actions = store::actions::pending(&mut conn, None).await?;
    Ok((
        incidents.into_iter().map(wire::incident).collect(),
        actions.into_iter().map(convert::action).collect(),
    ))
}

/// Hands what is open and pending to the stream of its simulation.
fn restore(app: &App, incidents: Vec<Incident>, actions: Vec<Action>) {
    for incident in incidents {
        if let Some(hub) = app.hubs.of(&incident.simulation_id, &incident.run_id) {
            hub.restore(vec![incident], Vec::new());
        }
    }
    for action in actions {
        if let Some(hub) = app.hubs.of(&action.simulation_id, &action.run_id) {
            hub.restore(Vec::new(), vec![action]);
        }
    }
}

async fn facts(app: &App, mut tail: Tail, changed_topology: &Notify) {
    while let Some(delivery) = tail.next().await {
        let Some(event) = read::<SimulationEvent>(&delivery) else { continue };
        if event.kind() == SimulationEventKind::SimulationDeleted {
            app.hubs.remove(&event.simulation_id, &event.run_id);
            continue;
        }
        let Some(hub) = app.hubs.of(&event.simulation_id, &event.run_id) else { continue };
        report(hub.publish_event(&event));
        if event.kind() != SimulationEventKind::ClockChanged {
            hub.topology_changed();
            changed_topology.notify_one();
        }
    }
}

async fn incidents(app: &App, mut tail: Tail) {
    while let Some(delivery) = tail.next().await {
        if let Some(incident) = read::<Incident>(&delivery)
            && let Some(hub) = app.hubs.of(&incident.simulation_id, &incident.run_id)
        {
            report(hub.publish_incident(incident));
        }
    }
}

async fn actions(app: &App, mut tail: Tail) {
    while let Some(delivery) = tail.next().await {
        // Version 0 is an agent's proposal that has not been checked yet.
        if let Some(action) = read::<Action>(&delivery).filter(|action| action.version > 0)
            && let Some(hub) = app.hubs.of(&action.simulation_id, &action.run_id)
        {
            report(hub.publish_action(action));
        }
    }
}

async fn heartbeat(app: &App) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    while app.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        for (_, hub) in app.hubs.all() {
            report(hub.beat(convert::timestamp(Utc::now())));
        }
    }
}

/// What cannot be read is skipped here: the consumer that owns the message sends it to the dead letters.
fn read<M: prost::Message + prost::Name + Default>(delivery: &Delivery) -> Option<M> {
    delivery
        .decode::<M>()
        .inspect_err(
            |error| tracing::debug!(subject = delivery.subject, %error, "unreadable message not streamed"),
        )
        .ok()
}

fn report(result: Result<(), EncodeError>) {
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn std::error::Error, "event not streamed");
    }
}
