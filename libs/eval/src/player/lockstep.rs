//! The contract with players outside of this process: one JSON object a line in either direction, and simulated time that waits for
//! the answer. `docs/benchmark.md` shows it from the other side.

use std::collections::BTreeMap;

use preview::objective;
use remedy::lifecycle::MAX_REPLICAS;
use remedy::{ActionUpdate, Remedy};
use serde::{Deserialize, Serialize};
use sim::world::view::TopologyView;
use sim::{ActionKind, Columns, Target, TargetKind};
use uuid::Uuid;

use super::{Drafts, Moves, Seen};
use crate::convert;

/// Version of the contract. Fields are only added within a version.
pub const PROTOCOL: u32 = 1;
/// Actions in one answer: more than any plan has, fewer than would flood an operator.
pub const MAX_ACTIONS: usize = 100;
/// Longest reason, characters.
const MAX_REASON: usize = 2_000;

/// What is said to a player. Scenario and seed are not: it knows no more than an operator could.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Say {
    /// First; wants no answer.
    Begin(Begin),
    /// Once a simulated second; wants an [`Answer`].
    Observation(Box<Observation>),
    /// Last; wants no answer.
    End,
}

/// The terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Begin {
    protocol: u32,
    /// Simulated seconds between two observations.
    sample_every_s: f64,
    /// Simulated seconds that the operator takes to approve.
    approval_s: f64,
    /// What users are owed at every entry service.
    objective: Objective,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Objective {
    window_s: usize,
    failed_pct: f64,
    p99_ms: f64,
}

impl Begin {
    /// The terms, when approval takes so many simulated seconds.
    pub fn new(approval_s: f64) -> Self {
        Self {
            protocol: PROTOCOL,
            sample_every_s: f64::from(sim::SAMPLE_EVERY_MS) / 1_000.0,
            approval_s,
            objective: Objective {
                window_s: objective::WINDOW_S,
                failed_pct: objective::FAILED_PCT,
                p99_ms: objective::P99_MS,
            },
        }
    }
}

/// What there is to see. A value that was not measured is null.
#[derive(Debug, Clone, Serialize)]
pub struct Observation {
    time_s: f64,
    tick: u64,
    /// Metric values by service.
    services: BTreeMap<String, BTreeMap<&'static str, f32>>,
    /// Metric values by node.
    nodes: BTreeMap<String, BTreeMap<&'static str, f32>>,
    /// What happened to incidents.
    incidents: Vec<IncidentChange>,
    /// What became of actions.
    actions: Vec<ActionChange>,
    /// The cloud, when it is not as it was told last.
    #[serde(skip_serializing_if = "Option::is_none")]
    topology: Option<Cloud>,
}

#[derive(Debug, Clone, Serialize)]
struct IncidentChange {
    id: Uuid,
    change: &'static str,
    rule: String,
    family: String,
    target: Named,
    severity: u8,
    title: String,
    symptom_of: Option<Uuid>,
    suspects: Vec<Named>,
}

/// A thing of the topology: `{"kind": "service", "id": "cart"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    kind: String,
    id: String,
}

impl From<&Target> for Named {
    fn from(target: &Target) -> Self {
        Self { kind: target.kind.name().to_owned(), id: target.id.clone() }
    }
}

/// What became of an action.
#[derive(Debug, Clone, Serialize)]
pub struct ActionChange {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    target: String,
    replicas: u32,
    status: remedy::Status,
    effect: Option<remedy::Effect>,
    note: String,
}

impl From<&ActionUpdate> for ActionChange {
    fn from(update: &ActionUpdate) -> Self {
        Self {
            id: update.id,
            kind: update.remedy.kind().name(),
            target: update.remedy.target().id().to_owned(),
            replicas: update.remedy.replicas(),
            status: update.status,
            effect: update.effect,
            note: update.note.clone(),
        }
    }
}

