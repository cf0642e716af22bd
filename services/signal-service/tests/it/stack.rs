//! The real servers, the service as a child process, and what there is to see of it.

use std::time::{Duration, Instant};

use backing::process::{Process, ProcessSpec};
use backing::{NatsServer, Postgres};
use bus::{Bus, BusConfig, Outgoing};
use proto::ops::v1::Incident;
use proto::sim::v1::MetricSnapshot;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stack {
    pub(crate) nats: NatsServer,
    pub(crate) postgres: Postgres,
    pub(crate) bus: Bus,
    pub(crate) sql: PgPool,
    service: Option<Process>,
    home: tempfile::TempDir,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let (nats, postgres) = tokio::join!(NatsServer::ephemeral(), Postgres::ephemeral());
        let (nats, postgres) = (nats.unwrap(), postgres.unwrap());
        let bus = Bus::connect(BusConfig::new(nats.url(), "test")).await.unwrap();
        bus.provision().await.unwrap();
        let sql = PgPoolOptions::new().max_connections(2).connect_lazy(&postgres.url()).unwrap();
        let mut stack = Self { nats, postgres, bus, sql, service: None, home: tempfile::tempdir().unwrap() };
        stack.start_service().await;
        stack
    }

    pub(crate) async fn start_service(&mut self) {
        let spec = ProcessSpec::new("signal-service", env!("CARGO_BIN_EXE_signal-service"))
            .env("NATS_URL", self.nats.url())
            .env("DB_HOST", "127.0.0.1")
            .env("DB_PORT", self.postgres.port().to_string())
            .env("DB_NAME", self.postgres.dbname())
            .env("DB_USER", self.postgres.user())
            .env("DB_PASSWORD", self.postgres.password())
            .env("LOG_LEVEL", "debug")
            .log_file(self.home.path().join("signal-service.log"));
        self.service = Some(Process::spawn(&spec).await.unwrap());
    }

    /// kill -9.
    pub(crate) async fn kill_service(&mut self) {
        self.service.take().expect("it runs").kill().await.unwrap();
    }

    /// SIGTERM. Fails when the service does not go by itself.
    pub(crate) async fn stop_service(&mut self) {
        let mut service = self.service.take().expect("it runs");
        let stopped = service.stop(Duration::from_secs(8)).await.unwrap();
        assert!(
            matches!(stopped, backing::process::Stopped::InTime(status) if status.success()),
            "{stopped:?}\n{}",
            self.log()
        );
    }

    /// Starts PostgreSQL again. A killed one leaves processes that hold its port for a moment.
    pub(crate) async fn restart_postgres(&mut self) {
        let begun = Instant::now();
        while let Err(error) = self.postgres.restart().await {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not come back: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn publish(&self, snapshot: &MetricSnapshot) {
        let id = format!("{}:{}:{}", snapshot.run_id, snapshot.tick, snapshot.shard);
        self.bus.publish(&Outgoing::message("sim.metrics", id, "default", snapshot)).await.unwrap();
    }

    pub(crate) async fn publish_bytes(&self, id: &str, bytes: &'static [u8]) {
        let mut outgoing = Outgoing::message("sim.metrics", id, "default", &MetricSnapshot::default());
        outgoing.payload = bytes.into();
        self.bus.publish(&outgoing).await.unwrap();
    }

    /// The tick up to which the run is stored; -1 before the first.
    pub(crate) async fn stored_tick(&self, run: uuid::Uuid) -> i64 {
        let tick: Result<Option<i64>, _> =
            sqlx::query_scalar("select max(tick) from telemetry_progress where run_id = $1")
                .bind(run)
                .fetch_one(&self.sql)
                .await;
        tick.ok().flatten().unwrap_or(-1)
    }

    pub(crate) async fn until_stored(&self, run: uuid::Uuid, tick: i64) {
        self.until(&format!("run {run} is stored up to tick {tick}"), async || {
            self.stored_tick(run).await >= tick
        })
        .await;
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.sql).await.unwrap_or(-1)
    }

    /// Every incident with everything that a restart could get wrong, one line each.
    pub(crate) async fn incidents(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select concat_ws(' ', id, run_id, rule_name, target_kind, target_id, severity, revision, transition, tick_id,
                    updated_tick, detected_at, updated_at, resolved, resolved_at, observed_value, title, resolution)
             from incidents order by detected_at, id",
        )
        .fetch_all(&self.sql)
        .await
        .unwrap()
    }

    /// Every message that the stream has on `ops.incidents`, once the outbox is empty.
    pub(crate) async fn told(&self) -> Vec<Incident> {
        self.until("the outbox is empty", async || {
            self.count("select count(*) from outbox where sent_at is null").await == 0
        })
        .await;
        let expected = self.count("select count(*) from outbox").await;
        let mut tail = self
            .bus
            .tail("OPS_INCIDENTS", "ops.incidents", bus::From::All, CancellationToken::new())
            .await
            .unwrap();
        let mut told = Vec::new();
        while told.len() < usize::try_from(expected).unwrap() {
            let next = tokio::time::timeout(PATIENCE, tail.next()).await;
            let message =
                next.unwrap_or_else(|_| panic!("{} of {expected} messages came", told.len())).unwrap();
            let incident: Incident = message.decode().unwrap();
            assert_eq!(message.id, format!("{}:{}", incident.id, incident.revision));
            told.push(incident);
        }
        told
    }

    /// Messages that were delivered to the service and not acknowledged.
    pub(crate) async fn in_hand(&self) -> usize {
        let stream = self.bus.jetstream().get_stream("SIM_METRICS").await.unwrap();
        stream.consumer_info("signal-service").await.map_or(0, |info| info.num_ack_pending)
    }

    /// Ticks of the telemetry that the stream holds.
    pub(crate) async fn ticks_in_stream(&self) -> Vec<i64> {
        let stream = self.bus.jetstream().get_stream("SIM_METRICS").await.unwrap();
        let last = stream.cached_info().state.last_sequence;
        let mut tail =
            self.bus.tail("SIM_METRICS", "sim.>", bus::From::All, CancellationToken::new()).await.unwrap();
        let mut ticks = Vec::new();
        loop {
            let message = tokio::time::timeout(PATIENCE, tail.next()).await.unwrap().unwrap();
            ticks.push(message.decode::<MetricSnapshot>().unwrap().tick.cast_signed());
            if message.stream_sequence >= last {
                return ticks;
            }
        }
    }

    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let begun = Instant::now();
        while !condition().await {
            assert!(begun.elapsed() < PATIENCE, "{PATIENCE:?} and still not: {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn log(&self) -> String {
        backing::process::log_tail(&self.home.path().join("signal-service.log"))
    }
}
