//! sim-engine: runs simulated clouds, publishes their telemetry and events, and carries out approved actions.

use std::process::ExitCode;

use bus::{Bus, BusConfig};
use service::health::Health;
use service::metrics::Metrics;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::{Config, VARIABLES};
use crate::control::Control;
use crate::engine::Engine;
use crate::fleet::Fleet;
use crate::meters::Meters;
use crate::simulations::Simulations;

mod ahead;
mod board;
mod checkpoints;
mod config;
mod control;
mod convert;
mod engine;
mod fleet;
mod heartbeat;
mod id;
mod identity;
mod ids;
mod journal;
mod live;
mod meters;
mod order;
mod orders;
mod pace;
mod pressure;
mod publisher;
mod recovery;
mod refusal;
mod request;
mod run;
mod scenarios;
mod settled;
mod simulation;
mod simulations;
mod stored;

const NAME: &str = "sim-engine";
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let info = service::Info {
        name: NAME,
        version: VERSION,
        about: "runs simulated clouds, publishes their telemetry, carries out approved actions",
        variables: VARIABLES,
    };
    service::run(info, Config::read, run)
}

async fn run(config: Config, stop: CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
    let Config { nats_url, addr, scenarios, first_run, limits } = config;
    let (scenarios, first_scenario) = scenarios.ok_or("the scenarios were not loaded: set SCENARIOS_DIR")?;
    let listener = service::http::listen(addr, "ADDR").await?;
    let Some(bus) = connect(nats_url, &stop).await? else { return Ok(()) };

    let metrics = Metrics::new(NAME, VERSION);
    let meters = Meters::register(&metrics);
    let (lag, lag_reader) = watch::channel(0);
    let (fleet, fatal) = Fleet::new(bus.clone(), meters, limits, lag_reader, stop.clone());
    let control = Control::new(fleet.clone(), scenarios.clone(), stop.clone());
    let simulations = Simulations::new(fleet.clone(), scenarios);
    let health = health(&bus, &fleet).router(metrics);
    let router = control::connect::router(control.clone())
        .merge(simulations::connect::router(simulations.clone()))
        .fallback(control::connect::unimplemented)
        .merge(health)
        .layer(CatchPanicLayer::new());
    let serving = tokio::spawn(service::http::serve(listener, router, stop.clone()));

    let engine = Engine { bus, fleet, fatal, lag, control, simulations, first_run, first_scenario };
    let ended = Box::pin(engine.run(stop.clone())).await;
    stop.cancel();
    service::shutdown::drain([serving]).await;
    Ok(ended?)
}

/// Connects and makes sure of the streams; `None` when told to stop while waiting for a server.
async fn connect(
    nats_url: String,
    stop: &CancellationToken,
) -> Result<Option<Bus>, Box<dyn std::error::Error>> {
    let connecting = async {
        let bus = Bus::connect(BusConfig::new(nats_url, NAME)).await?;
        bus.provision().await?;
        Ok(Some(bus))
    };
    tokio::select! {
        connected = connecting => connected,
        () = stop.cancelled() => Ok(None),
    }
}

fn health(bus: &Bus, fleet: &Fleet) -> Health {
    let (bus, asked, fleet) = (bus.clone(), bus.clone(), fleet.clone());
    Health::new()
        .check("nats", move || {
            let bus = bus.clone();
            async move { bus.ping().await }
        })
        .check("simulation", move || {
            let fleet = fleet.clone();
            async move { fleet.default_works() }
        })
        .check("control", move || {
            let bus = asked.clone();
            async move { engine::answers(&bus).await.map(|_| ()) }
        })
}