/// The cloud as it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Cloud {
    services: Vec<CloudService>,
    nodes: Vec<CloudNode>,
    /// Who calls whom.
    calls: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct CloudService {
    id: String,
    profile: &'static str,
    entry: bool,
    desired_replicas: u32,
    /// Node and state of every replica.
    replicas: Vec<(String, &'static str)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct CloudNode {
    id: String,
    zone: String,
    state: &'static str,
    cpu_cores: f64,
}

impl From<&TopologyView> for Cloud {
    fn from(view: &TopologyView) -> Self {
        let service = |service: &sim::world::view::ServiceView| CloudService {
            id: service.id.to_string(),
            profile: service.profile,
            entry: service.entry,
            desired_replicas: service.desired_replicas,
            replicas: service
                .replicas
                .iter()
                .map(|replica| (replica.node_id.to_string(), replica.state.name()))
                .collect(),
        };
        let node = |node: &sim::world::view::NodeView| CloudNode {
            id: node.id.to_string(),
            zone: node.zone_id.to_string(),
            state: node.state.name(),
            cpu_cores: node.cpu_cores,
        };
        Self {
            services: view.services.iter().map(service).collect(),
            nodes: view.nodes.iter().map(node).collect(),
            calls: view.edges.iter().map(|edge| (edge.from.to_string(), edge.to.to_string())).collect(),
        }
    }
}

/// What a player answers. Everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    actions: Vec<Planned>,
    /// Whom it suspects, most likely first. It stands until another answer has some.
    suspects: Option<Vec<Named>>,
    silence_s: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    #[serde(rename = "type")]
    kind: String,
    target: String,
    #[serde(default)]
    replicas: u32,
    #[serde(default)]
    incident: Option<Uuid>,
    #[serde(default)]
    reason: String,
}

/// Why an answer cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It is no JSON object of the expected form.
    #[error("the answer is no object of the form {{\"actions\": [...], \"suspects\": [...]}}: {0}")]
    Form(#[from] serde_json::Error),
    /// It has too many actions.
    #[error("the answer has {0} actions; at most {MAX_ACTIONS} are taken")]
    TooMany(usize),
    /// It names a type that there is not.
    #[error("there is no action type {0:?}; there are: {types}", types = types())]
    Type(String),
    /// It scales by too much.
    #[error("{0} replicas at once; at most {MAX_REPLICAS} are taken")]
    Replicas(u32),
    /// It suspects what is no service, node or zone.
    #[error("a suspect's kind is {0:?}; use service, node or zone")]
    Suspect(String),
    /// It silences for no time.
    #[error("silence_s is {0}; use simulated seconds above 0")]
    Silence(f64),
}

fn types() -> String {
    ActionKind::ALL.map(ActionKind::name).join(", ")
}

/// The state of a conversation: what was told, and what was answered.
#[derive(Debug, Default)]
pub struct Lockstep {
    told: Option<Cloud>,
    fates: Vec<ActionChange>,
    suspects: Vec<Target>,
    drafts: Drafts,
}

impl Lockstep {
    /// Keeps what becomes of an action for the next observation.
    pub fn hear(&mut self, update: &ActionUpdate) {
        self.fates.push(update.into());
    }

    /// What the player says it suspects.
    pub fn suspects(&self) -> &[Target] {
        &self.suspects
    }

    /// The next thing to say.
    pub fn observation(&mut self, seen: &Seen<'_>) -> Say {
        let cloud = Cloud::from(seen.topology());
        let topology = (self.told.as_ref() != Some(&cloud)).then(|| cloud.clone());
        self.told = Some(cloud);
        Say::Observation(Box::new(Observation {
            time_s: seen.time_s(),
            tick: seen.tick(),
            services: values(&seen.snapshot.services),
            nodes: values(&seen.snapshot.nodes),
            incidents: seen.transitions.iter().map(incident).collect(),
            actions: std::mem::take(&mut self.fates),
            topology,
        }))
    }

    /// Understands an answer.
    ///
    /// # Errors
    /// A sentence for whoever wrote the player.
    pub fn moves(&mut self, seen: &Seen<'_>, answer: &str) -> Result<Moves, AnswerError> {
        let Answer { actions, suspects, silence_s } = serde_json::from_str(answer)?;
        if actions.len() > MAX_ACTIONS {
            return Err(AnswerError::TooMany(actions.len()));
        }
        if let Some(suspects) = suspects {
            self.suspects = suspects.into_iter().map(target).collect::<Result<_, _>>()?;
        }
        if let Some(length) = silence_s.filter(|length| !length.is_finite() || *length <= 0.0) {
            return Err(AnswerError::Silence(length));
        }
        let mut moves = Moves { silence_s, ..Moves::default() };
        for planned in actions {
            let reason: String = planned.reason.chars().take(MAX_REASON).collect();
            let incident = planned.incident.unwrap_or_default();
            moves.proposals.push(self.drafts.propose(seen, incident, remedy(planned)?, &reason));
        }
        Ok(moves)
    }
}

