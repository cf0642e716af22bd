//! `microcloud doctor`: what this machine has, what to do about what it has not, and whether a running stack keeps up.

use std::path::Path;
use std::process::Command;

use proto::ops::v1::{TelemetryServiceCoverageRequest, TelemetryServiceCoverageResponse};
use serde_json::{Value, json};

use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, up};

/// A stack with a day of telemetry stays below this; less is worth a warning.
const ENOUGH_DISK_MIB: u64 = 2_048;
/// What one turn of the job rolls up (every 5 s of wall time): with more to do it is behind.
const MINUTES_A_TURN: u64 = 120;

pub(crate) async fn run(target: &Target, as_json: bool) -> Result<(), Failure> {
    let mut report = report(target);
    if target.stack().is_some() {
        report["rollups"] = rollups(target).await;
    }
    let well = ["nats_server", "postgresql"].iter().all(|server| report[*server]["problem"].is_null());
    if as_json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    if well {
        Ok(())
    } else {
        Err(Failure::Failed("something is missing; see above, or let `make setup` install it".to_owned()))
    }
}

fn report(target: &Target) -> Value {
    let postgres = backing::find::postgres();
    let timescale = postgres.as_ref().ok().and_then(|found| timescale_version(&found.path));
    let ports = up::USUAL_PORTS
        .iter()
        .map(|(name, port)| json!({ "service": name, "port": port, "free": backing::is_free(*port) }))
        .collect::<Vec<_>>();
    json!({
        "microcloud": env!("CARGO_PKG_VERSION"),
        "nats_server": server(backing::find::nats_server()),
        "postgresql": server(postgres),
        "timescaledb": timescale,
        "psql": version_of("psql"),
        "chromium": version_of(&std::env::var("CHROMIUM_PATH").unwrap_or_else(|_| "chromium".to_owned())),
        "node": version_of("node"),
        "ports": ports,
        "home": target.home(),
        "running": target.stack().map(|stack| stack.url),
        "disk_free_mib": disk_free_mib(target.home()),
    })
}

fn print(report: &Value) {
    let text = |value: &Value| value.as_str().map_or_else(|| "not installed".to_owned(), ToOwned::to_owned);
    for (name, key) in [("nats-server", "nats_server"), ("PostgreSQL", "postgresql")] {
        let server = &report[key];
        match server["problem"].as_str() {
            Some(problem) => output::line(format!("✗ {name:<12} {problem}")),
            None => {
                output::line(format!(
                    "✓ {name:<12} {} ({})",
                    text(&server["version"]),
                    text(&server["path"])
                ));
            }
        }
    }
    match report["timescaledb"].as_str() {
        Some(version) => output::line(format!("✓ {:<12} {version}", "TimescaleDB")),
        None => output::line(format!(
            "· {:<12} not installed: plain PostgreSQL is used, with the same tables and views",
            "TimescaleDB"
        )),
    }
    for (name, key) in [("psql", "psql"), ("Node.js", "node"), ("Chromium", "chromium")] {
        let mark = if report[key].is_null() { "·" } else { "✓" };
        output::line(format!("{mark} {name:<12} {}", text(&report[key])));
    }
    for port in report["ports"].as_array().into_iter().flatten() {
        let verdict = if port["free"] == true { "free" } else { "taken: `up` will move to a free one" };
        output::line(format!("· port {:<7} {} ({verdict})", port["port"], text(&port["service"])));
    }
    if let Some(free) = report["disk_free_mib"].as_u64() {
        let mark = if free < ENOUGH_DISK_MIB { "✗" } else { "✓" };
        output::line(format!("{mark} {:<12} {free} MiB free below the home", "disk"));
    }
    match report["running"].as_str() {
        Some(url) => output::line(format!("✓ {:<12} {url}", "running")),
        None => {
            output::line(format!(
                "· {:<12} nothing from this home: start it with `microcloud up`",
                "running"
            ));
        }
    }
    if !report["rollups"].is_null() {
        print_rollups(&report["rollups"]);
    }
}

/// How far the roll-ups of the simulation that commands are about have come, or why that cannot be told.
async fn rollups(target: &Target) -> Value {
    let simulation_id = target.simulation();
    let asked = TelemetryServiceCoverageRequest { simulation_id: simulation_id.clone() };
    let coverage = match api::telemetry(target) {
        Ok(client) => {
            client.coverage(&asked).await.map(|answer| answer.get_ref().clone()).map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    match coverage {
        Err(failure) => json!({ "simulation": simulation_id, "problem": failure.to_string() }),
        Ok(coverage) => {
            let TelemetryServiceCoverageResponse {
                latest_time,
                rollup_lag_s,
                rollup_hours_lag_s,
                minutes_due,
                hours_due,
                rows_from: _,
                minutes_from: _,
                hours_from: _,
                database: _,
            } = coverage;
            json!({
                "simulation": simulation_id,
                "latest": latest_time.as_ref().map(output::time),
                "metrics_1m": { "behind_s": rollup_lag_s, "due": minutes_due },
                "metrics_1h": { "behind_s": rollup_hours_lag_s, "due": hours_due },
            })
        }
    }
}

fn print_rollups(rollups: &Value) {
    if let Some(problem) = rollups["problem"].as_str() {
        output::line(format!("✗ {:<12} {problem}", "roll-ups"));
        return;
    }
    for view in ["metrics_1m", "metrics_1h"] {
        let due = rollups[view]["due"].as_u64().unwrap_or_default();
        let behind_s = rollups[view]["behind_s"].as_f64().unwrap_or_default();
        let (mark, meaning) = match due {
            0 => ("✓", "nothing is due"),
            1..=MINUTES_A_TURN => ("✓", "the next turns of signal-service make them"),
            _ => (
                "✗",
                "signal-service is behind: queries are answered in full, from the samples, and take longer. Its log says why; or lower the speed",
            ),
        };
        output::line(format!(
            "{mark} {view:<12} {behind_s:.0} simulated s behind {}, {due} due ({meaning})",
            rollups["latest"].as_str().unwrap_or("the newest sample")
        ));
    }
}

fn server(found: Result<backing::find::Found, backing::find::FindError>) -> Value {
    match found {
        Ok(found) => json!({ "version": found.version.to_string(), "path": found.path }),
        Err(problem) => json!({ "problem": problem.to_string() }),
    }
}

/// Default version of the extension, as its control file in PostgreSQL's share directory says.
fn timescale_version(bin_dir: &Path) -> Option<String> {
    let output = Command::new(bin_dir.join("pg_config")).arg("--sharedir").output().ok();
    let share = output
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|share| share.trim().to_owned())
        // Debian ships pg_config in a development package only; its layout is fixed.
        .or_else(|| Some(format!("/usr/share/postgresql/{}", bin_dir.parent()?.file_name()?.to_str()?)))?;
    let control = std::fs::read_to_string(Path::new(&share).join("extension/timescaledb.control")).ok()?;
    let line = control.lines().find(|line| line.starts_with("default_version"))?;
    line.split('\'').nth(1).map(ToOwned::to_owned)
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned())
}

/// By `df`, which every machine has: the nearest folder that exists stands for the home.
fn disk_free_mib(home: &Path) -> Option<u64> {
    let home = std::path::absolute(home).ok()?;
    let existing = home.ancestors().find(|path| path.exists())?;
    let output =
        Command::new("df").args(["--output=avail", "--block-size=1M"]).arg(existing).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().nth(1)?.trim().parse().ok()
}
