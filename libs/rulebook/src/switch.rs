//! The kill switch: one key that says whether automation runs. Whoever is about to do something asks for it at that moment; where no
//! answer comes, automation is paused.

use std::time::Duration;

use bus::Bus;
use bus::bucket::Entry;
use chrono::{DateTime, SecondsFormat, Utc};
use proto::ops::v1::{Automation, AutomationState};

use crate::kept::{Kept, Value};
use crate::policies::Book;

/// The key that it is kept under.
pub const KEY: &str = "switch";
/// Attribute of the event by which sim-engine tells of a command that it refused because of the switch.
pub const REFUSED_BY_SWITCH: &str = "refused_by_switch";
/// Longest wait for an answer. One takes well under a millisecond, and the switch has to act within a second.
const PATIENCE: Duration = Duration::from_millis(800);

/// The switch as far as can be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Switch {
    /// Automation runs; commands carry the version.
    Running(Automation),
    /// Somebody paused it.
    Paused(Automation),
    /// Nobody has said yet that it may run.
    Unset,
    /// The server does not answer.
    Unreadable,
}

impl Switch {
    /// Asks the server that keeps it, which knows of every change that was answered.
    pub async fn look(bus: &Bus) -> Self {
        match tokio::time::timeout(PATIENCE, Kept::<Automation>::read(bus, KEY)).await {
            Ok(Ok(kept)) => Self::of(kept.map(|kept| kept.value)),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the switch of automation cannot be read: nothing is done");
                Self::Unreadable
            }
            Err(_elapsed) => {
                tracing::warn!("the switch of automation was not answered in time: nothing is done");
                Self::Unreadable
            }
        }
    }

    /// What is kept, or nothing.
    pub fn of(kept: Option<Automation>) -> Self {
        match kept {
            None => Self::Unset,
            Some(kept) if kept.state() == AutomationState::Running => Self::Running(kept),
            Some(kept) => Self::Paused(kept),
        }
    }

    /// Why nothing may be done, as a sentence; `None` when automation runs.
    pub fn why_not(&self) -> Option<String> {
        match self {
            Self::Running(_) => None,
            Self::Paused(automation) => Some(sentence(automation)),
            Self::Unset => Some("Automation is paused: the switch is being written.".to_owned()),
            Self::Unreadable => {
                Some("NATS does not say whether automation is paused, so it is as good as paused.".to_owned())
            }
        }
    }

    /// Why a command that was approved at a version of the switch may not be carried out; `None` when it may.
    pub fn refuses(&self, approved_at_version: u64) -> Option<String> {
        match self {
            Self::Running(automation) if automation.version == approved_at_version => None,
            Self::Running(_) => {
                Some("automation was paused after it had been approved: approve it again".to_owned())
            }
            Self::Paused(_) | Self::Unset | Self::Unreadable => self.why_not(),
        }
    }
}

/// Who paused it, when and why.
fn sentence(automation: &Automation) -> String {
    let Automation { changed_by, changed_at, reason, .. } = automation;
    let at = changed_at.and_then(|at| DateTime::<Utc>::try_from(at).ok());
    let at =
        at.map(|at| format!(" at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))).unwrap_or_default();
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("Automation is paused: {changed_by} did that{at}{because}")
}

impl Value for Automation {
    type Bucket = Book;

    fn key(&self) -> &str {
        KEY
    }

    fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    fn gone(entry: &Entry) -> Self {
        Self {
            state: AutomationState::Paused.into(),
            version: entry.revision,
            changed_by: "a NATS client".to_owned(),
            changed_at: Some(entry.changed_at.into()),
            reason: "its key was deleted, or cannot be read".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(state: AutomationState, version: u64) -> Switch {
        Switch::of(Some(Automation {
            state: state.into(),
            version,
            changed_by: "ana".to_owned(),
            changed_at: Some(pbjson_types::Timestamp { seconds: 1_790_000_000, nanos: 0 }),
            reason: "an action storm".to_owned(),
        }))
    }

    #[test]
    fn only_the_version_that_a_command_was_approved_at_carries_it_out() {
        let running = kept(AutomationState::Running, 7);
        assert_eq!(running.refuses(7), None);
        for version in [0, 6, 8] {
            assert!(running.refuses(version).unwrap().contains("approve it again"), "{version}");
        }
        for switch in [
            kept(AutomationState::Paused, 7),
            kept(AutomationState::Unspecified, 7),
            Switch::of(None),
            Switch::Unreadable,
        ] {
            assert!(switch.refuses(7).is_some() && switch.why_not().is_some(), "{switch:?}");
        }
    }

    #[test]
    fn a_pause_says_who_when_and_why() {
        let why = kept(AutomationState::Paused, 7).why_not().unwrap();
        assert_eq!(why, "Automation is paused: ana did that at 2026-09-21T14:13:20Z: an action storm");
    }
}
