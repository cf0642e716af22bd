//! A web shop on twelve nodes in three zones, and an agent that watches it.
//!
//! gateway → checkout → checkout-db, gateway → catalog → catalog-db; everything is healthy until a test says otherwise.

use std::collections::BTreeMap;

use remedy::{
    ActionUpdate, Agent, Decision, Edge, Effect, EntitySample, Family, Freshness, Heartbeat, Incident,
    Limits, Node, NodeId, NodeState, Output, Proposal, Reading, Remedy, RemedyKind, Replica, ReplicaState,
    Sample, Service, ServiceId, Severity, Status, Target, Topology, Transition, Tuning, ZoneId,
};
use uuid::Uuid;

pub(crate) const TICK_MS: u32 = 50;
pub(crate) const TICKS_A_SECOND: u64 = 20;

pub(crate) fn healthy() -> Reading {
    Reading {
        cpu_pct: 30.0,
        memory_pct: 40.0,
        request_rate: 100.0,
        throughput: 100.0,
        error_rate_pct: 0.0,
        p99_ms: 20.0,
        queue_depth: 0.0,
        connections: 10.0,
        replicas: 2.0,
    }
}

pub(crate) struct Cloud {
    pub(crate) agent: Agent,
    pub(crate) tick: u64,
    /// Wall-clock age of the heartbeat that the agent is told; `None` means no heartbeat.
    pub(crate) heartbeat_age_ms: Option<u64>,
    pub(crate) paused: bool,
    /// How far the engine's clock is ahead of the newest sample.
    pub(crate) engine_ahead_ticks: u64,
    pub(crate) services: BTreeMap<String, (Reading, u64)>,
    pub(crate) nodes: BTreeMap<String, Reading>,
    pub(crate) topology_nodes: Vec<Node>,
    pub(crate) topology_services: Vec<Service>,
    edges: Vec<Edge>,
    incidents: BTreeMap<Uuid, Incident>,
    /// What the agent said since a test last asked.
    said: Output,
}

