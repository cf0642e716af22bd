//! Autoscaling beyond replicas: which component takes the load off a service, and when it is no longer needed.
//!
//! The rules are pure and read the same means as the diagnosis. What they find are rungs of the ladder behind the first
//! scale-up: replicas are cheaper to add and to take back, and a component comes when there is no room for more of them or when they do
//! not help. From there on a component goes the way of every remedy: proposal, approval, command, verdict, undo.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    action::{Component, Remedy},
    condition::Assessment,
    decide::Deciding,
    diagnosis::Picture,
    remedies::Candidate,
    scale,
    target::{ServiceId, Target},
    topology::Service,
    undo, words,
};

/// Engines that others read from and write to.
pub(crate) const DATABASES: [&str; 2] = ["postgresql", "mongodb"];
/// The engine that stands near users.
pub(crate) const CDN: &str = "cdn";
/// The engine that delivers messages to consumers.
pub const QUEUE: &str = "message_queue";

/// Thresholds of the rules. All are means over the window of the diagnosis, which is what keeps a passing peak from counting.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoscale {
    /// From this CPU load on a service needs relief, %.
    pub cpu_pct: f64,
    /// From this use of memory on a database does, %.
    pub memory_pct: f64,
    /// From this 99th percentile on a database does, ms.
    pub database_p99_ms: f64,
    /// From this share of its connections on a database does, %.
    pub connections_pct: f64,
    /// From this share of reads on a cache beside a database is worth it, 0 to 1.
    pub read_ratio: f64,
    /// From this 99th percentile on it is worth it, too, however little is read, ms.
    pub cache_p99_ms: f64,
    /// From this many waiting messages on consumers need help.
    pub queue_depth: f64,
    /// From this many seconds of work that waits on they do, too.
    pub lag_s: f64,
    /// From this share of requests for static content on a CDN is worth it, 0 to 1.
    pub static_ratio: f64,
    /// From this far away on users are better served from near them, ms on the way.
    pub distance_ms: f64,
}

impl Default for Autoscale {
    fn default() -> Self {
        Self {
            cpu_pct: 80.0,
            memory_pct: 85.0,
            database_p99_ms: 500.0,
            connections_pct: 80.0,
            read_ratio: 0.7,
            cache_p99_ms: 300.0,
            queue_depth: 1_000.0,
            lag_s: 5.0,
            static_ratio: 0.5,
            distance_ms: 100.0,
        }
    }
}

/// Components that would take load off a service that is short of something, best first. None that is there already.
pub fn rungs(sick: &Assessment, picture: &Picture<'_>) -> Vec<Candidate> {
    let Some(service) = picture.topology.service(&sick.service) else { return Vec::new() };
    let rules = &picture.tuning.autoscale;
    let mut found = Vec::new();
    if picture.topology.consumes(&service.id)
        && (at_least(sick.queue_depth, rules.queue_depth) || lags(sick, rules.lag_s))
    {
        found.extend(consumers(sick, service, picture));
    }
    let asks_for_files = service.entry && at_least(service.static_ratio, rules.static_ratio);
    if asks_for_files && nearer(sick, picture).is_none() {
        found.extend(cdn(service, picture));
    }
    if DATABASES.contains(&service.profile.as_str()) {
        let is_short = short(sick, rules);
        let mostly_read = at_least(service.read_ratio, rules.read_ratio);
        if mostly_read && is_short || at_least(sick.p99_ms, rules.cache_p99_ms) {
            found.extend(cache(service, picture));
        }
        if is_short || is_full(sick, rules) {
            found.extend(read_replica(sick, service, picture));
        }
    }
    found
}

/// Share of the 99th percentile from which on the mean way of users counts as what they wait for: where some are near and some far, the
/// mean is far below what the far ones have.
const MOSTLY_THE_WAY: f64 = 0.25;

/// A CDN before an entry that is slow because its users are far away.
pub fn nearer(sick: &Assessment, picture: &Picture<'_>) -> Option<Candidate> {
    let service = picture.topology.service(&sick.service)?;
    let (away, waited) = service.user_distance_ms.zip(sick.p99_ms)?;
    let far = service.entry
        && service.profile != CDN
        && away >= picture.tuning.autoscale.distance_ms
        && away >= MOSTLY_THE_WAY * waited;
    let why = format!(
        "its users are {away:.0} ms away on average, and a CDN is near them and keeps its connections open"
    );
    far.then(|| candidate(Component::Cdn, service, 1, &why, picture))?
}

