//! The process: connect, listen, decide until asked to stop, drain.

use ::service::health::Health;
use ::service::http::{self, HttpError};
use ::service::metrics::Metrics;
use ::service::shutdown;
use bus::{Bus, BusConfig, ConnectError, Consumer, ConsumerSpec, StreamError, streams};
use relay::Relay;
use remedy::Limits;
use rulebook::{Follower, policies};
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::feeds;
use crate::keeper::Keeper;
use crate::messages::{ACTIONS, Actions, INCIDENTS, Incidents};
use crate::meters::Meters;
use crate::persist::PRODUCER;

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
}

/// Runs until the token is cancelled.
pub(crate) async fn run(config: Config, token: CancellationToken) -> Result<(), ServiceError> {
    let Some((store, bus)) = token.run_until_cancelled(connect(&config)).await.transpose()? else {
        return Ok(());
    };
    let metrics = Metrics::new(PRODUCER, env!("CARGO_PKG_VERSION"));
    let meters = Meters::new(&metrics);
    let mut tasks = Vec::new();
    if let Some(addr) = config.health_addr {
        tasks.push(serve_health(addr, &store, &bus, metrics, &token).await?);
    }
    let relay = Relay::new(store.clone(), bus.clone(), PRODUCER);
    let opened = Box::pin(Follower::<policies::Book>::open(bus.clone(), token.clone())).await;
    let Some((follower, policies)) = opened else { return Ok(()) };
    tasks.push(tokio::spawn(follower.run()));
    let keeper = Keeper::new(store, bus.clone(), relay.handle(), meters, Limits::default(), policies);
    // The relay outlives the last step, so that its proposals still get out.
    let relay_token = CancellationToken::new();
    tasks.push(tokio::spawn(relay.run(relay_token.clone())));

    let (handle, keeping) = keeper.spawn(token.clone());
    tasks.push(keeping);
    tasks.push(tokio::spawn(feeds::heartbeats(bus.clone(), handle.clone(), token.clone())));
    let consumers = async {
        let incidents = Consumer::open(&bus, spec(streams::OPS_INCIDENTS, INCIDENTS), token.clone()).await?;
        let actions = Consumer::open(&bus, spec(streams::OPS_ACTIONS, ACTIONS), token.clone()).await?;
        let (telemetry, (), ()) = tokio::join!(
            feeds::telemetry(bus.clone(), handle.clone(), token.clone()),
            bus::serve(incidents, Incidents(handle.clone())),
            bus::serve(actions, Actions(handle.clone())),
        );
        telemetry
    };
    // Boxed: the loops together are too large for the stack of whoever awaits this.
    let outcome = Box::pin(consumers).await;
    token.cancel();
    relay_token.cancel();
    shutdown::drain(tasks).await;
    Ok(outcome?)
}

fn spec(stream: &str, durable: &str) -> ConsumerSpec {
    ConsumerSpec::durable(stream, durable)
}

async fn connect(config: &Config) -> Result<(Store, Bus), ServiceError> {
    let bus = Bus::connect(BusConfig::new(&config.nats_url, PRODUCER)).await?;
    bus.provision().await?;
    let store = Store::connect(&config.database).await?;
    store.migrate().await?;
    Ok((store, bus))
}

async fn serve_health(
    addr: std::net::SocketAddr,
    store: &Store,
    bus: &Bus,
    metrics: Metrics,
    token: &CancellationToken,
) -> Result<JoinHandle<()>, ServiceError> {
    let listener = http::listen(addr, "HEALTH_ADDR").await?;
    let (database, nats) = (store.clone(), bus.clone());
    let health = Health::new()
        .check("database", move || {
            let database = database.clone();
            async move { database.ping().await }
        })
        .check("nats", move || {
            let nats = nats.clone();
            async move { nats.ping().await }
        });
    let serving = http::serve(listener, health.router(metrics), token.clone());
    Ok(tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(error = &error as &dyn std::error::Error, "health endpoints stopped");
        }
    }))
}
