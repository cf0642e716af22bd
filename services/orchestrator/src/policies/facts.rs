//! What is known about a proposal when it is judged.

use proto::ops::v1::{Preview, PreviewOption};
use proto::sim::v1::Topology;
use remedy::policy::{Facts, Predicted, Zone};
use remedy::{RemedyKind, Severity};

/// State of a replica that is gone.
const CRASHED: &str = "crashed";
/// State of a node that takes replicas.
const READY: &str = "ready";

/// What is known without looking ahead.
pub(crate) fn facts(
    kind: RemedyKind,
    target: &str,
    replicas: u32,
    severity: Option<i32>,
    topology: Option<&Topology>,
) -> Facts {
    Facts {
        kind,
        target: target.to_owned(),
        severity: severity.and_then(|number| u8::try_from(number).ok()).map(Severity),
        blast_pct: topology.and_then(|topology| blast_pct(kind, target, replicas, topology)),
        predicted: None,
    }
}

/// Share of the replicas there are that an action touches, %: those that stop, move or are weighed anew, as in a preview. `None` when there
/// is none, or not the target.
fn blast_pct(kind: RemedyKind, target: &str, replicas: u32, topology: &Topology) -> Option<f64> {
    let known = match kind {
        kind if kind.is_on_node() => topology.nodes.iter().any(|node| node.id == target),
        _ => topology.services.iter().any(|service| service.id == target),
    };
    let (mut touched, mut all) = (0_u32, 0_u32);
    for service in &topology.services {
        for replica in service.replicas.iter().filter(|replica| replica.state != CRASHED) {
            all += 1;
            touched += u32::from(match kind {
                RemedyKind::DrainNode => replica.node_id == target,
                // New replicas touch none of those there are.
                RemedyKind::ScaleUp
                | RemedyKind::AddReadReplica
                | RemedyKind::AddCache
                | RemedyKind::AddLoadBalancer
                | RemedyKind::AddCdn
                | RemedyKind::AddConsumers
                | RemedyKind::UndrainNode => false,
                RemedyKind::RestartService
                | RemedyKind::ScaleDown
                | RemedyKind::RebalanceTraffic
                | RemedyKind::SpreadTraffic
                | RemedyKind::RemoveComponent => service.id == target,
            });
        }
    }
    if kind == RemedyKind::ScaleDown {
        touched = touched.min(replicas);
    }
    (known && all > 0).then(|| f64::from(touched) / f64::from(all) * 100.0)
}

/// What a preview says about its first action, beside doing nothing. `None` when the cloud would refuse it, or nothing was measured.
pub(super) fn predicted(preview: &Preview) -> Option<Predicted> {
    let [nothing, proposed, ..] = preview.options.as_slice() else { return None };
    if !proposed.refused.is_empty() {
        return None;
    }
    let bad = |option: &PreviewOption| option.bad_pct.as_ref().map(|band| band.mid);
    Some(Predicted {
        harms: proposed.harms,
        helps: proposed.helps,
        bad_pct_less: bad(nothing)? - bad(proposed)?,
    })
}

/// Every node with its zone; `about` are the nodes that approved actions are about to drain.
pub(super) fn zones(topology: &Topology, about: &[String]) -> Vec<Zone> {
    let zone = |node: &proto::sim::v1::Node| Zone {
        node: node.id.clone(),
        zone: node.zone_id.clone(),
        out: node.state != READY || about.contains(&node.id),
    };
    topology.nodes.iter().map(zone).collect()
}