impl Cloud {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::sized(limits, 12)
    }

    /// `nodes` machines of 8 cores in three zones; two replicas of each service, on neighbouring nodes.
    pub(crate) fn sized(limits: Limits, nodes: usize) -> Self {
        let names = ["gateway", "checkout", "checkout-db", "catalog", "catalog-db"];
        let edges = [
            ("gateway", "checkout"),
            ("checkout", "checkout-db"),
            ("gateway", "catalog"),
            ("catalog", "catalog-db"),
        ];
        let mut cloud = Self {
            agent: Agent::new(limits, Tuning::default(), TICK_MS),
            tick: 10_000,
            heartbeat_age_ms: Some(100),
            paused: false,
            engine_ahead_ticks: 0,
            services: names.iter().map(|name| ((*name).to_owned(), (healthy(), 1))).collect(),
            nodes: (0..nodes).map(|index| (format!("node-{index:02}"), healthy())).collect(),
            topology_nodes: (0..nodes)
                .map(|index| Node {
                    id: NodeId::new(&format!("node-{index:02}")),
                    zone: ZoneId::new(&format!("zone-{}", index % 3)),
                    cpu_cores: 8.0,
                    state: NodeState::Ready,
                    version: 1,
                })
                .collect(),
            topology_services: names
                .iter()
                .enumerate()
                .map(|(index, name)| Service {
                    id: ServiceId::new(name),
                    desired_replicas: 2,
                    replicas: (0..2)
                        .map(|replica| Replica {
                            node: NodeId::new(&format!("node-{:02}", (2 * index + replica) % nodes)),
                            state: ReplicaState::Running,
                        })
                        .collect(),
                    version: 1,
                    profile: if name.ends_with("-db") { "postgresql" } else { "api_server" }.to_owned(),
                    entry: *name == "gateway",
                    read_ratio: None,
                    static_ratio: None,
                    user_distance_ms: None,
                    connections_per_replica: 200,
                })
                .collect(),
            edges: edges
                .iter()
                .map(|(from, to)| Edge {
                    from: ServiceId::new(from),
                    to: ServiceId::new(to),
                    timeout_ms: 1_000.0,
                })
                .collect(),
            incidents: BTreeMap::new(),
            said: Output::default(),
        };
        cloud.publish_topology();
        cloud.seconds(15);
        cloud
    }

    pub(crate) fn publish_topology(&mut self) {
        self.agent.observe_topology(Topology::new(
            self.topology_nodes.clone(),
            self.topology_services.clone(),
            self.edges.clone(),
        ));
    }

    pub(crate) fn service(&mut self, name: &str, change: impl FnOnce(&mut Reading)) {
        change(&mut self.services.get_mut(name).unwrap().0);
    }

    pub(crate) fn topology_service(&mut self, name: &str, change: impl FnOnce(&mut Service)) {
        change(self.topology_services.iter_mut().find(|service| service.id.as_str() == name).unwrap());
        self.publish_topology();
    }

    pub(crate) fn topology_node(&mut self, name: &str, change: impl FnOnce(&mut Node)) {
        change(self.topology_nodes.iter_mut().find(|node| node.id.as_str() == name).unwrap());
        self.publish_topology();
    }

    /// checkout-db has more to do than it can; its callers feel it.
    pub(crate) fn overload_checkout_db(&mut self) {
        self.service("checkout-db", |db| {
            db.cpu_pct = 98.0;
            db.queue_depth = 1_240.0;
            db.error_rate_pct = 14.0;
            db.request_rate = 125.0;
        });
        self.service("checkout", |caller| {
            caller.error_rate_pct = 22.0;
            caller.p99_ms = 1_840.0;
        });
        self.service("gateway", |entry| {
            entry.error_rate_pct = 11.0;
            entry.p99_ms = 1_900.0;
        });
    }

    pub(crate) fn freshness(&self) -> Freshness {
        Freshness {
            heartbeat: self
                .heartbeat_age_ms
                .map(|age_ms| Heartbeat { tick: self.tick + self.engine_ahead_ticks, age_ms }),
            paused: self.paused,
        }
    }

    pub(crate) fn sample(&self) -> Sample {
        Sample {
            tick: self.tick,
            services: self
                .services
                .iter()
                .map(|(id, (reading, version))| EntitySample {
                    id: ServiceId::new(id),
                    version: *version,
                    reading: *reading,
                })
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|(id, reading)| EntitySample { id: NodeId::new(id), version: 1, reading: *reading })
                .collect(),
        }
    }

    fn hear(&mut self, output: Output) {
        self.said.proposals.extend(output.proposals);
        self.said.decisions.extend(output.decisions);
        self.said.questions.extend(output.questions);
    }

    /// Everything the agent said since it was last asked.
    pub(crate) fn said(&mut self) -> Output {
        std::mem::take(&mut self.said)
    }

    /// Lets simulated seconds pass, a sample each; everything the agent said until then.
    pub(crate) fn seconds(&mut self, seconds: u64) -> Output {
        for _ in 0..seconds {
            self.tick += TICKS_A_SECOND;
            let freshness = self.freshness();
            let output = self.agent.observe_telemetry(self.sample(), freshness);
            self.hear(output);
        }
        self.said()
    }

    pub(crate) fn incident(&self, target: Target, metric: &str, threshold: f64) -> Incident {
        let family = match metric {
            "cpu_usage" => "cpu",
            "memory_usage" => "memory",
            "latency_p99" => "latency",
            other => other,
        };
        Incident {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{target}/{metric}/{}", self.tick).as_bytes()),
            transition: Transition::Opened,
            revision: 1,
            family: Family::from(family),
            title: format!("{target}: {metric} > {threshold}"),
            target,
            severity: Severity::HIGH,
            metric: metric.to_owned(),
            threshold,
            opened_tick: self.tick,
            updated_tick: self.tick,
            traceparent: None,
            maintenance: false,
            symptom_of: None,
            suspects: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, service: &str, metric: &str, threshold: f64) -> Uuid {
        self.open_on(Target::Service(ServiceId::new(service)), metric, threshold)
    }

    pub(crate) fn open_on(&mut self, target: Target, metric: &str, threshold: f64) -> Uuid {
        let incident = self.incident(target, metric, threshold);
        let id = incident.id;
        let output = self.agent.observe_incident(&incident, self.freshness());
        self.hear(output);
        self.incidents.insert(id, incident);
        id
    }

    /// An incident of no rule: its metric is beyond what is usual, or will be.
    pub(crate) fn foretell(&mut self, target: Target, metric: &str, usual: f64) -> Uuid {
        let incident = Incident { family: Family::from("anomaly"), ..self.incident(target, metric, usual) };
        let id = incident.id;
        let output = self.agent.observe_incident(&incident, self.freshness());
        self.hear(output);
        self.incidents.insert(id, incident);
        id
    }

    pub(crate) fn resolve(&mut self, id: Uuid) {
        let mut incident = self.incidents[&id].clone();
        incident.transition = Transition::Resolved;
        incident.revision += 1;
        incident.updated_tick = self.tick;
        let output = self.agent.observe_incident(&incident, self.freshness());
        self.hear(output);
    }

    /// A maintenance window begins or ends while the incident is open.
    pub(crate) fn maintain(&mut self, id: Uuid, maintenance: bool) {
        let incident = self.incidents.get_mut(&id).expect("an open incident");
        incident.transition = Transition::Updated;
        incident.revision += 1;
        incident.maintenance = maintenance;
        let incident = incident.clone();
        let output = self.agent.observe_incident(&incident, self.freshness());
        self.hear(output);
    }

    pub(crate) fn update(&mut self, proposal: &Proposal, version: u64, status: Status) {
        self.judge(proposal, version, status, None);
    }

    pub(crate) fn judge(
        &mut self,
        proposal: &Proposal,
        version: u64,
        status: Status,
        effect: Option<Effect>,
    ) {
        let update = ActionUpdate {
            id: proposal.action_id,
            incident_id: proposal.incident_id,
            attempt: proposal.attempt,
            version,
            remedy: proposal.remedy.clone(),
            target_version: proposal.target_version,
            status,
            effect,
            proposed_tick: proposal.tick,
            completed_tick: None,
            note: String::new(),
        };
        let output = self.agent.observe_action(&update, self.freshness());
        self.hear(output);
    }

    /// Approved, done, and of no use.
    pub(crate) fn fruitless(&mut self, proposal: &Proposal) {
        self.update(proposal, 3, Status::Succeeded);
        self.judge(proposal, 4, Status::Succeeded, Some(Effect::Ineffective));
    }
}

pub(crate) fn the_only(output: &Output) -> &Proposal {
    assert_eq!(output.proposals.len(), 1, "{output:#?}");
    &output.proposals[0]
}

pub(crate) fn kinds(output: &Output) -> Vec<RemedyKind> {
    output.proposals.iter().map(|proposal| proposal.remedy.kind()).collect()
}

pub(crate) fn verdicts(output: &Output) -> Vec<&'static str> {
    output.decisions.iter().map(|decision| decision.verdict.name()).collect()
}

pub(crate) fn last_decision(output: &Output) -> &Decision {
    output.decisions.last().expect("a decision")
}

pub(crate) fn scale_up(service: &str, by: u32) -> Remedy {
    Remedy::ScaleUp { service: ServiceId::new(service), by }
}

pub(crate) fn restart(service: &str) -> Remedy {
    Remedy::RestartService { service: ServiceId::new(service) }
}

pub(crate) fn drain(node: &str) -> Remedy {
    Remedy::DrainNode { node: NodeId::new(node) }
}
