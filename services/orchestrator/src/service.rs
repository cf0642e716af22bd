//! The story of the process: connect, bring the schema and the streams up to date, serve, and end in time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::service::metrics::Metrics as Registry;
use axum::Router;
use bus::{Bus, BusConfig};
use chrono::Utc;
use relay::Relay;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::agents::{self, Agents};
use crate::api;
use crate::api::guard::BrowserPolicy;
use crate::app::App;
use crate::automation;
use crate::config::Config;
use crate::consume::Consumers;
use crate::feed::{FeedError, Feeds};
use crate::health;
use crate::hubs::Hubs;
use crate::jobs;
use crate::listener::EventListener;
use crate::metrics::Metrics;
use crate::policies::approver;
use crate::record::PRODUCER;
use crate::rules::keeper;
use crate::watchdog::Watchdog;
use crate::{prediction, verification};

/// Time for open requests and loops to end once the process has to. Streams are told at once.
const DRAIN: Duration = Duration::from_secs(4);

/// Tests of rules at a time: each keeps a connection to the database and most of a core busy.
const TRIALS: usize = 2;

/// Questions in SQL at a time: each is a connection to the database.
const QUESTIONS: usize = 4;

/// Why the orchestrator could not start, or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: end what listens there, or set ADDR to another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// NATS.
    #[error(transparent)]
    Bus(#[from] bus::ConnectError),
    /// A stream or consumer.
    #[error(transparent)]
    Stream(#[from] bus::StreamError),
    /// PostgreSQL.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The detection rules.
    #[error("the detection rules could not be prepared")]
    Rules(#[from] rulebook::SeedError),
    /// A part ended on its own, or panicked.
    #[error("{part} ended before it was told to; the process cannot go on without it, start it again")]
    Ended {
        /// Which part.
        part: &'static str,
    },
}

impl From<FeedError> for ServiceError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Stream(error) => Self::Stream(error),
            FeedError::Store(error) => Self::Store(error),
        }
    }
}

/// A running orchestrator.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    shutdown: CancellationToken,
    parts: JoinSet<&'static str>,
}

impl Service {
    /// Connects, migrates, provisions and serves. Returns when calls are answered.
    ///
    /// # Errors
    /// When the address is taken, or NATS or PostgreSQL cannot be used.
    pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Self, ServiceError> {
        let listen = |source| ServiceError::Listen { address: config.address, source };
        // Taken first: a port that is in use is found before anything else is waited for.
        let listener = TcpListener::bind(config.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (bus, store) = connect(&config).await?;
        let seeded = Box::pin(rulebook::seed(&bus, keeper::RELEASE)).await?;
        if seeded > 0 {
            tracing::info!(rules = seeded, "built-in rules were brought up to this release");
        }

        let opened = Box::pin(rulebook::Follower::open(bus.clone(), shutdown.clone())).await;
        let (follower, rules) = opened.ok_or(ServiceError::Ended { part: "the start" })?;

        let registry = Registry::new(PRODUCER, env!("CARGO_PKG_VERSION"));
        let relay = Relay::new(store.clone(), bus.clone(), PRODUCER);
        let app = App {
            bus,
            store,
            hubs: Hubs::new(epoch(), shutdown.clone()),
            relay: relay.handle(),
            limits: config.limits,
            metrics: Metrics::new(&registry),
            agents: Agents::new(),
            watchdog: Watchdog::new(&registry),
            rules,
            trials: Arc::new(Semaphore::new(TRIALS)),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            shutdown: shutdown.clone(),
        };
        app.hubs.register(&registry);
        automation::keep(&app).await?;
        let feeds = Box::pin(Feeds::open(&app)).await?;
        let consumers = Box::pin(Consumers::open(&app)).await?;

        let mut parts = JoinSet::new();
        parts.spawn(part("the outbox relay", relay.run(shutdown.clone())));
        parts.spawn(part("the event stream", feeds.run(app.clone())));
        parts.spawn(part("the consumers", consumers.run(app.clone())));
        parts.spawn(part("the jobs", jobs::run(app.clone())));
        parts.spawn(part("the policies", approver::run(app.clone())));
        parts.spawn(part("the predictions", prediction::run(app.clone())));
        parts.spawn(part("the verdicts", verification::run(app.clone())));
        parts.spawn(part("the tally of refusals", agents::keep_tally(app.clone())));
        parts.spawn(part("the watchdog", app.watchdog.clone().run(app.bus.clone(), shutdown.clone())));
        parts.spawn(part("the keeper of the rules", keeper::run(app.clone(), follower)));
        parts.spawn(part("the HTTP server", serve(listener, &app, &config, health::router(&app, registry))));
        tracing::info!(%address, "orchestrator is serving");
        Ok(Self { address, shutdown, parts })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the shutdown and for every part to end, at most a few seconds.
    ///
    /// # Errors
    /// When a part ends, or panics, without having been told to.
    pub async fn finished(mut self) -> Result<(), ServiceError> {
        let early = tokio::select! {
            // Looked at first: parts end because of it.
            biased;
            () = self.shutdown.cancelled() => None,
            ended = self.parts.join_next() => Some(match ended {
                Some(Ok(part)) => part,
                _ => "a part",
            }),
        };
        self.shutdown.cancel();
        let drained = tokio::time::timeout(DRAIN, async { while self.parts.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!(parts = self.parts.len(), "not everything ended in time, going anyway");
        }
        early.map_or(Ok(()), |part| Err(ServiceError::Ended { part }))
    }
}

async fn connect(config: &Config) -> Result<(Bus, Store), ServiceError> {
    let bus = Bus::connect(BusConfig::new(&config.nats_url, PRODUCER)).await?;
    bus.provision().await?;
    let store = Store::connect(&config.database).await?;
    store.migrate().await?;
    Ok((bus, store))
}

async fn part(name: &'static str, work: impl Future<Output = ()>) -> &'static str {
    work.await;
    name
}

fn serve(
    listener: TcpListener,
    app: &App,
    config: &Config,
    health: Router,
) -> impl Future<Output = ()> + use<> {
    let policy = BrowserPolicy {
        allowed_origins: config.allowed_origins.clone(),
        loopback_only: listener.local_addr().is_ok_and(|address| address.ip().is_loopback()),
    };
    let router = api::router(app, policy, config.dashboard.clone(), health);
    let shutdown = app.shutdown.clone();
    async move {
        let served = axum::serve(EventListener::new(listener), router)
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(error = &error as &dyn std::error::Error, "the HTTP server failed");
        }
    }
}

/// Tells this life of the process from the ones before: event ids of another epoch cannot be resumed.
fn epoch() -> u64 {
    u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default()
}
