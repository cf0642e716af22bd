//! The ladder: what may be done about a cause, best first.
//!
//! A candidate is a remedy and the sentence that proposes it. Whether it is allowed is for [`crate::safety`]; which of
//! them was tried already, [`crate::memory`] knows. A further action type gets its place here and nowhere else.

use crate::{
    action::{Remedy, RemedyKind},
    autoscale,
    condition::{Assessment, Condition},
    diagnosis::{Cause, CauseKind, Picture},
    scale,
    target::{NodeId, ServiceId, Target},
    topology::ReplicaState,
    words,
};

/// One rung.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What to do.
    pub remedy: Remedy,
    /// What to do and what to expect of it, as a sentence.
    pub sentence: String,
    /// Whether it is expected to cure most of what users suffer from; known only by looking ahead.
    pub cures: bool,
}

impl Candidate {
    pub(crate) fn new(remedy: Remedy, sentence: String) -> Self {
        Self { remedy, sentence, cures: false }
    }
}

/// The rungs for a cause, in the order they are to be tried. A remedy that stands twice may be repeated once.
pub fn ladder(cause: &Cause, picture: &Picture<'_>) -> Vec<Candidate> {
    match (&cause.kind, &cause.target) {
        (CauseKind::Service { assessment, node }, _) => service_ladder(assessment, node.as_ref(), picture),
        (CauseKind::Node { down, busiest }, Target::Node(node)) => {
            node_ladder(node, *down, busiest.as_ref(), picture)
        }
        (CauseKind::Node { .. }, _) => Vec::new(),
    }
}

fn service_ladder(sick: &Assessment, node: Option<&NodeId>, picture: &Picture<'_>) -> Vec<Candidate> {
    let service = &sick.service;
    let several = sick.running.unwrap_or(sick.desired) > 1;
    let rebalance = || several.then(|| rebalance(service));
    let rungs = match sick.condition {
        Condition::Unknown | Condition::Healthy => vec![],
        Condition::Down => vec![
            Some(restart(service, "none of its replicas takes traffic")),
            Some(replace(sick, sick.missing.max(1))),
        ],
        // Restarting what still works while it is short of capacity would make it shorter.
        Condition::PartlyDown if sick.under_load(picture.tuning) => {
            vec![Some(scale_up(sick, picture)), Some(replace(sick, sick.missing))]
        }
        Condition::PartlyDown => {
            vec![Some(restart(service, "brings the lost replicas back")), Some(replace(sick, sick.missing))]
        }
        Condition::MemoryHigh => {
            vec![Some(restart(service, "gives its memory back")), Some(scale_up(sick, picture))]
        }
        Condition::Overloaded => {
            vec![Some(scale_up(sick, picture)), Some(scale_up(sick, picture)), rebalance()]
        }
        Condition::Busy | Condition::Backlogged => vec![Some(scale_up(sick, picture)), rebalance()],
        Condition::Failing | Condition::Slow if sick.under_load(picture.tuning) => {
            vec![Some(scale_up(sick, picture)), rebalance(), Some(restart(service, "clears a bad state"))]
        }
        Condition::Failing => {
            vec![Some(restart(service, "clears a bad state")), rebalance(), drain_rung(node)]
        }
        Condition::Slow => {
            vec![
                rebalance(),
                drain_rung(node),
                Some(restart(service, "clears a bad state")),
                Some(scale_up(sick, picture)),
            ]
        }
    };
    let mut rungs: Vec<Candidate> = rungs.into_iter().flatten().collect();
    if sick.condition == Condition::Slow {
        rungs.splice(..0, autoscale::nearer(sick, picture));
    }
    let first = rungs.iter().position(|rung| rung.remedy.kind() == RemedyKind::ScaleUp);
    if let Some(first) = first.filter(|_| sick.missing == 0) {
        let behind = rungs.split_off(first + 1);
        rungs.extend(autoscale::rungs(sick, picture));
        rungs.extend(behind);
        rungs.extend(autoscale::balancer(sick, picture));
    }
    rungs
}

