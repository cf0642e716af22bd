//! Figures of the whole stack, as a user runs it: approval → effect, breach → incident, memory of the four services.
//!
//! Not ratios: there is no bare baseline for a whole loop, so these are absolute and drift with the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use connectrpc_axum_client::Code;
use futures::StreamExt as _;
use proto::common::v1::TargetKind;
use proto::ops::v1::{
    Action, ActionStatus, ActionType, ApproveActionRequest, Incident, IncidentServiceListRequest,
    action_service_connect_client::ActionServiceClient,
    incident_service_connect_client::IncidentServiceClient,
};
use proto::sim::v1::{
    GetTopologyRequest, SetScenarioRequest, SimulationEvent, SimulationEventKind, Topology,
    control_service_connect_client::ControlServiceClient,
};
use serde_json::Value;

/// Approvals measured: enough for a p99 that is not a single sample.
const APPROVALS: usize = 120;
/// How long anything may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() {
    let home = tempfile::tempdir().unwrap();
    let mut stack = Stack::start(home.path());
    approval_to_effect(&stack).await;
    memory(&mut stack);
}

/// Proposes, approves, and waits for the outcome on `sim.events`, one after the other.
async fn approval_to_effect(stack: &Stack) {
    let control = ControlServiceClient::new(&stack.url);
    let request =
        SetScenarioRequest { scenario: "cascade_failure".to_owned(), ..SetScenarioRequest::default() };
    control.set_scenario(&request).await.unwrap();
    let bus = bus::Bus::connect(bus::BusConfig::new(&stack.nats_url, "bench")).await.unwrap();
    let mut events = bus.client().subscribe("sim.events").await.unwrap();
    let actions = ActionServiceClient::new(&stack.url);
    let mut latencies_ms = Vec::new();
    for attempt in 0..APPROVALS {
        let incident = open_incident(stack).await;
        let topology =
            control.get_topology(&GetTopologyRequest::default()).await.unwrap().into_inner().topology;
        let proposal = proposal(&incident, &topology.unwrap(), attempt);
        let id = proposal.id.clone();
        let message = bus::Outgoing::message("ops.actions", format!("{id}:0"), "default", &proposal);
        bus.publish(&message).await.unwrap();
        let approve = ApproveActionRequest {
            action_id: id.clone(),
            operator: "bench".to_owned(),
            ..Default::default()
        };
        let deadline = Instant::now() + PATIENCE;
        let approved = loop {
            let started = Instant::now();
            match actions.approve_action(&approve).await {
                Ok(_) => break started,
                // The proposal is on its way still.
                Err(error) if error.code() == Code::NotFound => {
                    assert!(Instant::now() < deadline, "the proposal was never recorded: {error}");
                }
                Err(error) => panic!("the approval was refused: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        loop {
            let message = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap();
            let event: SimulationEvent = prost::Message::decode(message.payload).unwrap();
            if event.action_id != id {
                continue;
            }
            match event.kind() {
                SimulationEventKind::ActionExecuting => {
                    latencies_ms.push(approved.elapsed().as_secs_f64() * 1_000.0);
                }
                SimulationEventKind::ActionSucceeded => break,
                _ => panic!("the action had no effect: {}", event.message),
            }
        }
    }
    latencies_ms.sort_by(f64::total_cmp);
    let at = |q: f64| latencies_ms[((latencies_ms.len() - 1) as f64 * q).round() as usize];
    println!(
        "approval → effect: p50 {:.1} ms, p99 {:.1} ms over {APPROVALS} approvals (bar: p99 ≤ 100 ms + one tick of 50 ms)",
        at(0.5),
        at(0.99)
    );
}

/// A change that is always possible and never the same action twice.
fn proposal(incident: &Incident, topology: &Topology, attempt: usize) -> Action {
    let service =
        topology.services.iter().find(|service| service.replicas.len() > 1).expect("a replicated service");
    Action {
        id: uuid_of(attempt),
        simulation_id: incident.simulation_id.clone(),
        run_id: incident.run_id.clone(),
        incident_id: incident.id.clone(),
        r#type: ActionType::RebalanceTraffic.into(),
        target_id: service.id.clone(),
        target_version: service.version,
        status: ActionStatus::Proposed.into(),
        reason: "measures the time from approval to effect".to_owned(),
        proposed_at_tick: incident.tick,
        proposed_at: incident.detected_at,
        proposed_by: "agent-service".to_owned(),
        attempt: attempt as u32 + 1,
        ..Action::default()
    }
}

fn uuid_of(attempt: usize) -> String {
    format!("00000000-0000-5000-8000-{attempt:012}")
}

/// An open incident of a service: proposals for one that is over are withdrawn.
async fn open_incident(stack: &Stack) -> Incident {
    let client = IncidentServiceClient::new(&stack.url);
    let request = IncidentServiceListRequest { open_only: true, ..Default::default() };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let incidents = client.list(&request).await.unwrap().into_inner().incidents;
        let of_service = |incident: &Incident| {
            incident.target.as_ref().is_some_and(|target| target.kind() == TargetKind::Service)
        };
        if let Some(incident) = incidents.into_iter().find(of_service) {
            return incident;
        }
        assert!(Instant::now() < deadline, "no incident opened");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Resident memory of the four services after the loop above.
fn memory(stack: &mut Stack) {
    let mut total_mib = 0.0;
    let mut parts = Vec::new();
    for name in ["sim-engine", "signal-service", "agent-service", "orchestrator"] {
        let mib = resident_mib(stack.up.id(), name);
        total_mib += mib;
        parts.push(format!("{name} {mib:.0}"));
    }
    println!("memory of the four services: {total_mib:.0} MiB ({}) (bar: ≤ 200 MB)", parts.join(", "));
}

fn resident_mib(parent: u32, name: &str) -> f64 {
    let field = |pid: &str, name: &str| -> Option<String> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")))?;
        Some(line.trim().to_owned())
    };
    let kib = std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.to_owned();
        let ours = field(&pid, "PPid")? == parent.to_string() && field(&pid, "Name")? == name;
        ours.then(|| field(&pid, "VmRSS"))?.and_then(|rss| rss.split_whitespace().next()?.parse::<f64>().ok())
    });
    kib.expect("the service runs") / 1_024.0
}

/// `microcloud up` in a home of its own.
struct Stack {
    up: Child,
    url: String,
    nats_url: String,
}

impl Stack {
    fn start(home: &Path) -> Self {
        let mut up = Command::new(env!("CARGO_BIN_EXE_microcloud"))
            .arg("--home")
            .arg(home)
            .args(["up", "--port-base", "18700", "--log-level", "warn"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
        let ready =
            lines.find_map(|line| line.unwrap().strip_prefix("microcloud ready: ").map(ToOwned::to_owned));
        let text = std::fs::read_to_string(home.join("stack.json")).unwrap();
        let stack: Value = serde_json::from_str(&text).unwrap();
        Self {
            up,
            url: ready.expect("up became ready"),
            nats_url: stack["nats_url"].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _sent = Command::new("kill").args(["-TERM", &self.up.id().to_string()]).status();
        let _exit = self.up.wait();
    }
}
