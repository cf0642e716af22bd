//! Silences and maintenance windows: for some simulated time nobody is to be called about some incidents. They are
//! detected, recorded, graded and grouped as ever, and say who silences them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::incident::Incident;
use crate::map::CloudMap;
use crate::sample::{SimTime, Target, TargetKind};

/// Silences at a time, of all simulations together: each is asked about every open incident when one of them begins or ends.
pub const MAX_SILENCES: usize = 1_000;
/// Longest silence, simulated s: a week. What is longer is no exception but a rule that should be changed.
pub const MAX_SILENCE_S: i64 = 7 * 86_400;
/// Names in a matcher. More are a family, a node or a zone.
pub const MAX_MATCHED: usize = 256;
/// Longest name in a matcher, bytes: as long as an id of a topology may be.
const MAX_NAME: usize = 128;

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SilenceKind {
    /// Nobody is to be called.
    Silence,
    /// Nor is anything to be done by a machine: somebody is at work there.
    Maintenance,
}

/// A place in the cloud.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A service.
    Service(String),
    /// A node, and every service that has a replica there.
    Node(String),
    /// A zone: its nodes, and every service that has a replica on one of them.
    Zone(String),
}

/// Which incidents. Each part that is given must hold; of its names one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matchers {
    /// Rule that opened it.
    pub rules: BTreeSet<String>,
    /// Its family.
    pub families: BTreeSet<String>,
    /// Kind of its target.
    pub kinds: BTreeSet<TargetKind>,
    /// Where its target is.
    pub places: BTreeSet<Place>,
    /// Labels of its rule; all of them must be as they are here.
    pub labels: BTreeMap<String, String>,
}

/// Says about some incidents that nobody is to be called, for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: Uuid,
    /// Another one after every change.
    pub version: u64,
    /// How far it goes.
    pub kind: SilenceKind,
    /// The simulation that it is about.
    pub simulation: String,
    /// Which incidents.
    pub matchers: Matchers,
    /// First simulated moment.
    pub starts_at: SimTime,
    /// First simulated moment at which it is over.
    pub ends_at: SimTime,
}

/// By what an incident is silenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silenced {
    /// Id of the silence.
    pub by: Uuid,
    /// Its version when it took hold.
    pub version: u64,
    /// How far it goes.
    pub kind: SilenceKind,
}

/// What is wrong with a silence; every mistake, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SilenceErrors(pub Vec<String>);

impl Silence {
    /// Checks its time and its matchers.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn check(&self) -> Result<(), SilenceErrors> {
        let mut mistakes = self.matchers.mistakes();
        let lasts_us = self.ends_at.micros.saturating_sub(self.starts_at.micros);
        if lasts_us <= 0 {
            mistakes.push("it ends before it begins: choose an end after the start".to_owned());
        } else if lasts_us > MAX_SILENCE_S * 1_000_000 {
            mistakes.push(format!(
                "it lasts {} simulated s, at most {MAX_SILENCE_S} (a week) are allowed: change the rule if it should be quiet for good",
                lasts_us / 1_000_000
            ));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(SilenceErrors(mistakes)) }
    }

    /// Whether it holds at this moment.
    pub fn is_active(&self, now: SimTime) -> bool {
        (self.starts_at..self.ends_at).contains(&now)
    }

    fn holds(&self, incident: &Incident) -> bool {
        incident.silenced.is_some_and(|silenced| silenced.by == self.id && silenced.version == self.version)
    }
}

