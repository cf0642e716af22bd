//! Starts the real thing: servers as children, the orchestrator in this process, and what agents, detectors and
//! sim-engine would say.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use backing::{NatsServer, Postgres, PostgresOptions};
use bus::{Bus, BusConfig, Outgoing, subjects};
use orchestrator::Limits;
use orchestrator::config::Config;
use orchestrator::service::Service;
use proto::ops::v1::{Action, ApplyActionCommand, Incident};
use proto::sim::v1::{SimulationEvent, SimulationEventKind};
use reqwest::StatusCode;
use serde_json::{Value, json};
use store::{DbConfig, Store};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::events::EventSource;
use crate::samples::row;

pub use crate::samples::{RUN, incident, proposal, resolved, simulated};

/// Everything that is waited for happens within this on the slowest machine; nothing sleeps that long when it works.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stack {
    pub nats: NatsServer,
    pub postgres: Postgres,
    pub bus: Bus,
    pub store: Store,
    pub orchestrator: Running,
    pub config: Config,
    pub http: reqwest::Client,
}

pub struct Running {
    pub service: Option<Service>,
    pub shutdown: CancellationToken,
    pub address: SocketAddr,
}

#[derive(Clone)]
pub struct Builder {
    limits: Limits,
    dashboard: PathBuf,
    allowed_origins: Vec<String>,
    durable: bool,
}

impl Builder {
    pub fn proposals_expire_after(mut self, ttl: Duration) -> Self {
        self.limits.action_ttl = ttl;
        self
    }

    pub fn commands_expire_after(mut self, ttl: Duration) -> Self {
        self.limits.command_ttl = ttl;
        self
    }

    pub fn dashboard(mut self, directory: impl Into<PathBuf>) -> Self {
        self.dashboard = directory.into();
        self
    }

    pub fn allowed_origin(mut self, origin: &str) -> Self {
        self.allowed_origins.push(origin.to_owned());
        self
    }

    /// A PostgreSQL that keeps its promises when it is killed; others are faster.
    pub fn durable_database(mut self) -> Self {
        self.durable = true;
        self
    }

    pub async fn start(self) -> Stack {
        let servers = Servers::start_with(self.durable).await;
        let config = servers.config(&self);
        let orchestrator = Running::start(&config).await;
        let Servers { nats, postgres, bus, store } = servers;
        Stack { nats, postgres, bus, store, orchestrator, config, http: client() }
    }
}

/// The servers without an orchestrator.
pub struct Servers {
    pub nats: NatsServer,
    pub postgres: Postgres,
    pub bus: Bus,
    pub store: Store,
}

impl Servers {
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    async fn start_with(durable: bool) -> Self {
        let options = PostgresOptions { unsafe_but_fast: !durable, ..PostgresOptions::default() };
        let (nats, postgres) = tokio::join!(NatsServer::ephemeral(), Postgres::start(options));
        let (nats, postgres) = (nats.expect("nats-server"), postgres.expect("PostgreSQL"));
        let bus = Bus::connect(BusConfig::new(nats.url(), "test")).await.expect("connect to NATS");
        bus.provision().await.expect("provision streams");
        let store = Store::connect(&db(&postgres)).await.expect("connect to PostgreSQL");
        store.migrate().await.expect("migrate");
        Self { nats, postgres, bus, store }
    }

    pub fn config(&self, builder: &Builder) -> Config {
        Config {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            nats_url: self.nats.url(),
            database: db(&self.postgres),
            dashboard: builder.dashboard.clone(),
            allowed_origins: Arc::from(builder.allowed_origins.clone()),
            limits: builder.limits,
        }
    }
}

fn db(postgres: &Postgres) -> DbConfig {
    DbConfig {
        host: "127.0.0.1".to_owned(),
        port: postgres.port(),
        name: postgres.dbname().to_owned(),
        user: postgres.user().to_owned(),
        password: postgres.password().to_owned(),
        acquire_timeout: Duration::from_secs(2),
        ..DbConfig::default()
    }
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

impl Running {
    pub async fn start(config: &Config) -> Self {
        let shutdown = CancellationToken::new();
        let service =
            Box::pin(Service::start(config.clone(), shutdown.clone())).await.expect("orchestrator starts");
        let address = service.address();
        Self { service: Some(service), shutdown, address }
    }

    /// Ends it as SIGTERM would, and returns how long that took.
    pub async fn stop(&mut self) -> Duration {
        let began = Instant::now();
        self.shutdown.cancel();
        if let Some(service) = self.service.take() {
            service.finished().await.expect("orchestrator ends well");
        }
        began.elapsed()
    }
}

/// A call's answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body of a call that must succeed.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body
    }

    /// The message of a call that must fail with a code.
    #[track_caller]
    pub fn error(self, code: &str) -> String {
        assert_eq!(self.body["code"], code, "{} {}", self.status, self.body);
        let message = self.body["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.len() > 20, "a sentence that helps: {message:?}");
        message
    }
}

