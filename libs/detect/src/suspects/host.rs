//! What speaks against nodes and zones.

use super::service::{Trouble, ramp, reach};
use super::{Candidate, Ground, Picture, Sign, evidence};
use crate::record::SuspectKind;
use crate::sample::TargetKind;
use crate::trail::NODE_SIGNS;

const CPU: usize = 0;
const UP: usize = 3;

impl Picture<'_> {
    pub(super) fn suspect_nodes(&self, troubles: &[Trouble]) -> Vec<Candidate> {
        (0..self.nodes.len())
            .map(|node| {
                let here = |other: usize| other == node;
                let mut grounds = vec![self.down(node), self.hot(node)];
                grounds.extend(self.gray(troubles, &here, "node"));
                Candidate {
                    kind: SuspectKind::Node,
                    id: self.map.nodes()[node].clone(),
                    grounds,
                    reach: self.reach(troubles, &here),
                }
            })
            .collect()
    }

    pub(super) fn suspect_zones(&self, troubles: &[Trouble]) -> Vec<Candidate> {
        (0..self.map.zones().len())
            .map(|zone| {
                let here = |node: usize| self.map.zone_of(node) == zone;
                let nodes: Vec<usize> = (0..self.nodes.len()).filter(|node| here(*node)).collect();
                let down: f64 = nodes.iter().map(|node| self.down_share(*node)).sum();
                let share = if nodes.len() > 1 { down / nodes.len() as f64 } else { 0.0 };
                let reason = format!("{down:.0} of its {} nodes are down.", nodes.len());
                let mut grounds =
                    vec![Ground { weight: 8.0 * ramp(share, 0.4, 0.9), reason, evidence: None }];
                grounds.extend(self.gray(troubles, &here, "zone"));
                Candidate {
                    kind: SuspectKind::Zone,
                    id: self.map.zones()[zone].clone(),
                    grounds,
                    reach: self.reach(troubles, &here),
                }
            })
            .collect()
    }

    fn down_share(&self, node: usize) -> f64 {
        let up = self.nodes[node][UP].now;
        if up.is_nan() { 0.0 } else { 1.0 - up }
    }

    fn down(&self, node: usize) -> Ground {
        let id = &self.map.nodes()[node];
        let share = self.down_share(node);
        Ground {
            weight: 4.0 * ramp(share, 0.1, 0.6),
            reason: format!("It did not answer for {:.0} % of the last ten seconds.", 100.0 * share),
            evidence: Some(evidence(TargetKind::Node, id, NODE_SIGNS[UP], self.nodes[node][UP])),
        }
    }

    /// Busy, and busier than its peers, and not only because there is more traffic everywhere.
    fn hot(&self, node: usize) -> Ground {
        let id = &self.map.nodes()[node];
        let sign = self.nodes[node][CPU];
        let peers = self.median_of_others(node, |cpu| cpu.now);
        let risen = sign.now / sign.usual / self.median_of_others(node, |cpu| cpu.now / cpu.usual);
        let alone = if risen.is_nan() { 1.0 } else { ramp(risen, 1.1, 1.5) };
        Ground {
            weight: 2.0 * ramp(sign.now, 75.0, 95.0) * ramp(sign.now - peers, 15.0, 40.0) * alone,
            reason: format!(
                "Its CPU is at {:.0} % while the median of the other nodes is {peers:.0} %.",
                sign.now
            ),
            evidence: Some(evidence(TargetKind::Node, id, NODE_SIGNS[CPU], sign)),
        }
    }

    fn median_of_others(&self, node: usize, of: impl Fn(Sign) -> f64) -> f64 {
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != node);
        let mut values: Vec<f64> =
            others.map(|(_, signs)| of(signs[CPU])).filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// What is sick of itself runs here, and what is healthy does not.
    fn gray(&self, troubles: &[Trouble], here: &dyn Fn(usize) -> bool, kind: &str) -> Option<Ground> {
        let share = |service: usize| {
            let hosts = self.map.hosts(service);
            let all: u32 = hosts.iter().map(|(_, replicas)| replicas).sum();
            let ours: u32 = hosts.iter().filter(|(node, _)| here(*node)).map(|(_, replicas)| replicas).sum();
            if all == 0 { 0.0 } else { f64::from(ours) / f64::from(all) }
        };
        let sick: f64 = troubles.iter().map(|trouble| trouble.own_not_by_load).sum();
        let mut sick_here = 0.0;
        let (mut hosted, mut healthy, mut several) = (0.0, 0.0, 0);
        for (service, trouble) in troubles.iter().enumerate() {
            let share = share(service);
            sick_here += if share > 0.0 { trouble.own_not_by_load } else { 0.0 };
            hosted += share;
            healthy += share * (1.0 - trouble.sick);
            several += u32::from(share > 0.0 && trouble.own_not_by_load > 0.1);
        }
        if several < 2 || hosted <= 0.0 {
            return None;
        }
        Some(Ground {
            weight: 3.5 * (sick_here / sick) * (1.0 - healthy / hosted),
            reason: format!(
                "{several} services with trouble of their own have replicas on this {kind}, and little that is healthy has."
            ),
            evidence: None,
        })
    }

    /// What rests on these nodes is explained by them.
    fn reach(&self, troubles: &[Trouble], here: &dyn Fn(usize) -> bool) -> f64 {
        let mut rests = vec![false; troubles.len()];
        for service in 0..troubles.len() {
            if self.map.hosts(service).iter().any(|(node, _)| here(*node)) {
                self.map.above(service).into_iter().for_each(|above| rests[above] = true);
            }
        }
        reach(troubles, |service| rests[service])
    }
}
