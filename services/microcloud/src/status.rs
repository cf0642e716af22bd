//! `microcloud status`: are the services well, and where does the simulation stand?

use std::time::Duration;

use proto::ops::v1::{TelemetryServiceCoverageRequest, TelemetryServiceCoverageResponse};
use proto::sim::v1::{GetStateRequest, SimulationState, SimulationStatus};
use serde_json::{Value, json};

use crate::api;
use crate::output::{self, Failure};
use crate::stack::Target;

/// A health endpoint answers within its own checks' time-outs; past this it counts as silent.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(3);

pub(crate) async fn run(target: &Target, as_json: bool) -> Result<(), Failure> {
    let services = health(target).await?;
    let state =
        api::control(target)?.get_state(&GetStateRequest { simulation_id: target.simulation() }).await;
    let asked = TelemetryServiceCoverageRequest { simulation_id: target.simulation() };
    // Nothing is stored before the first sample, and an orchestrator that cannot say is shown as not well above.
    let coverage = api::telemetry(target)?.coverage(&asked).await.ok().map(|answer| answer.get_ref().clone());
    let all_well = services.iter().all(|(_, health)| health["status"] == "ok");
    if as_json {
        let services: serde_json::Map<_, _> = services.into_iter().collect();
        let simulation = state.as_ref().ok().map(|answer| answer.get_ref().state.clone());
        output::json(
            &json!({ "url": target.url(), "services": services, "simulation": simulation, "telemetry": coverage }),
        )?;
    } else {
        output::line(format!("dashboard  {}", target.url()));
        for (name, health) in &services {
            output::line(format!("{name:<16} {}", verdict(health)));
        }
        match &state {
            Ok(answer) => output::line(describe(&answer.get_ref().state.clone().unwrap_or_default())),
            Err(error) => output::line(format!("simulation: {error}")),
        }
        if let Some(coverage) = coverage {
            output::line(describe_coverage(&coverage));
        }
    }
    if all_well { Ok(()) } else { Err(Failure::Failed("not everything is well; see above".to_owned())) }
}

/// Health of each service of the stack; of the orchestrator alone when only its URL is known.
async fn health(target: &Target) -> Result<Vec<(String, Value)>, Failure> {
    let endpoints = match target.stack() {
        Some(stack) => stack.health,
        None => vec![("orchestrator".to_owned(), target.url())],
    };
    let client = reqwest::Client::builder()
        .timeout(HEALTH_TIMEOUT)
        .build()
        .map_err(|error| Failure::because("build an HTTP client", &error))?;
    let mut answers = Vec::new();
    for (name, url) in endpoints {
        let health = match client.get(format!("{url}/health")).send().await {
            Ok(response) => {
                response.json().await.unwrap_or_else(|error| json!({ "status": error.to_string() }))
            }
            Err(_) => json!({ "status": "not running", "url": url }),
        };
        answers.push((name, health));
    }
    if answers.iter().all(|(_, health)| health["status"] == "not running") {
        return Err(Failure::NotRunning(format!(
            "nothing answers at {}: start everything with `microcloud up`",
            target.url()
        )));
    }
    Ok(answers)
}

/// `ok`, or which checks fail and why.
fn verdict(health: &Value) -> String {
    let status = health["status"].as_str().unwrap_or("unknown").to_owned();
    let failing: Vec<String> = (health["checks"].as_object().into_iter().flatten())
        .filter(|(_, check)| check["status"] != "ok")
        .map(|(name, check)| format!("{name}: {}", check["error"].as_str().unwrap_or("failing")))
        .collect();
    if failing.is_empty() { status } else { format!("{status} ({})", failing.join("; ")) }
}

/// What keeps the telemetry, how far behind its roll-ups are, and from when on each is kept.
fn describe_coverage(coverage: &TelemetryServiceCoverageResponse) -> String {
    let TelemetryServiceCoverageResponse {
        latest_time,
        rows_from,
        minutes_from,
        hours_from,
        rollup_lag_s,
        database,
        rollup_hours_lag_s: _,
        minutes_due: _,
        hours_due: _,
    } = coverage;
    let mut text = format!(
        "telemetry: {database}, up to {}; rolled up by signal-service, {rollup_lag_s:.0} s behind",
        latest_time.as_ref().map(output::time).unwrap_or_default()
    );
    for (what, from) in [("samples", rows_from), ("minutes", minutes_from), ("hours", hours_from)] {
        if let Some(from) = from {
            text.push_str(&format!("; {what} since {}", output::time(from)));
        }
    }
    text
}

/// One sentence on a simulation.
pub(crate) fn describe(state: &SimulationState) -> String {
    let clock = match state.status() {
        SimulationStatus::Stopped => "stopped",
        SimulationStatus::Failed => "failed",
        _ if state.playing => "playing",
        _ => "paused",
    };
    let time = state.time.as_ref().map(output::time).unwrap_or_default();
    let mut text = format!(
        "{}: {} (seed {}), {clock} at {}×, tick {}, simulated time {time}",
        state.simulation_id, state.scenario, state.seed, state.speed, state.tick
    );
    if !state.speed_limit_reason.is_empty() {
        text.push_str(&format!("; runs at {:.1}×: {}", state.effective_speed, state.speed_limit_reason));
    }
    if !state.failure.is_empty() {
        text.push_str(&format!("; {}", state.failure));
    }
    match state.active_faults {
        0 => {}
        1 => text.push_str("; 1 fault in force"),
        faults => text.push_str(&format!("; {faults} faults in force")),
    }
    if state.chaos_level > 0.0 {
        text.push_str(&format!("; chaos {}", state.chaos_level));
    }
    text
}