fn values(columns: &Columns) -> BTreeMap<String, BTreeMap<&'static str, f32>> {
    let of = |row: usize| {
        let value =
            |(metric, values): &(sim::MetricName, Vec<f32>)| Some((metric.as_str(), *values.get(row)?));
        columns.columns.iter().filter_map(value).collect()
    };
    columns.ids.iter().enumerate().map(|(row, id)| (id.to_string(), of(row))).collect()
}

fn incident(detect::Transition { kind, incident }: &detect::Transition) -> IncidentChange {
    IncidentChange {
        id: incident.id,
        change: match kind {
            detect::TransitionKind::Opened => "opened",
            detect::TransitionKind::Escalated => "escalated",
            detect::TransitionKind::Updated => "updated",
            detect::TransitionKind::Resolved => "resolved",
        },
        rule: incident.rule.clone(),
        family: incident.family.clone(),
        target: Named { kind: incident.target.kind.as_str().to_owned(), id: incident.target.id.clone() },
        severity: incident.severity as u8,
        title: incident.title.clone(),
        symptom_of: incident.symptom_of,
        suspects: incident
            .record
            .suspects
            .iter()
            .map(|suspect| Named::from(&crate::convert::suspect(suspect)))
            .collect(),
    }
}

fn target(Named { kind, id }: Named) -> Result<Target, AnswerError> {
    let kinds = [TargetKind::Service, TargetKind::Node, TargetKind::Zone];
    match kinds.into_iter().find(|known| known.name() == kind) {
        Some(kind) => Ok(Target { kind, id }),
        None => Err(AnswerError::Suspect(kind)),
    }
}

fn remedy(Planned { kind, target, replicas, .. }: Planned) -> Result<Remedy, AnswerError> {
    let kind = ActionKind::by_name(&kind).ok_or(AnswerError::Type(kind))?;
    if replicas > MAX_REPLICAS {
        return Err(AnswerError::Replicas(replicas));
    }
    Ok(convert::remedy_of(kind, &target, replicas))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(answer: &str) -> Result<Moves, AnswerError> {
        let files = ["scenarios/normal.yaml", "scenarios/topologies/shop.yaml"].map(|path| {
            let text = std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR")));
            (path.trim_start_matches("scenarios/").to_owned(), text.unwrap())
        });
        let scenario = sim::scenario::load("normal", &BTreeMap::from(files)).unwrap();
        let world = sim::World::new(scenario, 1);
        let snapshot = world.snapshot();
        Lockstep::default().moves(&Seen::new(&world, &snapshot, &[]), answer)
    }

    #[test]
    fn an_answer_becomes_moves_on_the_present_version_of_their_targets() {
        let answer = r#"{"actions": [{"type": "SCALE_UP", "target": "catalog", "replicas": 2}, {"type": "RESTART_SERVICE", "target": "nowhere"}]}"#;
        let moves = moves(answer).unwrap();
        let versions: Vec<u64> = moves.proposals.iter().map(|proposal| proposal.target_version).collect();
        assert!(versions[0] > 0 && versions[1] == 0, "{versions:?}");
        assert_ne!(moves.proposals[0].action_id, moves.proposals[1].action_id);
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_refused_with_what_would() {
        for (answer, told) in [
            ("nonsense", "no object of the form"),
            (r#"{"action": []}"#, "unknown field"),
            (r#"{"actions": [{"type": "REBOOT", "target": "cart"}]}"#, "there are: RESTART_SERVICE"),
            (r#"{"actions": [{"type": "SCALE_UP", "target": "cart", "replicas": 101}]}"#, "at most 100"),
            (r#"{"suspects": [{"kind": "planet", "id": "mars"}]}"#, "use service, node or zone"),
            (r#"{"silence_s": 0}"#, "above 0"),
        ] {
            let error = moves(answer).unwrap_err().to_string();
            assert!(error.contains(told), "{answer}: {error}");
        }
        let many = vec![r#"{"type": "RESTART_SERVICE", "target": "cart"}"#; 101].join(",");
        assert!(moves(&format!(r#"{{"actions": [{many}]}}"#)).unwrap_err().to_string().contains("101"));
    }
}