impl Matchers {
    fn mistakes(&self) -> Vec<String> {
        let Self { rules, families, kinds: _, places, labels } = self;
        let mut mistakes = Vec::new();
        if rules.is_empty() && families.is_empty() && places.is_empty() {
            mistakes.push(
                "it would silence every incident: name a rule, a family, a service, a node or a zone"
                    .to_owned(),
            );
        }
        let ids = places.iter().map(Place::id);
        let names = rules.iter().chain(families).map(String::as_str).chain(ids);
        let pairs = labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        for name in names.chain(pairs.clone()) {
            if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
                mistakes.push(format!(
                    "{name:?} is no name: write 1 to {MAX_NAME} bytes without control characters"
                ));
            }
        }
        for (what, count) in [
            ("rules", rules.len()),
            ("families", families.len()),
            ("targets", places.len()),
            ("labels", labels.len()),
        ] {
            if count > MAX_MATCHED {
                mistakes.push(format!("it names {count} {what}, at most {MAX_MATCHED} are allowed"));
            }
        }
        mistakes
    }

    /// Whether an incident is meant, as the cloud is now.
    fn match_incident(&self, incident: &Incident, map: Option<&CloudMap>) -> bool {
        let Self { rules, families, kinds, places, labels } = self;
        (rules.is_empty() || rules.contains(&incident.rule))
            && (families.is_empty() || families.contains(&incident.family))
            && (kinds.is_empty() || kinds.contains(&incident.target.kind))
            && labels.iter().all(|(name, value)| incident.labels.get(name) == Some(value))
            && (places.is_empty() || places.iter().any(|place| place.holds(&incident.target, map)))
    }
}

impl Place {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) | Self::Node(id) | Self::Zone(id) => id,
        }
    }

    /// Whether a target is, or is in, this place.
    fn holds(&self, target: &Target, map: Option<&CloudMap>) -> bool {
        match (self, target.kind) {
            (Self::Service(id), TargetKind::Service) | (Self::Node(id), TargetKind::Node) => *id == target.id,
            (Self::Service(_), TargetKind::Node) => false,
            (Self::Node(id), TargetKind::Service) => map.is_some_and(|map| {
                let node = map.node(id);
                hosts(map, &target.id).any(|host| Some(host) == node)
            }),
            (Self::Zone(id), TargetKind::Node) => map.is_some_and(|map| {
                map.node(&target.id).is_some_and(|node| map.zones()[map.zone_of(node)] == *id)
            }),
            (Self::Zone(id), TargetKind::Service) => map
                .is_some_and(|map| hosts(map, &target.id).any(|host| map.zones()[map.zone_of(host)] == *id)),
        }
    }
}

/// Nodes on which a service has replicas.
fn hosts<'a>(map: &'a CloudMap, service: &str) -> impl Iterator<Item = usize> + 'a {
    let placed = map.service(service).map(|service| map.hosts(service)).unwrap_or_default();
    placed.iter().filter(|(_, replicas)| *replicas > 0).map(|(node, _)| *node)
}

/// The silences of every simulation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Silences {
    /// Of each simulation: first the one that an incident names when several match.
    of: BTreeMap<String, Vec<Silence>>,
}

impl Silences {
    /// A set of silences; of more than [`MAX_SILENCES`] the first ones.
    pub fn new(silences: impl IntoIterator<Item = Silence>) -> Self {
        let mut of: BTreeMap<String, Vec<Silence>> = BTreeMap::new();
        for silence in silences.into_iter().take(MAX_SILENCES) {
            of.entry(silence.simulation.clone()).or_default().push(silence);
        }
        for silences in of.values_mut() {
            silences.sort_by_key(|silence| Reverse((silence.kind, silence.ends_at, silence.id)));
        }
        Self { of }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.of.values().map(Vec::len).sum()
    }

    pub(crate) fn of(&self, simulation: &str) -> &[Silence] {
        self.of.get(simulation).map(Vec::as_slice).unwrap_or_default()
    }
}

/// By what an incident is silenced now: a maintenance window rather than a silence, then what lasts longest. What silences it
/// already goes on to do so while it lasts, wherever the target has moved.
pub(crate) fn silenced(
    silences: &[Silence],
    incident: &Incident,
    map: Option<&CloudMap>,
    now: SimTime,
) -> Option<Silenced> {
    let first = silences.iter().find(|silence| {
        silence.is_active(now) && (silence.holds(incident) || silence.matchers.match_incident(incident, map))
    });
    first.map(|silence| Silenced { by: silence.id, version: silence.version, kind: silence.kind })
}

/// The next moment after this one at which a silence begins or ends; `None` when there is none.
pub(crate) fn next_edge(silences: &[Silence], now: SimTime) -> Option<SimTime> {
    let edges = silences.iter().flat_map(|silence| [silence.starts_at, silence.ends_at]);
    edges.filter(|edge| *edge > now).min()
}
