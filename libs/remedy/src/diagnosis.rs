//! From an incident to its cause: down the dependency graph to the deepest service or node that explains it.
//!
//! A caller of a saturated database times out, queues up and fills its memory; treating the caller would treat the
//! symptom. So the search follows callees as long as their condition explains the caller's, and ends at services that
//! nothing below explains. Of several it takes the worst, then the deepest, then the first by name: the answer does
//! not depend on the order of anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    condition::{Assessment, Condition},
    incident::{Family, Incident},
    limits::{Limits, Tuning},
    nodes::{self, Suspicion},
    target::{NodeId, ServiceId, Target},
    telemetry::{Reading, Window, Windows},
    topology::{NodeState, Topology},
    words,
};

/// What has to be treated.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Whom.
    pub target: Target,
    /// For what.
    pub kind: CauseKind,
    /// The numbers that say so.
    pub evidence: String,
    /// From the incident's target down to the cause, both included; one element when they are the same.
    pub path: Vec<ServiceId>,
}

/// For what.
#[derive(Debug, Clone, PartialEq)]
pub enum CauseKind {
    /// A service, with the condition it is in. `node` is the node that its sick or missing replicas point at.
    Service {
        /// Its numbers.
        assessment: Box<Assessment>,
        /// The suspect node, if there is one.
        node: Option<NodeId>,
    },
    /// A node that is down, hot or slow. `busiest` is the service on it with the highest load.
    Node {
        /// Whether it no longer answers.
        down: bool,
        /// The busiest service on it.
        busiest: Option<ServiceId>,
    },
}

impl Cause {
    /// What it is a case of, for the track record: the condition of a service, or what is wrong with a node.
    pub fn ailment(&self) -> &'static str {
        match &self.kind {
            CauseKind::Service { assessment, .. } => assessment.condition.name(),
            CauseKind::Node { down: true, .. } => "node down",
            CauseKind::Node { down: false, .. } => "node unfit",
        }
    }
}

/// Why no cause was named.
#[derive(Debug, Clone, PartialEq)]
pub enum NoCause {
    /// Not enough was measured.
    Unknown(String),
    /// What the incident complains of is over.
    Clear(String),
    /// There is trouble, but nothing that a remedy of ours would cure.
    Beyond(String),
}

/// Everything the diagnosis looks at, put together once an evaluation.
#[derive(Debug)]
pub struct Picture<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) windows: &'a Windows,
    pub(crate) tuning: &'a Tuning,
    pub(crate) limits: &'a Limits,
    pub(crate) assessments: BTreeMap<ServiceId, Assessment>,
}

impl<'a> Picture<'a> {
    /// Assesses every service.
    pub fn new(topology: &'a Topology, windows: &'a Windows, tuning: &'a Tuning, limits: &'a Limits) -> Self {
        let assessments = topology
            .services()
            .map(|service| {
                let window = windows.service(&service.id);
                (service.id.clone(), Assessment::of(&service.id, window, topology, tuning))
            })
            .collect();
        Self { topology, windows, tuning, limits, assessments }
    }

    /// The numbers of a service.
    pub fn assessment(&self, id: &ServiceId) -> Option<&Assessment> {
        self.assessments.get(id)
    }

    /// Share of the nodes that are down.
    pub fn nodes_down_share(&self) -> f64 {
        let all = self.topology.nodes().count().max(1);
        let down = self.topology.nodes().filter(|node| node.state == NodeState::Down).count();
        down as f64 / all as f64
    }

    /// Finds what has to be treated for an incident.
    pub fn cause(&self, incident: &Incident) -> Result<Cause, NoCause> {
        match &incident.target {
            Target::Service(service) => self.service_cause(service, incident),
            Target::Node(node) => self.node_cause(node, incident),
            other => Err(NoCause::Beyond(format!("no remedy of this agent applies to {other}"))),
        }
    }

    fn service_cause(&self, service: &ServiceId, incident: &Incident) -> Result<Cause, NoCause> {
        let own = self
            .assessment(service)
            .ok_or_else(|| NoCause::Unknown(format!("{service} is not in the topology")))?;
        let start = match self.confirm(own, incident)? {
            condition if condition == own.condition => own.clone(),
            condition => Assessment { condition, ..own.clone() },
        };
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        self.walk(&start, &mut vec![service.clone()], &mut seen, &mut found);
        let (root, path) = found
            .into_iter()
            .max_by(|(a, a_path), (b, b_path)| {
                // Names in reverse, so that the first by name wins a tie.
                (a.condition, a_path.len(), &b.service).cmp(&(b.condition, b_path.len(), &a.service))
            })
            .ok_or_else(|| NoCause::Clear(format!("{service} is healthy again")))?;
        Ok(self.blame(&root, path))
    }

