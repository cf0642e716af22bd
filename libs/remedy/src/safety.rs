//! The rules that keep automation from causing the outage. docs/remediation.md names the accident behind each.
//!
//! Checks of single candidates are here; those that need the memory of attempts are in [`crate::agent`]. All of them
//! are listed in [`Rule`], by whose name a refusal is recorded.

use crate::{
    action::Remedy,
    condition::Condition,
    diagnosis::Picture,
    limits::{Freshness, Limits},
    memory::Memory,
    target::{NodeId, ServiceId, Target, ZoneId},
    topology::{NodeState, ReplicaState},
    words,
};

/// A rule that can stand in the way of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Telemetry or heartbeat is too old.
    StaleTelemetry,
    /// Something needed was not measured.
    UnknownData,
    /// The incident is too young.
    HoldDown,
    /// Too many nodes are out of service.
    TooMuchOut,
    /// The same was done a moment ago.
    Cooldown,
    /// An operator declined the same a while ago.
    Declined,
    /// Too many actions in a short time.
    RateLimit,
    /// Too much of the capacity would be at risk.
    BlastRadius,
    /// Nodes of another zone are out already.
    OneZone,
    /// The other nodes could not take the load.
    CapacityRemains,
    /// Too many actions did not help.
    IneffectiveChain,
    /// Slowness under load is not cured by restarts.
    RestartUnderLoad,
    /// Its number of tries is used up.
    Tried,
    /// Somebody is at work there.
    Maintenance,
    /// It is not expected to help.
    Foreseen,
    /// Automation is paused.
    Paused,
}

impl Rule {
    /// Name in tables and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::StaleTelemetry => "stale_telemetry",
            Self::UnknownData => "unknown_data",
            Self::HoldDown => "hold_down",
            Self::TooMuchOut => "too_much_out",
            Self::Cooldown => "cooldown",
            Self::Declined => "declined",
            Self::RateLimit => "rate_limit",
            Self::BlastRadius => "blast_radius",
            Self::OneZone => "one_zone",
            Self::CapacityRemains => "capacity_remains",
            Self::IneffectiveChain => "ineffective_chain",
            Self::RestartUnderLoad => "restart_under_load",
            Self::Tried => "tried",
            Self::Maintenance => "maintenance",
            Self::Foreseen => "foreseen",
            Self::Paused => "paused",
        }
    }
}

/// A no, with the rule and the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// Why, as a clause.
    pub why: String,
}

fn refuse(rule: Rule, why: String) -> Result<(), Refusal> {
    Err(Refusal { rule, why })
}

/// Whether the agent may act, and what it sees is recent enough for that.
pub fn fresh(
    freshness: Freshness,
    newest_tick: Option<u64>,
    tick_ms: u32,
    limits: &Limits,
) -> Result<(), Refusal> {
    if freshness.paused && limits.heed_pause {
        return refuse(Rule::Paused, "automation is paused".to_owned());
    }
    let Some(heartbeat) = freshness.heartbeat else {
        return if limits.max_heartbeat_age_ms.is_none() && limits.max_sample_age_s.is_none() {
            Ok(())
        } else {
            refuse(Rule::StaleTelemetry, "nothing has been heard from the simulation engine yet".to_owned())
        };
    };
    if let Some(max) = limits.max_heartbeat_age_ms
        && heartbeat.age_ms > max
    {
        let why = format!(
            "the simulation engine has been silent for {:.1} s, longer than {:.0} s",
            heartbeat.age_ms as f64 / 1000.0,
            max as f64 / 1000.0
        );
        return refuse(Rule::StaleTelemetry, why);
    }
    let Some(newest) = newest_tick else {
        return refuse(Rule::UnknownData, "no telemetry has arrived yet".to_owned());
    };
    let behind_s = heartbeat.tick.saturating_sub(newest) as f64 * f64::from(tick_ms) / 1000.0;
    if let Some(max) = limits.max_sample_age_s
        && behind_s > max
    {
        let why =
            format!("the newest telemetry is {behind_s:.1} simulated seconds old, more than {max:.0} s");
        return refuse(Rule::StaleTelemetry, why);
    }
    Ok(())
}

/// Whether so much is out of service that the cause must be larger than any single action.
pub fn enough_left(picture: &Picture<'_>) -> Result<(), Refusal> {
    let share = picture.nodes_down_share();
    match picture.limits.max_nodes_out_share {
        Some(max) if share > max => refuse(
            Rule::TooMuchOut,
            format!(
                "{:.0} % of the nodes are down, more than {:.0} %: this is beyond single actions",
                share * 100.0,
                max * 100.0
            ),
        ),
        _ => Ok(()),
    }
}

/// Whether a remedy may be proposed, as far as the cloud is concerned.
pub fn allowed(remedy: &Remedy, picture: &Picture<'_>, memory: &Memory) -> Result<(), Refusal> {
    match remedy {
        Remedy::DrainNode { node } => drain(node, picture, memory),
        Remedy::RestartService { service } => restart(service, picture),
        Remedy::ScaleDown { service, by } => scale_down(service, *by, picture),
        // Its requests go elsewhere before its replicas do: no more is at risk than when one is restarted.
        Remedy::RemoveComponent { service } => replicas_at_risk("removing", service, 1, picture),
        // None of them takes capacity away.
        Remedy::ScaleUp { .. }
        | Remedy::RebalanceTraffic { .. }
        | Remedy::AddComponent { .. }
        | Remedy::UndrainNode { .. }
        | Remedy::SpreadTraffic { .. } => Ok(()),
    }
}