fn node_ladder(
    node: &NodeId,
    down: bool,
    busiest: Option<&ServiceId>,
    picture: &Picture<'_>,
) -> Vec<Candidate> {
    let replicas = replicas_on(node, picture);
    let moved = words::plural(replicas, "replica");
    let sentence = if down {
        format!("Drain node {node}: its {moved} start again on nodes that answer.")
    } else {
        format!("Drain node {node}: its {moved} move to nodes that are well.")
    };
    let drain = Candidate::new(Remedy::DrainNode { node: node.clone() }, sentence);
    let mut rungs = vec![drain];
    if !down {
        rungs.extend(busiest.map(rebalance));
    }
    rungs
}

fn drain_rung(node: Option<&NodeId>) -> Option<Candidate> {
    node.map(|node| {
        let sentence =
            format!("Drain node {node}, which its trouble points at: its replicas move elsewhere.");
        Candidate::new(Remedy::DrainNode { node: node.clone() }, sentence)
    })
}

fn restart(service: &ServiceId, expectation: &str) -> Candidate {
    Candidate::new(
        Remedy::RestartService { service: service.clone() },
        format!("Restart {service}, one replica after the other: {expectation}."),
    )
}

fn rebalance(service: &ServiceId) -> Candidate {
    Candidate::new(
        Remedy::RebalanceTraffic { service: service.clone() },
        format!("Rebalance the traffic of {service} towards the replicas that can serve it."),
    )
}

/// Adds replicas for those that are gone: the scheduler places them where there is room.
fn replace(sick: &Assessment, missing: u32) -> Candidate {
    let by = missing.max(1);
    Candidate::new(
        Remedy::ScaleUp { service: sick.service.clone(), by },
        format!("Add {} to {} in place of those that are gone.", words::plural(by, "replica"), sick.service),
    )
}

fn scale_up(sick: &Assessment, picture: &Picture<'_>) -> Candidate {
    let plan = scale::up(sick, picture.tuning);
    let growing = match plan.growth_pct {
        growth if growth >= 1.0 => format!(", arrivals growing by {growth:.0} % until then"),
        _ => String::new(),
    };
    let expected = plan
        .expected_cpu_pct
        .map_or_else(String::new, |expected| format!(": expected utilisation {expected:.0} %{growing}"));
    Candidate::new(
        Remedy::ScaleUp { service: sick.service.clone(), by: plan.by() },
        format!("Scale {} from {} to {} replicas{expected}.", sick.service, plan.from, plan.to),
    )
}

/// More replicas than the load alone asks for.
pub(crate) fn add(service: &ServiceId, by: u32) -> Candidate {
    Candidate::new(
        Remedy::ScaleUp { service: service.clone(), by },
        format!("Add {} to {service}.", words::plural(by, "replica")),
    )
}

/// What could be done about a suspect.
pub(crate) fn suspected(remedy: Remedy) -> Candidate {
    let sentence = match &remedy {
        Remedy::RestartService { service } => {
            return restart(service, "what happens is put down to it");
        }
        Remedy::ScaleUp { service, by } => return add(service, *by),
        Remedy::RebalanceTraffic { service } => return rebalance(service),
        Remedy::DrainNode { node } => {
            format!("Drain node {node}, which what happens is put down to: its replicas move elsewhere.")
        }
        Remedy::ScaleDown { service, by } => {
            format!("Take {} from {service}.", words::plural(*by, "replica"))
        }
        Remedy::AddComponent { component, service, by } => {
            format!("Add {} with {}.", component.id_at(service), words::plural(*by, "replica"))
        }
        Remedy::RemoveComponent { service } => format!("Remove {service}."),
        Remedy::UndrainNode { node } => format!("Let node {node} take replicas again."),
        Remedy::SpreadTraffic { service } => format!("Spread traffic of {service} evenly again."),
    };
    Candidate::new(remedy, sentence)
}

pub(crate) fn replicas_on(node: &NodeId, picture: &Picture<'_>) -> u32 {
    picture
        .topology
        .services()
        .flat_map(|service| &service.replicas)
        .filter(|replica| &replica.node == node && replica.state != ReplicaState::Draining)
        .count() as u32
}