impl Stack {
    pub fn builder() -> Builder {
        Builder {
            limits: Limits { action_ttl: Duration::from_secs(900), command_ttl: Duration::from_secs(60) },
            dashboard: PathBuf::from("/nonexistent/dashboard"),
            allowed_origins: Vec::new(),
            durable: false,
        }
    }

    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.orchestrator.address)
    }

    pub async fn call(&self, method: &str, body: Value) -> Answer {
        call(&self.http, self.orchestrator.address, method, body).await
    }

    /// Ends the orchestrator and starts another one on the same servers.
    pub async fn restart_orchestrator(&mut self) {
        self.orchestrator.stop().await;
        self.orchestrator = Running::start(&self.config).await;
    }

    pub async fn publish_action(&self, action: &Action) {
        let id = format!("{}:{}", action.id, action.version);
        let message = Outgoing::message(subjects::OPS_ACTIONS, id, &action.simulation_id, action);
        self.bus.publish(&message).await.unwrap();
    }

    /// As signal-service: stored first, then published.
    pub async fn publish_incident(&self, incident: &Incident) {
        self.store_incident(incident).await;
        let id = format!("{}:{}", incident.id, incident.revision);
        let message = Outgoing::message(subjects::OPS_INCIDENTS, id, &incident.simulation_id, incident);
        self.bus.publish(&message).await.unwrap();
    }

    pub async fn store_incident(&self, incident: &Incident) {
        store_incident(&self.store, incident).await;
    }

    pub async fn publish_event(&self, event: &SimulationEvent) {
        let message = Outgoing::message(subjects::SIM_EVENTS, event.id.clone(), &event.simulation_id, event);
        self.bus.publish(&message).await.unwrap();
    }

    /// An open incident with a proposal that waits for a decision.
    pub async fn proposed(&self) -> Action {
        self.proposed_at(420).await
    }

    /// The same at a tick; simulated time is by whole seconds, of twenty ticks each.
    pub async fn proposed_at(&self, tick: u64) -> Action {
        let incident = incident(Uuid::new_v4());
        self.publish_incident(&incident).await;
        let at = Some(simulated(tick));
        let action = Action { proposed_at_tick: tick, proposed_at: at, ..proposal(&incident) };
        self.publish_action(&action).await;
        self.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
        action
    }

    /// Waits until pages that open now are shown a proposal: it is recorded first, and told to pages by the bus.
    pub async fn until_shown(&self, action: &Action) {
        until("the proposal is in the snapshot", || async {
            let mut page = EventSource::open(self.orchestrator.address, None).await;
            let snapshot = page.next().await?;
            snapshot.data["pendingActions"].to_string().contains(&action.id).then_some(())
        })
        .await;
    }

    /// A proposal that has been approved.
    pub async fn approved(&self) -> Action {
        let action = self.proposed().await;
        self.call(
            "ops.v1.ActionService/ApproveAction",
            json!({ "actionId": action.id, "operator": "alice" }),
        )
        .await
        .ok();
        action
    }

    /// What sim-engine reports about an action.
    pub async fn report(&self, action: &Action, kind: SimulationEventKind, tick: u64) -> SimulationEvent {
        let event = SimulationEvent {
            id: Uuid::new_v4().to_string(),
            simulation_id: "default".to_owned(),
            run_id: action.run_id.clone(),
            tick,
            time: Some(simulated(tick)),
            kind: kind.into(),
            message: format!("{} at {tick}", kind.as_str_name()),
            action_id: action.id.clone(),
            ..SimulationEvent::default()
        };
        self.publish_event(&event).await;
        event
    }

    pub async fn action(&self, id: &str) -> Value {
        self.call("ops.v1.ActionService/GetAction", json!({ "actionId": id })).await.body["action"].clone()
    }

    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        until(&format!("action {id} is {status}"), || async {
            let action = self.action(id).await;
            (action["status"] == status).then_some(action)
        })
        .await
    }

    /// Every command on `ops.commands`.
    pub async fn commands(&self) -> Vec<ApplyActionCommand> {
        self.stored(bus::streams::OPS_COMMANDS).await
    }

    /// Every message of a stream, oldest first.
    pub async fn stored<M: prost::Message + prost::Name + Default>(&self, stream: &'static str) -> Vec<M> {
        stored(&self.bus, stream).await
    }

    pub async fn audit(&self, subject: &str) -> Vec<String> {
        let mut conn = self.store.acquire().await.unwrap();
        let entries = store::audit::of_subject(&mut conn, subject).await.unwrap();
        entries.into_iter().map(|entry| entry.action).collect()
    }

    pub async fn readiness(&self) -> StatusCode {
        self.http
            .get(self.url("/readyz"))
            .send()
            .await
            .map_or(StatusCode::IM_A_TEAPOT, |answer| answer.status())
    }
}

pub async fn call(http: &reqwest::Client, address: SocketAddr, method: &str, body: Value) -> Answer {
    let answer = http.post(format!("http://{address}/{method}")).json(&body).send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

pub async fn store_incident(store: &Store, incident: &Incident) {
    let mut conn = store.acquire().await.unwrap();
    store::incidents::upsert_all(&mut conn, &[&row(incident)]).await.unwrap();
}

/// Keeps every relay from sending anything until it is dropped: messages stay in the outbox.
pub async fn hold_the_relay(store: &Store) -> store::Tx<'static> {
    loop {
        let mut tx = store.begin().await.unwrap();
        let held: bool = sqlx::query_scalar(
            "select pg_try_advisory_xact_lock(hashtextextended('outbox/orchestrator', 0))",
        )
        .fetch_one(&mut *tx)
        .await
        .unwrap();
        if held {
            return tx;
        }
    }
}

pub async fn last_sequence(bus: &Bus, stream: &str) -> u64 {
    bus.jetstream().get_stream(stream).await.unwrap().cached_info().state.last_sequence
}

pub async fn stored<M: prost::Message + prost::Name + Default>(bus: &Bus, stream: &'static str) -> Vec<M> {
    let last = last_sequence(bus, stream).await;
    let mut messages = Vec::new();
    if last == 0 {
        return messages;
    }
    let mut tail = bus.tail(stream, ">", bus::From::All, CancellationToken::new()).await.unwrap();
    while let Ok(Some(delivery)) = tokio::time::timeout(PATIENCE, tail.next()).await {
        messages.push(delivery.decode().unwrap());
        if delivery.stream_sequence >= last {
            break;
        }
    }
    messages
}

/// Waits until something is there; fails with its name when it does not come.
pub async fn until<T, F, Fut>(what: &str, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
