//! sim-engine: runs the simulated cloud, publishes its telemetry and events, and carries out approved actions.

use std::process::ExitCode;

use axum::Router;
use bus::{Bus, BusConfig};
use service::health::Health;
use service::metrics::Metrics;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::board::Board;
use crate::config::{Config, VARIABLES};
use crate::control::Control;
use crate::engine::Engine;
use crate::meters::Meters;
use crate::request::SimulationHandle;

mod board;
mod config;
mod control;
mod convert;
mod engine;
mod heartbeat;
mod identity;
mod ids;
mod journal;
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
mod settled;
mod simulation;
mod stored;

/// The one simulation there is.
const SIMULATION_ID: &str = "default";
const NAME: &str = "sim-engine";
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let info = service::Info {
        name: NAME,
        version: VERSION,
        about: "runs the simulated cloud, publishes its telemetry, carries out approved actions",
        variables: VARIABLES,
    };
    service::run(info, Config::read, run)
}

async fn run(config: Config, stop: CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
    let Config { nats_url, addr, scenarios, first_run } = config;
    let (scenarios, first_scenario) = scenarios.ok_or("the scenarios were not loaded: set SCENARIOS_DIR")?;
    let listener = service::http::listen(addr, "ADDR").await?;
    let Some(bus) = connect(nats_url, &stop).await? else { return Ok(()) };

    let metrics = Metrics::new(NAME, VERSION);
    let (board, reader) = Board::new();
    let (simulation, inbox) = request::channel(reader);
    let control = Control::new(simulation.clone(), scenarios, stop.clone());
    let router = router(control.clone(), &bus, &simulation, metrics.clone());
    let serving = tokio::spawn(service::http::serve(listener, router, stop.clone()));

    let meters = Meters::register(&metrics);
    let engine = Engine { bus, meters, control, simulation, board, inbox, first_run, first_scenario };
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

fn router(control: Control, bus: &Bus, simulation: &SimulationHandle, metrics: Metrics) -> Router {
    let (bus, simulation) = (bus.clone(), simulation.clone());
    let asked = bus.clone();
    let health = Health::new()
        .check("nats", move || {
            let bus = bus.clone();
            async move { bus.ping().await }
        })
        .check("simulation", move || {
            let state = simulation.state().map(|_| ());
            async move { state }
        })
        .check("control", move || {
            let bus = asked.clone();
            async move { engine::answers(&bus).await.map(|_| ()) }
        });
    control::connect::router(control).merge(health.router(metrics)).layer(CatchPanicLayer::new())
}