/// The largest number of replicas that may be taken away at once.
pub fn max_replicas_out(picture: &Picture<'_>) -> u32 {
    picture.limits.blast_radius.map_or(u32::MAX, |blast| {
        (f64::from(picture.topology.running_replicas()) * blast.share).floor().max(1.0) as u32
    })
}

fn restart(service: &ServiceId, picture: &Picture<'_>) -> Result<(), Refusal> {
    let Some(assessment) = picture.assessment(service) else { return Ok(()) };
    let slow_only = matches!(
        assessment.condition,
        Condition::Slow | Condition::Failing | Condition::Backlogged | Condition::Overloaded
    );
    if picture.limits.no_restart_under_load && slow_only && assessment.under_load(picture.tuning) {
        let why = format!("restarting {service} under load would take away capacity it is short of");
        return refuse(Rule::RestartUnderLoad, why);
    }
    // Rolling: one replica at a time, and none if none is running.
    let at_risk =
        picture.topology.service(service).map_or(0, |known| known.count(ReplicaState::Running).min(1));
    replicas_at_risk("restarting", service, at_risk, picture)
}

fn scale_down(service: &ServiceId, by: u32, picture: &Picture<'_>) -> Result<(), Refusal> {
    replicas_at_risk("scaling down", service, by, picture)
}

fn replicas_at_risk(
    doing: &str,
    service: &ServiceId,
    at_risk: u32,
    picture: &Picture<'_>,
) -> Result<(), Refusal> {
    let Some(blast) = picture.limits.blast_radius else { return Ok(()) };
    let all = picture.topology.running_replicas();
    if at_risk == 0 || all == 0 {
        return Ok(());
    }
    let share = f64::from(at_risk) / f64::from(all);
    let max = if at_risk == 1 { blast.single_share.max(blast.share) } else { blast.share };
    if share <= max {
        return Ok(());
    }
    let why = format!(
        "{doing} {service} puts {} of {all} replicas at risk, more than {:.0} %",
        at_risk,
        max * 100.0
    );
    refuse(Rule::BlastRadius, why)
}

fn drain(node: &NodeId, picture: &Picture<'_>, memory: &Memory) -> Result<(), Refusal> {
    let Some(known) = picture.topology.node(node) else {
        return refuse(Rule::UnknownData, format!("node {node} is not in the topology"));
    };
    let out = drained(picture, memory, node);
    if picture.limits.one_zone
        && let Some((other, zone)) = out.iter().find(|(_, zone)| *zone != known.zone)
    {
        let why = format!("node {other} of zone {zone} is drained already: a second zone needs a human");
        return refuse(Rule::OneZone, why);
    }
    // What is down is lost already; draining it only says so.
    if known.state == NodeState::Down {
        return Ok(());
    }
    drain_share(node, &out, picture)?;
    load_after_drain(node, &out, picture)
}

/// Nodes that are drained, being drained, or about to be by a proposal that is not decided, other than `node`.
fn drained(picture: &Picture<'_>, memory: &Memory, node: &NodeId) -> Vec<(NodeId, ZoneId)> {
    let pending = |id: &NodeId| memory.busy(&Target::Node(id.clone())).is_some();
    picture
        .topology
        .nodes()
        .filter(|other| &other.id != node && (other.state == NodeState::Draining || pending(&other.id)))
        .map(|other| (other.id.clone(), other.zone.clone()))
        .collect()
}

fn drain_share(node: &NodeId, out: &[(NodeId, ZoneId)], picture: &Picture<'_>) -> Result<(), Refusal> {
    let Some(blast) = picture.limits.blast_radius else { return Ok(()) };
    let cores = |id: &NodeId| picture.topology.node(id).map_or(0.0, |known| known.cpu_cores);
    let total = picture.topology.total_cores();
    let share =
        (cores(node) + out.iter().map(|(id, _)| cores(id)).sum::<f64>()) / total.max(f64::MIN_POSITIVE);
    let max = if out.is_empty() { blast.single_share.max(blast.share) } else { blast.share };
    if share <= max {
        return Ok(());
    }
    let why = format!(
        "draining node {node} would put {:.0} % of the cores out of service, more than {:.0} %",
        share * 100.0,
        max * 100.0
    );
    refuse(Rule::BlastRadius, why)
}

fn load_after_drain(node: &NodeId, out: &[(NodeId, ZoneId)], picture: &Picture<'_>) -> Result<(), Refusal> {
    let Some(max) = picture.limits.max_load_after_drain_pct else { return Ok(()) };
    let (mut busy, mut left) = (0.0, 0.0);
    for known in picture.topology.nodes().filter(|known| known.state == NodeState::Ready) {
        let Some(cpu) = picture.windows.node(&known.id).and_then(|window| window.mean(|r| r.cpu_pct)) else {
            let why = format!("the load of node {} is not measured: its room is unknown", known.id);
            return refuse(Rule::UnknownData, why);
        };
        busy += cpu / 100.0 * known.cpu_cores;
        if &known.id != node && !out.iter().any(|(id, _)| id == &known.id) {
            left += known.cpu_cores;
        }
    }
    let load = if left > 0.0 { busy / left * 100.0 } else { f64::INFINITY };
    if load <= max {
        return Ok(());
    }
    let would = if load.is_finite() {
        format!("bring the other nodes to {}", words::pct(load))
    } else {
        "leave no node".to_owned()
    };
    refuse(Rule::CapacityRemains, format!("draining node {node} would {would}, past {max:.0} %"))
}