    /// What the incident's target suffers from now: by its numbers, or, where they are short of the agent's own
    /// thresholds, by the rule that complains as long as its metric is past the rule's threshold.
    fn confirm(&self, own: &Assessment, incident: &Incident) -> Result<Condition, NoCause> {
        if own.condition.is_unhealthy() {
            return Ok(own.condition);
        }
        let by_rule = match incident.family {
            Family::ErrorRate => Condition::Failing,
            Family::Cpu => Condition::Overloaded,
            Family::Memory => Condition::MemoryHigh,
            Family::Latency | Family::Other(_) => Condition::Slow,
            Family::Foretold => {
                return Err(NoCause::Clear(format!(
                    "{} is well by its numbers; that {} is unusual, or will reach a limit, is no reason to act yet",
                    own.service, incident.metric
                )));
            }
        };
        let metric = |reading: &Reading| reading.get(&incident.metric);
        match self.windows.service(&own.service).and_then(|window| window.mean(metric)) {
            Some(value) if value >= incident.threshold => Ok(by_rule),
            Some(value) => Err(NoCause::Clear(format!(
                "{} {} is {value:.1} now, under the threshold of {:.1}: waiting for the incident to resolve",
                own.service, incident.metric, incident.threshold
            ))),
            None if self.limits.require_known => Err(NoCause::Unknown(format!(
                "{} of {} was not measured in the last {:.0} s: unknown is not unhealthy",
                incident.metric, own.service, self.tuning.window_s
            ))),
            None => Ok(by_rule),
        }
    }

    /// Depth first; the graph has no cycles, and a service is visited once.
    fn walk(
        &self,
        at: &Assessment,
        path: &mut Vec<ServiceId>,
        seen: &mut BTreeSet<ServiceId>,
        found: &mut Vec<(Assessment, Vec<ServiceId>)>,
    ) {
        if !seen.insert(at.service.clone()) {
            return;
        }
        let mut explained = false;
        for edge in self.topology.callees(&at.service) {
            let Some(callee) = self.assessment(&edge.to) else { continue };
            if !at.condition.explained_by(callee.condition) || !contributes(callee, at) {
                continue;
            }
            explained = true;
            path.push(callee.service.clone());
            self.walk(callee, path, seen, found);
            path.pop();
        }
        if !explained {
            found.push((at.clone(), path.clone()));
        }
    }

    /// A sick service may be sick because of the node it runs on.
    fn blame(&self, root: &Assessment, path: Vec<ServiceId>) -> Cause {
        let suspect = self.suspect_node(root);
        if let Some((node, suspicion)) = suspect.as_ref()
            && !matches!(root.condition, Condition::Overloaded)
            && self.node_is_to_blame(root, node, suspicion)
        {
            let evidence = format!("{}; {}", suspicion.words(node, self.tuning), root.words(self.tuning));
            return Cause { path, ..self.node(node, evidence, *suspicion == Suspicion::Down) };
        }
        let kind =
            CauseKind::Service { assessment: Box::new(root.clone()), node: suspect.map(|(node, _)| node) };
        Cause { target: Target::Service(root.service.clone()), kind, evidence: root.words(self.tuning), path }
    }

    fn node_is_to_blame(&self, root: &Assessment, node: &NodeId, suspicion: &Suspicion) -> bool {
        match suspicion {
            // All that is missing has to be missing there.
            Suspicion::Down => self.topology.service(&root.service).is_some_and(|service| {
                let there = service.replicas.iter().filter(|replica| &replica.node == node).count() as u32;
                root.missing > 0 && there >= root.missing
            }),
            Suspicion::Hot { .. } | Suspicion::Gray { .. } => root.missing == 0,
        }
    }

    fn suspect_node(&self, root: &Assessment) -> Option<(NodeId, Suspicion)> {
        let service = self.topology.service(&root.service)?;
        let nodes: BTreeSet<&NodeId> = service.replicas.iter().map(|replica| &replica.node).collect();
        nodes.into_iter().find_map(|node| {
            nodes::suspect(node, self.topology, self.windows, &self.assessments, self.tuning)
                .map(|suspicion| (node.clone(), suspicion))
        })
    }

