//! Checks what a scenario says is true about it.

use crate::TargetKind;
use crate::command::ActionKind;
use crate::topology::Topology;

use super::check::{Reading, line};
use super::file::{TruthActionFile, TruthFile};
use super::{GroundTruth, TruthAction};

impl Reading<'_> {
    pub(super) fn truth(&mut self, file: &TruthFile, topology: &Topology) -> GroundTruth {
        let onset_s = file.onset_s.as_ref().map(|onset| self.seconds(onset, "onset_s"));
        let difficulty = file.difficulty.as_ref().map_or(0, |difficulty| {
            if difficulty.value > 5 {
                self.problem(line(difficulty.referenced), "difficulty: use 0 to 5".to_owned());
            }
            difficulty.value.min(5) as u8
        });
        GroundTruth {
            root_cause: file.root_cause.as_ref().and_then(|target| self.target(0, target, topology)),
            cause: file.cause.clone(),
            onset_s,
            healing: file.healing.iter().filter_map(|action| self.truth_action(action, topology)).collect(),
            all_needed: file.all_needed,
            harmful: file.harmful.iter().filter_map(|action| self.truth_action(action, topology)).collect(),
            difficulty,
        }
    }

    fn truth_action(&mut self, file: &TruthActionFile, topology: &Topology) -> Option<TruthAction> {
        let kind = ActionKind::by_name(&file.action.value);
        if kind.is_none() {
            let known = ActionKind::ALL.map(ActionKind::name);
            self.unknown(&file.action, "action", &known);
        }
        let kind = kind?;
        let on = if kind.is_on_node() { TargetKind::Node } else { TargetKind::Service };
        self.find(&file.target, on, topology)?;
        Some(TruthAction { kind, target: file.target.value.clone(), replicas: file.replicas.unwrap_or(0) })
    }
}
