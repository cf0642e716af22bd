//! Where the trouble may come from: every service, node and zone is asked how much speaks against it.
//!
//! A service is suspect for what is wrong with itself and not explained by what it calls, the more so the more of the
//! trouble lies above it. A node or zone is suspect when it is down, stands out from its peers, or when what is sick runs
//! on it and what is healthy does not. docs/detection.md tells how the weights were found, and how often it is right.

use std::collections::BTreeMap;

use crate::map::CloudMap;
use crate::record::{Evidence, MAX_SUSPECTS, Suspect, SuspectKind};
use crate::sample::{SimTime, Target, TargetKind};
use crate::shard::Shard;
use crate::trail::{NODE_SIGNS, SERVICE_SIGNS, signs};

mod host;
mod service;

/// Less than this is noise; a busy CPU alone weighs ten times as much.
const LEAST_SUSPICION: f64 = 0.1;

/// What was usual before an incident, by id.
#[derive(Debug, Default)]
pub(crate) struct Usual {
    services: BTreeMap<String, Vec<f32>>,
    nodes: BTreeMap<String, Vec<f32>>,
}

impl Usual {
    /// As the trails have it for trouble that showed at `time`.
    pub(crate) fn before(time: SimTime, shards: &BTreeMap<u32, Shard>) -> Self {
        let of = |kind: usize| {
            let each = shards.values().flat_map(|shard| {
                let series = shard.series(kind);
                let usual = move |s: usize| {
                    let of_sign = |sign| series.trail().usual(sign, s, time);
                    (0..signs(TargetKind::ALL[kind]).len()).map(of_sign).collect()
                };
                series.ids.iter().enumerate().map(move |(s, id)| (id.clone(), usual(s)))
            });
            each.collect()
        };
        Self { services: of(0), nodes: of(1) }
    }
}

/// A vital sign: what it is and what it was.
#[derive(Debug, Clone, Copy)]
struct Sign {
    /// Mean over the last ten seconds; NaN when not measured.
    now: f64,
    /// Usual before the incident; NaN when too little was seen.
    usual: f64,
}

/// How things are and were, by position on the map.
pub(crate) struct Picture<'a> {
    map: &'a CloudMap,
    services: Vec<[Sign; SERVICE_SIGNS.len()]>,
    nodes: Vec<[Sign; NODE_SIGNS.len()]>,
}

/// A reason to suspect somebody, and how much it weighs.
struct Ground {
    weight: f64,
    reason: String,
    evidence: Option<Evidence>,
}

/// Somebody, with everything that speaks against them.
struct Candidate {
    kind: SuspectKind,
    id: String,
    grounds: Vec<Ground>,
    /// How much of all the trouble it would explain, as a factor.
    reach: f64,
}

impl Candidate {
    fn score(&self) -> f64 {
        self.grounds.iter().map(|ground| ground.weight).sum::<f64>() * self.reach
    }
}

impl Picture<'_> {
    pub(crate) fn new<'a>(map: &'a CloudMap, usual: &Usual, shards: &BTreeMap<u32, Shard>) -> Picture<'a> {
        Picture {
            map,
            services: read(0, map.services(), &usual.services, shards),
            nodes: read(1, map.nodes(), &usual.nodes, shards),
        }
    }

    /// How much speaks against the first, and the most likely suspects, best first.
    pub(crate) fn suspects(&self) -> (f64, Vec<Suspect>) {
        let troubles = self.troubles();
        let mut candidates = self.suspect_services(&troubles);
        candidates.extend(self.suspect_nodes(&troubles));
        candidates.extend(self.suspect_zones(&troubles));
        let mut scored: Vec<(f64, Candidate)> = candidates
            .into_iter()
            .map(|candidate| (candidate.score(), candidate))
            .filter(|(score, _)| *score >= LEAST_SUSPICION)
            .collect();
        // Names break ties, so that the answer depends on nothing else.
        scored.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| (x.kind, &x.id).cmp(&(y.kind, &y.id))));
        let all: f64 = scored.iter().map(|(score, _)| score).sum();
        let most = scored.first().map_or(0.0, |(score, _)| rounded(*score));
        scored.truncate(MAX_SUSPECTS);
        let suspects = scored.into_iter().map(|(score, candidate)| suspect(score / all, candidate)).collect();
        (most, suspects)
    }
}

fn suspect(share: f64, candidate: Candidate) -> Suspect {
    let Candidate { kind, id, mut grounds, reach: _ } = candidate;
    grounds.retain(|ground| ground.weight > 0.0);
    grounds.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let evidence = grounds.iter().filter_map(|ground| ground.evidence.clone()).collect();
    Suspect {
        kind,
        id,
        share: rounded(share),
        reasons: grounds.into_iter().map(|ground| ground.reason).collect(),
        evidence,
    }
}

/// To three decimals: what is written and read back is the same number.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn evidence(kind: TargetKind, id: &str, metric: &str, sign: Sign) -> Evidence {
    Evidence {
        metric: metric.to_owned(),
        target: Target { kind, id: id.to_owned() },
        usual: (!sign.usual.is_nan()).then(|| rounded(sign.usual)),
        observed: rounded(sign.now),
    }
}

fn read<const N: usize>(
    kind: usize,
    ids: &[String],
    usual: &BTreeMap<String, Vec<f32>>,
    shards: &BTreeMap<u32, Shard>,
) -> Vec<[Sign; N]> {
    let of = |id: &String| {
        let found = shards.values().find_map(|shard| {
            let series = shard.series(kind);
            Some((series, series.position(id)?))
        });
        let before = usual.get(id);
        std::array::from_fn(|sign| Sign {
            now: found.map_or(f64::NAN, |(series, s)| series.trail().now(sign, s)),
            usual: before.and_then(|signs| signs.get(sign)).map_or(f64::NAN, |value| f64::from(*value)),
        })
    };
    ids.iter().map(of).collect()
}
