//! The servers, the service, and what there is to see of it.

use std::time::{Duration, Instant};

use backing::process::{Process, ProcessSpec, Stopped};
use backing::{NatsServer, Postgres};
use bus::{Bus, BusConfig, Outgoing};
use prost::Message as _;
use proto::common::v1::{Severity, Target, TargetKind};
use proto::ops::v1::{Action, ActionStatus, Automation, AutomationState, Incident, IncidentTransition};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::engine::Engine;

const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Stack {
    pub(crate) engine: Engine,
    pub(crate) bus: Bus,
    pub(crate) sql: PgPool,
    pub(crate) nats: NatsServer,
    pub(crate) postgres: Postgres,
    service: Option<Process>,
    home: tempfile::TempDir,
}

/// Turns the kill switch, and returns its version.
pub(crate) async fn switch(bus: &Bus, state: AutomationState, expected_version: u64) -> u64 {
    let value = Automation { state: state.into(), changed_by: "ana".to_owned(), ..Automation::default() };
    let id = format!("switch-{expected_version}");
    let change = rulebook::Change { value, expected_version, id, traceparent: None };
    rulebook::put(bus, change).await.unwrap().version
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let (nats, postgres) = tokio::join!(NatsServer::ephemeral(), Postgres::ephemeral());
        let (nats, postgres) = (nats.unwrap(), postgres.unwrap());
        let bus = Bus::connect(BusConfig::new(nats.url(), "test")).await.unwrap();
        bus.provision().await.unwrap();
        // As the orchestrator does at its very first start.
        switch(&bus, AutomationState::Running, 0).await;
        let sql = PgPoolOptions::new().max_connections(2).connect_lazy(&postgres.url()).unwrap();
        let engine = Engine::start(bus.clone());
        let home = tempfile::tempdir().unwrap();
        let mut stack = Self { engine, bus, sql, nats, postgres, service: None, home };
        stack.start_service().await;
        stack
    }

    pub(crate) async fn start_service(&mut self) {
        let spec = ProcessSpec::new("agent-service", env!("CARGO_BIN_EXE_agent-service"))
            .env("NATS_URL", self.nats.url())
            .env("DB_HOST", "127.0.0.1")
            .env("DB_PORT", self.postgres.port().to_string())
            .env("DB_NAME", self.postgres.dbname())
            .env("DB_USER", self.postgres.user())
            .env("DB_PASSWORD", self.postgres.password())
            .env("LOG_LEVEL", "debug")
            .log_file(self.home.path().join("agent-service.log"));
        self.service = Some(Process::spawn(&spec).await.unwrap());
    }

    /// kill -9.
    pub(crate) async fn kill_service(&mut self) {
        self.service.take().expect("it runs").kill().await.unwrap();
    }

    /// SIGTERM; the service has to go by itself.
    pub(crate) async fn stop_service(&mut self) {
        let stopped = self.service.take().expect("it runs").stop(Duration::from_secs(8)).await.unwrap();
        assert!(
            matches!(stopped, Stopped::InTime(status) if status.success()),
            "{stopped:?}\n{}",
            self.log()
        );
    }

    pub(crate) fn log(&self) -> String {
        backing::process::log_tail(&self.home.path().join("agent-service.log"))
    }

    /// Opens an incident at the engine's tick.
    pub(crate) async fn open(&self, service: &str, metric: &str, family: &str, threshold: f64) -> Incident {
        let incident = Incident {
            id: Uuid::new_v5(&self.engine.run, format!("{service}/{metric}").as_bytes()).to_string(),
            simulation_id: "default".to_owned(),
            run_id: self.engine.run.to_string(),
            transition: IncidentTransition::Opened.into(),
            revision: 1,
            rule_name: format!("{family}_high"),
            family: family.to_owned(),
            target: Some(Target { kind: TargetKind::Service.into(), id: service.to_owned() }),
            severity: Severity::High.into(),
            title: format!("{service}: {metric} > {threshold}"),
            metric: metric.to_owned(),
            observed_value: threshold * 2.0,
            threshold,
            tick: self.engine.tick,
            detected_at: Some(self.engine.time(self.engine.tick)),
            updated_tick: self.engine.tick,
            updated_at: Some(self.engine.time(self.engine.tick)),
            ..Incident::default()
        };
        self.tell(&incident, &format!("{}:{}", incident.id, incident.revision)).await;
        incident
    }

    pub(crate) async fn open_on_database(&self) -> Incident {
        self.open("checkout-db", "cpu_usage", "cpu", 95.0).await
    }

    pub(crate) async fn tell(&self, incident: &Incident, message_id: &str) {
        let message = Outgoing::message("ops.incidents", message_id, "default", incident)
            .with_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        self.bus.publish(&message).await.unwrap();
    }

    /// Waits until both durable consumers are there: everything else has been prepared by then.
    pub(crate) async fn until_listening(&mut self) {
        self.pass_until("it listens", async |stack| {
            let stream = stack.bus.jetstream().get_stream("OPS_ACTIONS").await.unwrap();
            stream.consumer_info("agent-service-actions").await.is_ok()
        })
        .await;
    }

    /// What the orchestrator would say about a proposal.
    pub(crate) async fn decide(&self, proposal: &Action, version: u64, status: ActionStatus) {
        let action = Action { version, status: status.into(), ..proposal.clone() };
        let id = format!("{}:{version}", action.id);
        self.bus.publish(&Outgoing::message("ops.actions", id, "default", &action)).await.unwrap();
    }

    /// Proposals that are on the stream, each with its message id.
    pub(crate) async fn proposals(&self) -> Vec<Action> {
        self.messages().await.into_iter().filter(|action| action.version == 0).collect()
    }

    async fn messages(&self) -> Vec<Action> {
        let mut stream = self.bus.jetstream().get_stream("OPS_ACTIONS").await.unwrap();
        let last = stream.info().await.unwrap().state.last_sequence;
        let mut actions = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.unwrap();
            actions.push(Action::decode(message.payload).unwrap());
        }
        actions
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.sql).await.unwrap_or(-1)
    }

    /// Decisions so far, oldest first.
    pub(crate) async fn decisions(&self) -> Vec<String> {
        let read = sqlx::query_scalar("select decision from agent_decisions order by tick, incident_id");
        read.fetch_all(&self.sql).await.unwrap_or_default()
    }

    /// Lets simulated time pass until something is true of the service.
    pub(crate) async fn pass_until(&mut self, what: &str, condition: impl AsyncFn(&Self) -> bool) {
        let begun = Instant::now();
        while !condition(self).await {
            assert!(begun.elapsed() < PATIENCE, "{PATIENCE:?} and still not: {what}\n{}", self.log());
            self.engine.second().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets simulated time pass, and waits until the service has heard of it all.
    pub(crate) async fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.engine.second().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // An incident that clears at once is a bookmark: when it has been decided on, what came before has been seen.
        let marker = self.open("gateway", "memory_usage", "memory", 1.0 + self.engine.tick as f64).await;
        self.pass_until("everything has been seen", async |stack| {
            let seen: i64 = sqlx::query_scalar("select count(*) from inbox where message_id = $1")
                .bind(format!("{}:1", marker.id))
                .fetch_one(&stack.sql)
                .await
                .unwrap_or(0);
            seen == 1
        })
        .await;
    }

    pub(crate) async fn until_proposals(&mut self, count: usize) -> Vec<Action> {
        self.pass_until(&format!("{count} proposals"), async |stack| stack.proposals().await.len() >= count)
            .await;
        self.proposals().await
    }
}
