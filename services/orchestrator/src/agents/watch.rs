//! `Watch`: what an agent has to know, as it happens.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use connectrpc_axum::{Code, ConnectError};
use futures::Stream;
use proto::ops::v1::agent_service_watch_response::Event;
use proto::ops::v1::{AgentHeartbeat, AgentServiceWatchResponse};
use store::agents::AgentRow;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::observe::{hub, observe};
use super::{Agents, MAX_WATCHES, identity};
use crate::app::App;
use crate::hub::{Change, Hub};

/// Between two signs of life. Whoever hears none for twice as long should connect again; a retired agent's stream ends within it.
const HEARTBEAT: Duration = Duration::from_secs(5);

type Told = Result<AgentServiceWatchResponse, ConnectError>;

/// Open streams by agent.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<BTreeMap<String, usize>>);

impl Places {
    fn change(&self, agent: &str, change: impl FnOnce(usize) -> usize) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = change(places.remove(agent).unwrap_or_default());
        if taken > 0 {
            places.insert(agent.to_owned(), taken);
        }
    }

    fn taken(&self, agent: &str) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(agent).copied().unwrap_or_default()
    }
}

/// A place among an agent's streams, given back when it ends.
struct Place {
    agents: Agents,
    agent: String,
}

impl Place {
    fn take(app: &App, agent: &str) -> Result<Self, ConnectError> {
        let places = &app.agents.inner.places;
        if places.taken(agent) >= MAX_WATCHES {
            return Err(ConnectError::new(
                Code::ResourceExhausted,
                format!(
                    "Agent {agent:?} has {MAX_WATCHES} Watch streams open, which is the limit. Close one first."
                ),
            ));
        }
        places.change(agent, |taken| taken + 1);
        Ok(Self { agents: app.agents.clone(), agent: agent.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.agents.inner.places.change(&self.agent, |taken| taken.saturating_sub(1));
    }
}

struct Watcher {
    app: App,
    hub: Hub,
    agent: String,
    simulation_id: String,
    changes: broadcast::Receiver<Change>,
    heartbeats: Interval,
    /// Everything has to be told, for the first time or again.
    behind: bool,
    over: CancellationToken,
    _place: Place,
}

/// Opens an agent's stream.
pub(crate) fn watch(
    app: &App,
    agent: &AgentRow,
    simulation_id: String,
) -> Result<impl Stream<Item = Told> + Send + use<>, ConnectError> {
    let hub = hub(app, &simulation_id)?;
    let mut heartbeats = tokio::time::interval(HEARTBEAT);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeats.reset();
    let watcher = Watcher {
        changes: hub.changes(),
        over: hub.closed(),
        heartbeats,
        behind: true,
        _place: Place::take(app, &agent.name)?,
        app: app.clone(),
        hub,
        agent: agent.name.clone(),
        simulation_id,
    };
    Ok(futures::stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        match watcher.next().await? {
            Ok(event) => Some((Ok(AgentServiceWatchResponse { event: Some(event) }), Some(watcher))),
            // Said last.
            Err(error) => Some((Err(error), None)),
        }
    }))
}

impl Watcher {
    /// The next thing to tell; `None` when the simulation is gone or the process ends.
    async fn next(&mut self) -> Option<Result<Event, ConnectError>> {
        let over = self.over.clone();
        over.run_until_cancelled(self.wait()).await
    }

    async fn wait(&mut self) -> Result<Event, ConnectError> {
        loop {
            if self.behind {
                // Whatever is told from now on is newer than, or part of, the observation.
                self.changes = self.hub.changes();
                let observation = observe(&self.app, &self.agent, &self.simulation_id).await?;
                self.behind = false;
                return Ok(Event::Observation(observation));
            }
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(Change::Incident(incident)) => return Ok(Event::Incident((*incident).clone())),
                    Ok(Change::Action(action)) if action.proposed_by == self.agent => {
                        return Ok(Event::Action((*action).clone()));
                    }
                    Ok(Change::Action(_)) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => self.behind = true,
                },
                _ = self.heartbeats.tick() => return self.heartbeat().await,
            }
        }
    }

    async fn heartbeat(&self) -> Result<Event, ConnectError> {
        // While the database does not answer, an agent may go on watching.
        if let Ok(None) = identity::registered(&self.app, &self.agent).await {
            return Err(identity::unauthenticated(
                "This agent has been retired. ListAgents says by whom and why.",
            ));
        }
        let state = self.hub.state();
        Ok(Event::Heartbeat(AgentHeartbeat {
            tick: state.as_ref().map(|state| state.tick).unwrap_or_default(),
            time: state.and_then(|state| state.time),
        }))
    }
}
