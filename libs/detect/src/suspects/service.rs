//! What speaks against services.

use super::{Candidate, Ground, Picture, Sign, evidence};
use crate::record::SuspectKind;
use crate::sample::TargetKind;
use crate::trail::SERVICE_SIGNS;
use crate::words::milliseconds;

const RATE: usize = 0;
const ERRORS: usize = 1;
const P50: usize = 2;
const P99: usize = 3;
const CPU: usize = 4;
const MEMORY: usize = 5;
const DISK: usize = 6;
const QUEUE: usize = 7;
const REPLICAS: usize = 8;
const MISSING: usize = 9;

/// Calls to one callee that a request may make, one after the other, when its delay is compared with the caller's.
const CALLS: f64 = 2.0;

/// How sick each service is, 0 to 1, and how much of it nothing that it calls explains.
pub(super) struct Trouble {
    pub(super) sick: f64,
    pub(super) own: f64,
    /// That part of its own that more requests than before do not explain either.
    pub(super) own_not_by_load: f64,
}

impl Picture<'_> {
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        let trouble = |service: usize| {
            let signs = &self.services[service];
            let sick = sickness(signs);
            let own = sick * self.unexplained(service);
            let load = ramp(signs[CPU].now, 75.0, 92.0) * ramp(ratio(signs[RATE]), 1.1, 1.4);
            Trouble { sick, own, own_not_by_load: own * (1.0 - load) }
        };
        (0..self.services.len()).map(trouble).collect()
    }

    /// How much of a service's trouble none of its callees explains, 0 to 1: a callee explains as much delay as it has itself, for
    /// each of a few calls, and the failures of calls that fail or take too long.
    fn unexplained(&self, service: usize) -> f64 {
        let signs = &self.services[service];
        let explains = |callee: &usize| {
            let below = &self.services[*callee];
            let delay = |sign: usize| share_of(CALLS * rise(below[sign]), rise(signs[sign]));
            let slow = delay(P50).max(delay(P99));
            let failing =
                share_of(CALLS * rise(below[ERRORS]).max(100.0 * missing_share(below)), rise(signs[ERRORS]));
            let slow_weighs = slow_sickness(signs) > error_sickness(signs);
            // Failures are explained by calls that take too long only where they really take long: of two noises each explains the other.
            if slow_weighs {
                slow.max(failing * missing_share(below))
            } else {
                failing.max(slow * slow_sickness(below))
            }
        };
        1.0 - self.map.callees(service).iter().map(explains).fold(0.0, f64::max)
    }

    pub(super) fn suspect_services(&self, troubles: &[Trouble]) -> Vec<Candidate> {
        let missed: Vec<Option<Missed>> =
            (0..self.services.len()).map(|s| self.missed(s, troubles)).collect();
        (0..self.services.len())
            .map(|service| {
                let mut grounds = self.grounds(service, troubles);
                let mut explains = self.map.above(service);
                // What floods a store because its cache does not answer is the cache's doing.
                if let Some(missed) = &missed[service] {
                    for ground in &mut grounds {
                        ground.weight *= 1.0 - 0.7 * missed.weight;
                    }
                }
                for (store, missed) in missed.iter().enumerate() {
                    if let Some(missed) = missed.as_ref().filter(|missed| missed.cache == service) {
                        grounds.push(self.does_not_answer(store, missed));
                        explains.extend(self.map.above(store));
                    }
                }
                Candidate {
                    kind: SuspectKind::Service,
                    id: self.map.services()[service].clone(),
                    grounds,
                    reach: reach(troubles, |s| explains.contains(&s)),
                }
            })
            .collect()
    }

    /// The cache that a service gets requests from which it should not: more than its callers' growth and their retries explain.
    fn missed(&self, store: usize, troubles: &[Trouble]) -> Option<Missed> {
        let signs = &self.services[store];
        let callers = self.map.callers(store);
        let grown = callers.iter().map(|caller| ratio(self.services[*caller][RATE])).fold(1.0, f64::max);
        let errors = (signs[ERRORS].now / 100.0).clamp(0.0, 1.0);
        let times = ratio(signs[RATE]) / grown;
        let weight = ramp(times / (1.0 + 3.0 * errors), 1.2, 1.8) * troubles[store].sick;
        let beside = callers.iter().flat_map(|caller| self.map.callees(*caller)).chain(callers);
        let caches = beside.copied().filter(|service| *service != store && self.map.is_cache(*service));
        let cache = caches.max_by(|a, b| troubles[*a].sick.total_cmp(&troubles[*b].sick).then(b.cmp(a)))?;
        (weight > 0.0).then_some(Missed { cache, times, weight })
    }

    fn does_not_answer(&self, store: usize, missed: &Missed) -> Ground {
        let id = &self.map.services()[store];
        Ground {
            weight: 4.0 * missed.weight,
            reason: format!(
                "{id} gets {:.1} times the requests that its callers' traffic explains: this cache does not answer them.",
                missed.times
            ),
            evidence: Some(evidence(
                TargetKind::Service,
                id,
                SERVICE_SIGNS[RATE],
                self.services[store][RATE],
            )),
        }
    }

    fn grounds(&self, service: usize, troubles: &[Trouble]) -> Vec<Ground> {
        let signs = &self.services[service];
        let id = &self.map.services()[service];
        let trouble = &troubles[service];
        let unexplained = if trouble.sick > 0.0 { trouble.own / trouble.sick } else { 1.0 };
        let ground = |weight: f64, sign: usize, reason: String| Ground {
            weight,
            reason,
            evidence: Some(evidence(TargetKind::Service, id, SERVICE_SIGNS[sign], signs[sign])),
        };
        let mut grounds = Vec::new();
        let missing = missing_share(signs);
        grounds.push(ground(
            3.0 * missing,
            MISSING,
            format!("{:.0} % of its replicas are missing.", 100.0 * missing),
        ));
        let disk = ramp(signs[DISK].now, 85.0, 95.0);
        grounds.push(ground(3.0 * disk, DISK, format!("Its disk is {:.0} % full.", signs[DISK].now)));
        let cpu = ramp(signs[CPU].now, 75.0, 92.0);
        let rate_up = ratio(signs[RATE]);
        let cost_up = ratio(signs[CPU]) / rate_up.max(1e-9);
        grounds.push(ground(1.5 * cpu, CPU, format!("Its CPU is at {:.0} %.", signs[CPU].now)));
        if signs[CPU].usual > 0.0 && signs[CPU].now > 50.0 {
            let weight = 1.2 * ramp(cost_up, 1.2, 2.0);
            grounds.push(ground(
                weight,
                CPU,
                format!("It uses {cost_up:.1} times the CPU a request that it used before."),
            ));
            let weight = 0.7 * cpu * ramp(rate_up, 1.15, 1.8);
            grounds.push(ground(
                weight,
                RATE,
                format!("It gets {rate_up:.1} times the requests that it got before."),
            ));
        }
        let memory = ramp(signs[MEMORY].now, 80.0, 95.0);
        grounds.push(ground(
            1.2 * memory * (0.3 + 0.7 * unexplained),
            MEMORY,
            format!("Its memory is {:.0} % full.", signs[MEMORY].now),
        ));
        let errors = error_sickness(signs) * unexplained;
        grounds.push(ground(
            2.0 * errors,
            ERRORS,
            format!("{:.1} % of its requests fail, which nothing that it calls explains.", signs[ERRORS].now),
        ));
        let slow = slow_sickness(signs) * unexplained;
        grounds.push(ground(
            1.5 * slow,
            P99,
            format!(
                "Its p99 latency is {}, which nothing that it calls explains.",
                milliseconds(signs[P99].now)
            ),
        ));
        let queue = ramp(signs[QUEUE].now, 5.0, 50.0) * unexplained;
        grounds.push(ground(queue, QUEUE, format!("{:.0} requests wait in its queue.", signs[QUEUE].now)));
        grounds
    }
}