/// What no component can do for a database, and a human may consider.
pub fn advice(sick: &Assessment, picture: &Picture<'_>) -> Option<String> {
    let service = picture.topology.service(&sick.service)?;
    let rules = &picture.tuning.autoscale;
    let writes = 1.0 - service.read_ratio?;
    let database = DATABASES.contains(&service.profile.as_str());
    let is_short = short(sick, rules) || is_full(sick, rules);
    (database && is_short && writes > 1.0 - rules.read_ratio).then(|| {
        format!(
            "{:.0} % of what {} is asked writes, which neither a cache nor read replicas take over: consider sharding it",
            writes * 100.0,
            service.id
        )
    })
}

fn at_least(value: Option<f64>, limit: f64) -> bool {
    value.is_some_and(|value| value >= limit)
}

/// Whether a database needs relief by its processors, its memory or its answers.
fn short(sick: &Assessment, rules: &Autoscale) -> bool {
    at_least(sick.cpu_pct, rules.cpu_pct)
        || at_least(sick.memory_pct, rules.memory_pct)
        || at_least(sick.p99_ms, rules.database_p99_ms)
}

/// Whether a database is short of connections.
fn is_full(sick: &Assessment, rules: &Autoscale) -> bool {
    at_least(sick.connections_pct, rules.connections_pct)
}

/// A load balancer before a service that is busy for all its replicas: the last rung, for it adds none.
pub fn balancer(sick: &Assessment, picture: &Picture<'_>) -> Option<Candidate> {
    let service = picture.topology.service(&sick.service)?;
    let busy = sick.cpu_pct.is_some_and(|cpu| cpu >= picture.tuning.autoscale.cpu_pct);
    let database = DATABASES.contains(&service.profile.as_str());
    let why = "it gives every replica what it can take";
    (busy && !database && sick.running > Some(1))
        .then(|| candidate(Component::LoadBalancer, service, 1, why, picture))?
}

/// Since which tick each component has not been needed. Not remembered over a restart: it is measured anew.
pub(crate) type Needless = BTreeMap<ServiceId, u64>;

/// A component that an incident owes, which is over.
struct Owed {
    incident: Uuid,
    component: Component,
    target: ServiceId,
}

/// Proposes to take away components that have not been needed for a while.
pub(crate) fn undo(deciding: &mut Deciding<'_>, needless: &mut Needless) {
    let owed = owed(deciding);
    needless.retain(|id, _| owed.contains_key(id));
    for (id, owed) in owed {
        if !could_go(deciding, &id, &owed) {
            needless.remove(&id);
            continue;
        }
        let since = *needless.entry(id.clone()).or_insert(deciding.tick);
        let long = deciding.ticks(deciding.picture.tuning.undo_after_s);
        if deciding.tick >= since.saturating_add(long) {
            take_away(deciding, &id, &owed);
        }
    }
}

/// By id; of resolved incidents.
fn owed(deciding: &Deciding<'_>) -> BTreeMap<ServiceId, Owed> {
    let resolved = deciding.memory.incidents.values().filter(|memory| !memory.is_open());
    let owed = resolved.flat_map(|memory| {
        let incident = memory.incident.id;
        memory.components_owed().map(move |(component, target)| {
            (component.id_at(target), Owed { incident, component, target: target.clone() })
        })
    });
    owed.filter(|(id, _)| deciding.picture.topology.service(id).is_some()).collect()
}

fn could_go(deciding: &Deciding<'_>, id: &ServiceId, owed: &Owed) -> bool {
    let ours = |target: &Target| matches!(target, Target::Service(at) if at == id || *at == owed.target);
    let troubled = deciding.memory.open().any(|memory| ours(&memory.incident.target));
    let changing =
        deciding.memory.attempts().any(|attempt| attempt.status.is_live() && ours(&attempt.remedy.target()));
    let picture = deciding.picture;
    let idle = picture
        .assessment(&owed.target)
        .zip(picture.assessment(id))
        .is_some_and(|(target, added)| is_needless(owed.component, target, added, picture));
    !troubled && !changing && idle
}

