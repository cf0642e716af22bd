//! The one task that owns the core. Everything that happens comes to it as a [`Request`], one after the other; each is
//! a step: observe, store, answer.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Bus, Failure};
use prost::Message as _;
use proto::ops::v1::Heartbeat;
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, MetricSnapshot};
use remedy::{Agent, Expectation, Freshness, Limits, Output, Target};
use rulebook::{Known, Standing, policies};
use store::{Store, inbox};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::ahead::Asker;
use crate::convert::{self, Beat, Scope};
use crate::meters::Meters;
use crate::persist::{self, PRODUCER, PersistError, Step};
use crate::watch::{Era, Watch};
use handle::Request;

pub(crate) use handle::{Answers, Handle, Mark};

mod handle;

/// Requests that may wait. Producers wait when it is full: a consumer fetches no more, the telemetry tail falls behind
/// and catches up, and what is stale meanwhile is not acted on.
const QUEUE: usize = 256;
/// Simulations watched at a time. One is about a megabyte.
const MAX_SIMULATIONS: usize = 64;
/// How long sim-engine may take to describe the cloud. Everything else waits meanwhile.
const TOPOLOGY_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two questions for a topology that did not come.
const TOPOLOGY_RETRY: Duration = Duration::from_secs(1);

/// Between two signs of life. The orchestrator takes ten seconds without one for death.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What the keeper needs.
pub(crate) struct Keeper {
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    pub(crate) relay: relay::Handle,
    pub(crate) meters: Meters,
    pub(crate) limits: Limits,
    /// Whether automation is paused, as of a moment ago.
    policies: watch::Receiver<Known<policies::Book>>,
    watches: BTreeMap<String, Watch>,
    /// There from the start of the task on.
    asker: Option<Asker>,
}

impl Keeper {
    pub(crate) fn new(
        store: Store,
        bus: Bus,
        relay: relay::Handle,
        meters: Meters,
        limits: Limits,
        policies: watch::Receiver<Known<policies::Book>>,
    ) -> Self {
        Self { store, bus, relay, meters, limits, policies, watches: BTreeMap::new(), asker: None }
    }

    /// Starts the task; it ends when the token is cancelled or every handle is gone.
    pub(crate) fn spawn(mut self, token: CancellationToken) -> (Handle, tokio::task::JoinHandle<()>) {
        let (requests, queue) = mpsc::channel(QUEUE);
        self.asker = Some(Asker::spawn(self.bus.clone(), Answers { requests: requests.downgrade() }));
        (Handle { requests }, tokio::spawn(self.run(queue, token)))
    }