/// A cache that no longer keeps requests from a store.
struct Missed {
    cache: usize,
    /// How many times the requests that are explained arrive.
    times: f64,
    weight: f64,
}

/// How much of the trouble a candidate would explain, as a factor: of what is sick, and of what is sick of itself.
pub(super) fn reach(troubles: &[Trouble], explains: impl Fn(usize) -> bool) -> f64 {
    let share = |of: fn(&Trouble) -> f64| {
        let all: f64 = troubles.iter().map(of).sum();
        let explained: f64 =
            troubles.iter().enumerate().filter(|(s, _)| explains(*s)).map(|(_, trouble)| of(trouble)).sum();
        if all > 0.0 { explained / all } else { 1.0 }
    };
    0.15 + 0.85 * share(|trouble| trouble.sick) * share(|trouble| trouble.own)
}

fn sickness(signs: &[Sign; SERVICE_SIGNS.len()]) -> f64 {
    error_sickness(signs).max(slow_sickness(signs)).max(missing_share(signs))
}

/// By how much a sign is above what is usual, in its unit.
fn rise(sign: Sign) -> f64 {
    let usual = if sign.usual.is_nan() { 0.0 } else { sign.usual };
    (sign.now - usual).max(0.0)
}

/// What part of `whole` this is, at most 1; nothing explains what is not there.
fn share_of(part: f64, whole: f64) -> f64 {
    if part > 0.0 && whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

fn error_sickness(signs: &[Sign; SERVICE_SIGNS.len()]) -> f64 {
    let usual = if signs[ERRORS].usual.is_nan() { 0.0 } else { signs[ERRORS].usual };
    ramp(signs[ERRORS].now - usual, 0.3, 10.0)
}

fn slow_sickness(signs: &[Sign; SERVICE_SIGNS.len()]) -> f64 {
    let by_usual = |sign: Sign| {
        if sign.usual > 0.0 {
            ramp(libm::log2(sign.now / sign.usual), 0.4, 3.0)
        } else {
            ramp(sign.now, 300.0, 1_000.0)
        }
    };
    by_usual(signs[P99]).max(by_usual(signs[P50]))
}

fn missing_share(signs: &[Sign; SERVICE_SIGNS.len()]) -> f64 {
    let (there, missing) = (signs[REPLICAS].now, signs[MISSING].now);
    if missing > 0.0 { missing / (there + missing) } else { 0.0 }
}

/// How many times what was usual there is now; 1 when it is not known.
fn ratio(sign: Sign) -> f64 {
    if sign.usual > 0.0 && !sign.now.is_nan() { sign.now / sign.usual } else { 1.0 }
}

/// 0 up to `from`, 1 from `to` on, a straight line between; 0 for what is unknown.
pub(super) fn ramp(value: f64, from: f64, to: f64) -> f64 {
    if value.is_nan() { 0.0 } else { ((value - from) / (to - from)).clamp(0.0, 1.0) }
}
