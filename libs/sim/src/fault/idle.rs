//! Faults on things to which they make no difference.

use crate::topology::Topology;
use crate::{Target, TargetKind};

use super::FaultKind;

impl FaultKind {
    /// Why a fault of the kind makes no difference to a target of the topology, as what the target "is" or "has"; `None` when it does.
    /// A target that does not exist is for others to tell.
    pub(crate) fn idle_on(self, target: &Target, topology: &Topology) -> Option<&'static str> {
        match target.kind {
            TargetKind::Service => self.idle_on_service(topology.service(&target.id)?, topology),
            TargetKind::Zone => {
                let zone = topology.zone(&target.id)?;
                let empty = topology.nodes.iter().all(|node| node.zone != zone);
                empty.then_some("has no nodes")
            }
            TargetKind::Node | TargetKind::Simulation => None,
        }
    }

    /// The same for a service.
    pub(crate) fn idle_on_service(self, service: usize, topology: &Topology) -> Option<&'static str> {
        let spec = &topology.services[service];
        match self {
            Self::TrafficSpike | Self::TrafficDrop if !spec.entry => Some("is not an entry service"),
            Self::DiskFull if spec.specs.storage_gb <= 0.0 => Some("stores nothing"),
            Self::CacheFlush if !topology.holds_cache(service) => Some("caches nothing"),
            _ => None,
        }
    }
}