    async fn run(mut self, mut queue: mpsc::Receiver<Request>, token: CancellationToken) {
        let mut alive = tokio::time::interval(SIGN_OF_LIFE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                _ = alive.tick() => self.say_alive().await,
                request = queue.recv() => match request {
                    Some(request) => self.take(request).await,
                    None => return,
                },
            }
        }
    }

    async fn take(&mut self, request: Request) {
        match request {
            Request::Incident { mark, scope, incident, answer } => {
                let done =
                    self.marked(&mark, &scope, |agent, fresh| agent.observe_incident(&incident, fresh));
                drop(answer.send(done.await));
            }
            Request::Action { mark, scope, update, answer } => {
                let done = self.marked(&mark, &scope, |agent, fresh| agent.observe_action(&update, fresh));
                drop(answer.send(done.await));
            }
            Request::Sample(sample) => self.sample(*sample).await,
            Request::Beat(beat) => self.beat(&beat).await,
            Request::Outlook { scope, cause, expected } => self.outlook(&scope, &cause, expected).await,
        }
    }

    /// With NATS away there is nobody to tell, so failing is no event.
    async fn say_alive(&self) {
        let alive = Heartbeat { service: PRODUCER.to_owned() };
        let told = self.bus.client().publish(bus::subjects::OPS_HEARTBEAT, alive.encode_to_vec().into());
        if let Err(error) = told.await {
            tracing::debug!(%error, "sign of life not sent");
        }
    }

    /// Whether automation is paused, or nobody can tell.
    fn is_paused(&self) -> bool {
        let known = self.policies.borrow();
        known.standing != Standing::Current || known.book.switch().why_not().is_some()
    }

    /// A message that must have its effect exactly once. What the database refuses for the moment is tried again with
    /// the same message; the core goes back to what is stored.
    async fn marked(
        &mut self,
        mark: &Mark,
        scope: &Scope,
        observe: impl FnOnce(&mut Agent, Freshness) -> Output,
    ) -> Result<(), Failure> {
        let result = self.try_marked(mark, scope, observe).await;
        if let Err(error) = &result {
            self.doubt(&scope.simulation_id);
            self.meters.repeated_step();
            tracing::warn!(
                error = error as &dyn std::error::Error,
                message_id = mark.message_id,
                "step not stored, it will be repeated"
            );
        }
        result
            .map_err(|error| if error.is_transient() { Failure::wait(error) } else { Failure::retry(error) })
    }

    async fn try_marked(
        &mut self,
        mark: &Mark,
        scope: &Scope,
        observe: impl FnOnce(&mut Agent, Freshness) -> Output,
    ) -> Result<(), PersistError> {
        let current = self.turn_to(scope).await?;
        let paused = self.is_paused();
        let mut tx = self.store.begin().await?;
        if !inbox::first_time(&mut tx, mark.consumer, &mark.message_id).await? {
            return Ok(());
        }
        let Some(watch) = self.watches.get_mut(&scope.simulation_id).filter(|_| current) else {
            // Of a run that is over: noted, and nothing else.
            return Ok(tx.commit().await?);
        };
        let freshness = watch.freshness(paused);
        let output = observe(&mut watch.agent, freshness);
        ask(self.asker.as_ref(), scope, &output);
        let step = step(watch, scope, &output);
        step.write(&mut tx).await?;
        tx.commit().await?;
        self.stored(&scope.simulation_id, &output);
        Ok(())
    }

    async fn sample(&mut self, message: MetricSnapshot) {
        if message.deleted {
            return self.forget(&message).await;
        }
        let shape = message.clone();
        let (scope, sample) = match convert::sample(message) {
            Ok(converted) => converted,
            Err(error) => {
                // signal-service sends it to the dead letters; here it is merely not seen.
                tracing::debug!(error = &error as &dyn std::error::Error, "unreadable telemetry");
                return;
            }
        };
        match self.try_sample(&scope, &shape, sample).await {
            Ok(()) => {}
            Err(error) => {
                self.doubt(&scope.simulation_id);
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "decision on telemetry not stored, the next sample brings it again"
                );
            }
        }
    }

    async fn try_sample(
        &mut self,
        scope: &Scope,
        shape: &MetricSnapshot,
        sample: remedy::Sample,
    ) -> Result<(), PersistError> {
        if !self.turn_to(scope).await? {
            return Ok(());
        }
        let paused = self.is_paused();
        let Some(watch) = self.watches.get_mut(&scope.simulation_id) else { return Ok(()) };
        watch.look_at_shape(shape);
        watch.anchor = Some((sample.tick, scope.time));
        if !watch.topology_known && watch.agent.is_concerned() {
            self.read_topology(&scope.simulation_id).await;
        }
        let Some(watch) = self.watches.get_mut(&scope.simulation_id) else { return Ok(()) };
        let freshness = watch.freshness(paused);
        let output = watch.agent.observe_telemetry(sample, freshness);
        ask(self.asker.as_ref(), scope, &output);
        if output.is_empty() && watch.stored.as_ref() == Some(watch.agent.memory()) {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        step(watch, scope, &output).write(&mut tx).await?;
        tx.commit().await?;
        self.stored(&scope.simulation_id, &output);
        Ok(())
    }

    /// The answer to a question. One that cannot be stored is lost with what it led to; the core asks again.
    async fn outlook(&mut self, scope: &Scope, cause: &Target, expected: Option<Vec<Expectation>>) {
        if let Err(error) = self.try_outlook(scope, cause, expected).await {
            self.doubt(&scope.simulation_id);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "decision on a look ahead not stored, the next sample brings it again"
            );
        }
    }

    async fn try_outlook(
        &mut self,
        scope: &Scope,
        cause: &Target,
        expected: Option<Vec<Expectation>>,
    ) -> Result<(), PersistError> {
        if !self.turn_to(scope).await? {
            return Ok(());
        }
        let paused = self.is_paused();
        let Some(watch) = self.watches.get_mut(&scope.simulation_id) else { return Ok(()) };
        let freshness = watch.freshness(paused);
        let output = watch.agent.observe_outlook(cause, expected, freshness);
        ask(self.asker.as_ref(), scope, &output);
        let mut tx = self.store.begin().await?;
        step(watch, scope, &output).write(&mut tx).await?;
        tx.commit().await?;
        self.stored(&scope.simulation_id, &output);
        Ok(())
    }

    async fn beat(&mut self, beat: &Beat) {
        match self.turn_to(&beat.scope).await {
            Ok(true) => {
                if let Some(watch) = self.watches.get_mut(&beat.scope.simulation_id) {
                    watch.hear(beat);
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the state of the run cannot be read yet"
                );
            }
        }
    }

    /// Makes sure that the core watches the run of a message and remembers what is stored; false when that run is over.
    async fn turn_to(&mut self, scope: &Scope) -> Result<bool, PersistError> {
        if !self.watches.contains_key(&scope.simulation_id) && !self.make_room() {
            tracing::warn!(
                simulation_id = scope.simulation_id,
                "too many simulations at a time: this one is not watched"
            );
            return Ok(false);
        }
        let limits = self.limits.clone();
        let watch = self.watches.entry(scope.simulation_id.clone()).or_insert_with(|| Watch::new(limits));
        match watch.era(scope) {
            Era::Past => return Ok(false),
            Era::Current => {}
            Era::Next => {
                if watch.run_id().is_some() {
                    persist::forget_cooldowns(&self.store, &scope.simulation_id).await?;
                }
                tracing::info!(simulation_id = scope.simulation_id, run_id = %scope.run_id, "watching a run");
                watch.enter(scope);
            }
        }
        if watch.stored.is_none() {
            let memory = persist::load(&self.store, scope).await?;
            watch.agent.restore(memory.clone());
            watch.stored = Some(memory);
        }
        Ok(true)
    }

    /// Whether one more simulation can be watched. One that is silent makes room: it is read again when it speaks.
    fn make_room(&mut self) -> bool {
        if self.watches.len() < MAX_SIMULATIONS {
            return true;
        }
        let silent = self.watches.iter().find(|(_, watch)| watch.is_silent()).map(|(id, _)| id.clone());
        silent.is_some_and(|id| self.watches.remove(&id).is_some())
    }

    /// A simulation is no more. Its incidents and actions end by messages of their own.
    async fn forget(&mut self, last: &MetricSnapshot) {
        let MetricSnapshot { simulation_id, run_id, .. } = last;
        let watched = self.watches.get(simulation_id).and_then(Watch::run_id);
        if watched.is_some_and(|run| run.to_string() == *run_id) {
            self.watches.remove(simulation_id);
            self.meters.open_incidents(self.open_incidents());
            if let Err(error) = persist::forget_cooldowns(&self.store, simulation_id).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    simulation_id,
                    "cooldowns of a deleted simulation stay until the next run of that id"
                );
            }
            tracing::info!(simulation_id, run_id, "simulation deleted, no longer watched");
        }
    }

    fn open_incidents(&self) -> usize {
        self.watches.values().map(|watch| watch.agent.memory().open().count()).sum()
    }

    /// What the core remembers may not be what is stored: it is read again before the next step.
    fn doubt(&mut self, simulation_id: &str) {
        if let Some(watch) = self.watches.get_mut(simulation_id) {
            watch.stored = None;
        }
    }

    /// After the commit.
    fn stored(&mut self, simulation_id: &str, output: &Output) {
        if let Some(watch) = self.watches.get_mut(simulation_id) {
            watch.stored = Some(watch.agent.memory().clone());
        }
        self.meters.open_incidents(self.open_incidents());
        for decision in &output.decisions {
            self.meters.decision(decision.verdict);
            tracing::info!(
                incident_id = %decision.incident_id,
                action_id = decision.action_id.map(tracing::field::display),
                verdict = decision.verdict.name(),
                reason = decision.reason,
                "decided"
            );
        }
        if output.proposals.is_empty() {
            return;
        }
        self.relay.wake();
        for proposal in &output.proposals {
            self.meters.proposal(proposal.remedy.kind());
            tracing::info!(
                incident_id = %proposal.incident_id,
                action_id = %proposal.action_id,
                action = proposal.remedy.kind().name(),
                target = proposal.remedy.target().id(),
                "proposed"
            );
        }
    }

    /// Asks sim-engine what the cloud looks like. Without an answer nothing is known, and nothing is proposed.
    async fn read_topology(&mut self, simulation_id: &str) {
        let due =
            self.watches.get(simulation_id).is_some_and(|watch| Instant::now() >= watch.ask_topology_at);
        if !due {
            return;
        }
        let asked = GetTopologyRequest { simulation_id: simulation_id.to_owned() };
        let answer: Result<GetTopologyResponse, _> =
            self.bus.call(&bus::subjects::sim_control("GetTopology"), &asked, TOPOLOGY_TIMEOUT).await;
        let Some(watch) = self.watches.get_mut(simulation_id) else { return };
        match answer {
            Ok(GetTopologyResponse { topology: Some(topology), tick: _ }) => {
                watch.agent.observe_topology(convert::topology(topology));
                watch.topology_known = true;
            }
            Ok(GetTopologyResponse { topology: None, .. }) => watch.agent.forget_topology(),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "sim-engine does not describe the cloud"
                );
                watch.agent.forget_topology();
                watch.ask_topology_at = Instant::now() + TOPOLOGY_RETRY;
            }
        }
    }
}

/// Puts the questions of a step, whether or not it can be stored: the core waits for the answers either way.
fn ask(asker: Option<&Asker>, scope: &Scope, output: &Output) {
    for question in &output.questions {
        if let Some(asker) = asker {
            asker.ask(scope, question.clone());
        }
    }
}

fn step<'a>(watch: &'a Watch, scope: &'a Scope, output: &'a Output) -> Step<'a> {
    static NOTHING: std::sync::LazyLock<remedy::Memory> = std::sync::LazyLock::new(remedy::Memory::default);
    Step {
        scope,
        tick: watch.anchor.map_or(0, |(tick, _)| tick),
        output,
        before: watch.stored.as_ref().unwrap_or(&NOTHING),
        after: watch.agent.memory(),
        anchor: watch.anchor.unwrap_or((0, scope.time)),
        tick_ms: watch.tick_ms,
    }
}