fn take_away(deciding: &mut Deciding<'_>, id: &ServiceId, owed: &Owed) {
    let tuning = deciding.picture.tuning;
    let reason = format!(
        "For {:.0} s {} could have borne the requests that {id} takes with less than {:.0} % CPU. Remove {id}.",
        tuning.undo_after_s, owed.target, tuning.undo_max_cpu_pct
    );
    undo::offer(deciding, owed.incident, Remedy::RemoveComponent { service: id.clone() }, reason);
}

/// Whether a component could go without its target getting more to do than it can bear.
///
/// Everything that the component answers would be the target's again, at the cost that the target's own requests have now: its
/// load then is `load × (its requests + the component's) / its requests`, and `load × the component's / its requests` for what stands
/// before it. That counts the lookups of a cache as calls, which is more than comes back: the estimate errs towards keeping it. A CDN stays
/// while the users whose traffic enters there are far away.
pub fn is_needless(
    component: Component,
    target: &Assessment,
    added: &Assessment,
    picture: &Picture<'_>,
) -> bool {
    let (Some(cpu), Some(here), Some(there)) = (target.cpu_pct, target.request_rate, added.request_rate)
    else {
        return false;
    };
    let is_near_the_far = component == Component::Cdn
        && picture
            .topology
            .service(&added.service)
            .is_some_and(|cdn| at_least(cdn.user_distance_ms, picture.tuning.autoscale.distance_ms));
    let before_it = matches!(component, Component::LoadBalancer | Component::Cdn);
    let then = if before_it { there } else { here + there };
    // A target that gets nothing tells nothing of what its requests cost.
    here > 0.0 && !is_near_the_far && cpu * (then / here).max(1.0) <= picture.tuning.undo_max_cpu_pct
}

fn lags(sick: &Assessment, limit_s: f64) -> bool {
    sick.queue_depth
        .zip(sick.throughput)
        .is_some_and(|(waiting, rate)| waiting > rate * limit_s && waiting > 0.0)
}

fn consumers(sick: &Assessment, service: &Service, picture: &Picture<'_>) -> Option<Candidate> {
    let plan = scale::up(sick, picture.tuning);
    let waiting = sick.queue_depth.unwrap_or(0.0);
    let why = format!(
        "{waiting:.0} messages wait, which {} cannot keep up with",
        words::plural(plan.from, "consumer")
    );
    candidate(Component::Consumers, service, plan.by(), &why, picture)
}

fn read_replica(sick: &Assessment, service: &Service, picture: &Picture<'_>) -> Option<Candidate> {
    let reads = service.read_ratio.filter(|reads| *reads > 0.0)?;
    // It takes all reads at once: as many replicas as a scale-up would bring the database to, for their share.
    let by = (f64::from(scale::up(sick, picture.tuning).to) * reads).ceil() as u32;
    let why = format!("it takes over the reads, {:.0} % of what it is asked", reads * 100.0);
    candidate(Component::ReadReplica, service, by, &why, picture)
}

fn cache(service: &Service, picture: &Picture<'_>) -> Option<Candidate> {
    let reads = service.read_ratio.filter(|reads| *reads > 0.0)?;
    let why = format!(
        "{:.0} % of what it is asked only reads, and most of that need not be asked twice",
        reads * 100.0
    );
    candidate(Component::Cache, service, 1, &why, picture)
}

fn cdn(service: &Service, picture: &Picture<'_>) -> Option<Candidate> {
    let statics = service.static_ratio.unwrap_or(0.0);
    let why =
        format!("{:.0} % of the requests are for static content, which need not come here", statics * 100.0);
    candidate(Component::Cdn, service, 1, &why, picture)
}

/// The rung, unless the component is there already, or the service is one itself.
fn candidate(
    component: Component,
    service: &Service,
    by: u32,
    why: &str,
    picture: &Picture<'_>,
) -> Option<Candidate> {
    let id = component.id_at(&service.id);
    let by = by.clamp(1, Component::MOST_REPLICAS);
    let there = picture.topology.service(&id).is_some();
    (!there).then(|| {
        let remedy = Remedy::AddComponent { component, service: service.id.clone(), by };
        Candidate::new(remedy, format!("Add {id} with {}: {why}.", words::plural(by, "replica")))
    })
}
