//! The commands of `ops.commands` that are in the journal: redelivered, they are acknowledged and nothing more.

use std::collections::{HashSet, VecDeque};

/// Most commands that are remembered. Redelivery ends after minutes; this is months of approvals.
const REMEMBERED: usize = 10_000;
/// How many of them a new run takes along in its first journal entry.
const TAKEN_ALONG: usize = 1_000;

/// Ids of settled commands, oldest forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Settled {
    pub(crate) fn contains(&self, command_id: &str) -> bool {
        self.ids.contains(command_id)
    }

    pub(crate) fn insert(&mut self, command_id: String) {
        if !self.ids.insert(command_id.clone()) {
            return;
        }
        self.order.push_back(command_id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// The newest ones, for the next run's journal.
    pub(crate) fn to_take_along(&self) -> Vec<String> {
        let skip = self.order.len().saturating_sub(TAKEN_ALONG);
        self.order.iter().skip(skip).cloned().collect()
    }
}

impl FromIterator<String> for Settled {
    fn from_iter<I: IntoIterator<Item = String>>(ids: I) -> Self {
        let mut settled = Self::default();
        ids.into_iter().for_each(|id| settled.insert(id));
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_the_newest_taken_along() {
        let settled: Settled = (0..=REMEMBERED).map(|i| i.to_string()).collect();
        assert!(!settled.contains("0") && settled.contains("1") && settled.contains(&REMEMBERED.to_string()));
        let along = settled.to_take_along();
        assert_eq!(along.len(), TAKEN_ALONG);
        assert_eq!(along.last(), Some(&REMEMBERED.to_string()));
    }

    #[test]
    fn a_command_counts_once() {
        let settled: Settled = ["a", "a", "b"].map(str::to_owned).into_iter().collect();
        assert_eq!(settled.to_take_along(), ["a", "b"]);
    }
}
