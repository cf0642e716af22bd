//! The process: connect, resume, take telemetry until asked to stop, drain.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::service::health::Health;
use ::service::http::{self, HttpError};
use ::service::metrics::Metrics;
use ::service::shutdown;
use bus::{Bus, BusConfig, ConnectError, Consumer, ConsumerSpec, StreamError, streams};
use relay::Relay;
use rulebook::{Book, Follower, InForce, Known, Standing, silences};
use store::{Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ingest::{Ingest, IngestError, Sink};
use crate::meters::Meters;
use crate::resume::{self, ResumeError};
use crate::{retention, rollup};

/// Name of this service's rows in the outbox, and of its durable consumer.
pub(crate) const PRODUCER: &str = "signal-service";
/// Messages in one batch: what one pull brings.
const MAX_BATCH: usize = 256;
/// Wait for more messages after the first. At 1 × a lone sample is committed this much later, far below the 50 ms from
/// breach to incident; under load the batch is full before.
const MAX_BATCH_AGE: Duration = Duration::from_millis(5);

/// Why the process ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    #[error(transparent)]
    Bus(#[from] ConnectError),
    #[error("the streams could not be prepared")]
    Stream(#[from] StreamError),
    #[error("the database could not be prepared")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("cannot resume")]
    Resume(#[from] ResumeError),
    #[error("telemetry cannot be taken")]
    Ingest(#[from] IngestError),
}

/// Runs until the token is cancelled.
pub(crate) async fn run(config: Config, token: CancellationToken) -> Result<(), ServiceError> {
    // The futures here are large, and made once: they live on the heap.
    let connected = token.run_until_cancelled(Box::pin(connect(&config))).await;
    let Some((store, bus)) = connected.transpose()? else {
        return Ok(());
    };
    let Some((follower, rules)) = Box::pin(Follower::open(bus.clone(), token.clone())).await else {
        return Ok(());
    };
    let opened = Box::pin(Follower::open(bus.clone(), token.clone())).await;
    let Some((silence_follower, silences)) = opened else { return Ok(()) };
    let metrics = Metrics::new(PRODUCER, env!("CARGO_PKG_VERSION"));
    let (meters, rollup_meters) = (Meters::new(&metrics), rollup::Meters::new(&metrics));
    let mut tasks = vec![tokio::spawn(follower.run()), tokio::spawn(silence_follower.run())];
    if let Some(addr) = config.health_addr {
        tasks.push(serve_health(addr, (&store, &bus, &rules), metrics, &token).await?);
    }
    let relay = Relay::new(store.clone(), bus.clone(), PRODUCER);
    let handle = relay.handle();
    // The relay outlives the last batch, so that its incidents still get out.
    let relay_token = CancellationToken::new();
    tasks.push(tokio::spawn(relay.run(relay_token.clone())));
    tasks.push(tokio::spawn(retention::run(store.clone(), config.keep, token.clone())));
    tasks.push(tokio::spawn(rollup::run(store.clone(), rollup_meters, token.clone())));
    let sweep = Arc::new(Notify::new());
    tasks.push(tokio::spawn(retention::sweep_deleted(store.clone(), sweep.clone(), token.clone())));

    let outcome = Box::pin(async {
        let InForce { set, .. } = rules.borrow().book.in_force();
        let resumed = resume::resume(&store, &bus, &set, &token).await?;
        let sink = Sink { store: store.clone(), relay: handle, meters, sweep, token: token.clone() };
        let ingest = Ingest::new(bus.clone(), resumed, sink);
        Box::pin(take_telemetry(&bus, ingest, rules, silences, &token)).await
    })
    .await;
    token.cancel();
    relay_token.cancel();
    shutdown::drain(tasks).await;
    match outcome {
        Err(ServiceError::Resume(ResumeError::Stopped) | ServiceError::Ingest(IngestError::Stopped)) => {
            Ok(())
        }
        outcome => outcome,
    }
}

async fn connect(config: &Config) -> Result<(Store, Bus), ServiceError> {
    let bus = Bus::connect(BusConfig::new(&config.nats_url, PRODUCER));
    let (store, bus) = tokio::join!(Store::connect(&config.database), bus);
    let (store, bus) = (store?, bus?);
    bus.provision().await?;
    store::retry(|| store.migrate()).await?;
    Ok((store, bus))
}

async fn serve_health(
    addr: std::net::SocketAddr,
    (store, bus, rules): (&Store, &Bus, &watch::Receiver<Known<Book>>),
    metrics: Metrics,
    token: &CancellationToken,
) -> Result<JoinHandle<()>, ServiceError> {
    let (store, bus, rules) = (store.clone(), bus.clone(), rules.clone());
    let health = Health::new()
        .check("nats", move || {
            let bus = bus.clone();
            async move { bus.ping().await }
        })
        .check("postgres", move || {
            let store = store.clone();
            async move { store.ping().await }
        })
        // Incidents are told all the same, by the last known rules.
        .show("rules", move || {
            let standing = rules.borrow().standing;
            async move {
                match standing {
                    Standing::Current => Ok(()),
                    Standing::Unseeded => Err("no rules are kept yet, the built-in ones are in force: is the orchestrator running?"),
                    Standing::Lost => Err("the bucket of rules was deleted, the last known ones are in force: is the orchestrator running?"),
                }
            }
        });
    let listener = http::listen(addr, "HEALTH_ADDR").await?;
    let serve = http::serve(listener, health.router(metrics), token.clone());
    Ok(tokio::spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "the health endpoints are gone");
        }
    }))
}

async fn take_telemetry(
    bus: &Bus,
    mut ingest: Ingest,
    mut rules: watch::Receiver<Known<Book>>,
    mut silences: watch::Receiver<Known<silences::Book>>,
    token: &CancellationToken,
) -> Result<(), ServiceError> {
    let spec = ConsumerSpec { max_batch: MAX_BATCH, ..ConsumerSpec::durable(streams::SIM_METRICS, PRODUCER) };
    let mut consumer = Consumer::open(bus, spec, token.clone()).await?;
    // The first set is in force already; taking it up again tells the meters and the log.
    rules.mark_changed();
    // These are not: what changed while nobody was there is told before anything else.
    silences.mark_changed();
    loop {
        let batch = {
            let mut next = pin!(consumer.next_batch(MAX_BATCH, MAX_BATCH_AGE));
            loop {
                tokio::select! {
                    biased;
                    // While the simulation stands still there is no batch, and rules change all the same.
                    Ok(()) = rules.changed() => {
                        let book = rules.borrow_and_update().book.clone();
                        ingest.adopt(&book).await?;
                    }
                    Ok(()) = silences.changed() => {
                        let book = silences.borrow_and_update().book.clone();
                        ingest.silence(&book).await?;
                    }
                    batch = &mut next => break batch,
                }
            }
        };
        let Some(batch) = batch else { return Ok(ingest.finish().await?) };
        ingest.take(batch).await?;
    }
}