    fn node_cause(&self, node: &NodeId, incident: &Incident) -> Result<Cause, NoCause> {
        let known = self
            .topology
            .node(node)
            .ok_or_else(|| NoCause::Unknown(format!("node {node} is not in the topology")))?;
        if known.state == NodeState::Draining {
            return Err(NoCause::Beyond(format!("node {node} is already drained")));
        }
        if known.state == NodeState::Ready && incident.family == Family::Foretold {
            return Err(NoCause::Clear(format!(
                "node {node} answers; that {} is unusual, or will reach a limit, is no reason to act yet",
                incident.metric
            )));
        }
        let metric = |reading: &Reading| reading.get(&incident.metric);
        let value = self.windows.node(node).and_then(|window: &Window| window.mean(metric));
        if known.state == NodeState::Ready {
            match value {
                None if self.limits.require_known => {
                    return Err(NoCause::Unknown(format!(
                        "{} of node {node} was not measured in the last {:.0} s: unknown is not unhealthy",
                        incident.metric, self.tuning.window_s
                    )));
                }
                Some(value) if value < incident.threshold => {
                    return Err(NoCause::Clear(format!(
                        "node {node} {} is {value:.1} now, under the threshold of {:.1}",
                        incident.metric, incident.threshold
                    )));
                }
                _ => {}
            }
        }
        // A node is hot because a service on it has too much to do, unless it is hotter than that explains.
        if let Some(service) = self.busiest_root_on(node) {
            let path = vec![service.service.clone()];
            return Ok(self.blame(&service, path));
        }
        match nodes::suspect(node, self.topology, self.windows, &self.assessments, self.tuning) {
            Some(suspicion) => {
                let evidence = suspicion.words(node, self.tuning);
                Ok(self.node(node, evidence, suspicion == Suspicion::Down))
            }
            None => Err(NoCause::Beyond(format!(
                "node {node} {} is at {}, but its peers are no better and no service on it is overloaded: \
                 the cloud needs more nodes",
                incident.metric,
                value.map_or_else(|| "an unknown level".to_owned(), words::pct)
            ))),
        }
    }

    fn busiest_root_on(&self, node: &NodeId) -> Option<Assessment> {
        nodes::roots(self.topology, &self.assessments)
            .filter(|root| matches!(root.condition, Condition::Overloaded | Condition::MemoryHigh))
            .filter(|root| {
                self.topology
                    .service(&root.service)
                    .is_some_and(|service| service.replicas.iter().any(|replica| &replica.node == node))
            })
            .max_by(|a, b| {
                let load = |x: &Assessment| x.cpu_pct.unwrap_or(0.0);
                load(a).total_cmp(&load(b)).then_with(|| b.service.cmp(&a.service))
            })
            .cloned()
    }

    fn node(&self, node: &NodeId, evidence: String, down: bool) -> Cause {
        let busiest = self
            .topology
            .hosted_on(node)
            .filter(|service| service.replicas.len() > 1)
            .filter_map(|service| self.assessment(&service.id))
            .max_by(|a, b| {
                let load = |x: &Assessment| x.cpu_pct.unwrap_or(0.0);
                load(a).total_cmp(&load(b)).then_with(|| b.service.cmp(&a.service))
            })
            .map(|assessment| assessment.service.clone());
        let kind = CauseKind::Node { down, busiest };
        Cause { target: Target::Node(node.clone()), kind, evidence, path: Vec::new() }
    }
}

/// Whether a merely busy callee matters: it does if its answers are a good part of the caller's delay.
fn contributes(callee: &Assessment, caller: &Assessment) -> bool {
    const GOOD_PART: f64 = 0.25;
    callee.condition != Condition::Busy
        || callee.p99_ms.zip(caller.p99_ms).is_some_and(|(callee, caller)| callee >= caller * GOOD_PART)
}

/// `its caller checkout answers 22.0 % errors`: how the trouble shows further up, for a reason.
pub(crate) fn symptoms(picture: &Picture<'_>, path: &[ServiceId]) -> Option<String> {
    let (_, above) = path.split_last()?;
    let caller = picture.assessment(above.last()?)?;
    let suffers = match caller.condition {
        Condition::Failing => {
            caller.error_rate_pct.map(|errors| format!("answers {} errors", words::pct(errors)))
        }
        Condition::Slow => caller.p99_ms.map(|p99| format!("is slow (p99 {})", words::ms(p99))),
        Condition::Overloaded => caller.cpu_pct.map(|cpu| format!("is at CPU {}", words::pct(cpu))),
        Condition::Backlogged => {
            caller.queue_depth.map(|queue| format!("queues up ({})", words::count(queue)))
        }
        Condition::MemoryHigh => {
            caller.memory_pct.map(|memory| format!("fills its memory ({})", words::pct(memory)))
        }
        Condition::PartlyDown | Condition::Down => Some("loses replicas".to_owned()),
        Condition::Unknown | Condition::Healthy | Condition::Busy => None,
    }?;
    Some(format!("its caller {} {suffers}", caller.service))
}
