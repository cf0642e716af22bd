//! What is to be tried, for how long, under how many futures.

use sim::world::view::TopologyView;
use sim::{Act, ActionKind};

/// A candidate: one action on the present version of its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What to do.
    pub kind: ActionKind,
    /// Service id, or node id for [`ActionKind::DrainNode`].
    pub target: String,
    /// Replicas to add or remove; ignored by the kinds that have none.
    pub replicas: u32,
}

impl Planned {
    /// The present version of its target; 0, which the world refuses with a reason, when there is none.
    pub fn version(&self, view: &TopologyView) -> u64 {
        let version = match self.kind {
            kind if kind.is_on_node() => {
                view.nodes.iter().find(|node| *node.id == *self.target).map(|node| node.version)
            }
            _ => view
                .services
                .iter()
                .find(|service| *service.id == *self.target)
                .map(|service| service.version),
        };
        version.unwrap_or(0)
    }

    /// The action, on the present version of its target.
    pub fn act(&self, id: &str, view: &TopologyView) -> Act {
        Act {
            command_id: id.to_owned(),
            action_id: id.to_owned(),
            kind: self.kind,
            target: self.target.clone(),
            target_version: self.version(view),
            replicas: self.replicas,
        }
    }
}

/// How far and how often to look ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    seeds: u32,
    horizon_s: u32,
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Too few or too many futures.
    #[error("{0} futures: ask for 2 to {max}", max = Plan::MAX_SEEDS)]
    Seeds(u32),
    /// Too short or too long.
    #[error("{0} s ahead: ask for {min} to {max} simulated seconds", min = Plan::MIN_HORIZON_S, max = Plan::MAX_HORIZON_S)]
    Horizon(u32),
}

impl Plan {
    /// Most futures: past that the bands hardly move.
    pub const MAX_SEEDS: u32 = 64;
    /// Shortest look ahead, simulated seconds: an objective is looked at over half a minute, and so is where it ends.
    pub const MIN_HORIZON_S: u32 = 60;
    /// Longest look ahead, simulated seconds.
    pub const MAX_HORIZON_S: u32 = 1_800;

    /// A plan of so many futures of noise, so many simulated seconds ahead.
    ///
    /// # Errors
    /// When either is out of range.
    pub fn new(seeds: u32, horizon_s: u32) -> Result<Self, PlanError> {
        if !(2..=Self::MAX_SEEDS).contains(&seeds) {
            return Err(PlanError::Seeds(seeds));
        }
        if !(Self::MIN_HORIZON_S..=Self::MAX_HORIZON_S).contains(&horizon_s) {
            return Err(PlanError::Horizon(horizon_s));
        }
        Ok(Self { seeds, horizon_s })
    }

    /// Futures of noise.
    pub fn seeds(self) -> u32 {
        self.seeds
    }

    /// Simulated seconds ahead.
    pub fn horizon_s(self) -> u32 {
        self.horizon_s
    }
}

/// For how much longer what changes goes on changing in a future, as a multiple of how long it has.
///
/// That we look at a random moment of it is all that is known: then it is over by now to a share that is uniform, and what is left is
/// u / (1 − u) times what was, for a u that is uniform, too (Gott 1993). The futures spread evenly over u; the first two are in the middle of
/// either half.
pub(crate) fn persistence(future: u32, futures: u32) -> f64 {
    let futures = futures.max(2);
    let [low, high] = [futures / 4, futures * 3 / 4];
    let place = match future {
        0 => low,
        1 => high,
        other => {
            (0..futures).filter(|place| ![low, high].contains(place)).nth(other as usize - 2).unwrap_or(low)
        }
    };
    let u = (f64::from(place) + 0.5) / f64::from(futures);
    u / (1.0 - u)
}

impl Default for Plan {
    /// Eight futures of five minutes.
    fn default() -> Self {
        Self { seeds: 8, horizon_s: 300 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_futures_spread_evenly_and_begin_in_the_middle_of_either_half() {
        assert!((persistence(0, 2) - 1.0 / 3.0).abs() < 1e-9 && (persistence(1, 2) - 3.0).abs() < 1e-9);
        for futures in 2..=64 {
            let mut spread: Vec<f64> = (0..futures).map(|future| persistence(future, futures)).collect();
            assert!(spread[0] < spread[1], "{futures}");
            spread.sort_by(f64::total_cmp);
            spread.dedup();
            assert_eq!(spread.len(), futures as usize);
            let (first, last) = (spread[0], spread[spread.len() - 1]);
            assert!((first * last - 1.0).abs() < 1e-9, "as often half as long as twice as long");
        }
    }
}
