//! The bucket `OPS_POLICIES`: the [`switch`] of automation, and the approval policies.

use bus::bucket::{Contents, Entry, Standing};
use bus::{streams, subjects};
use proto::ops::v1::{ApprovalPolicies, ApprovalPolicy, Automation};

use crate::kept::{self, Bucket, Value};
use crate::switch::{self, Switch};

/// The key of the approval policies.
pub const KEY: &str = "approval";

/// What the bucket holds, as far as others than the orchestrator go by it.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    standing: Standing,
    automation: Option<Automation>,
}

impl Bucket for Book {
    const STREAM: &'static str = streams::OPS_POLICIES;
    const SUBJECTS: &'static str = subjects::OPS_POLICIES;
    const WHAT: &'static str = "policies";

    fn of(contents: Contents) -> Self {
        let Contents { standing, entries } = contents;
        let mut book = Self { standing, automation: None };
        for entry in entries.iter().filter(|entry| entry.key == switch::KEY) {
            book.automation = Some(kept::value_or_gone(entry));
        }
        book
    }

    fn initial() -> Self {
        Self { standing: Standing { made_at_ns: 0, revision: 0 }, automation: None }
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    /// An empty bucket says that nothing may be done.
    fn is_whole(&self) -> bool {
        true
    }
}

impl Book {
    /// The switch as it was when the bucket was read.
    pub fn switch(&self) -> Switch {
        Switch::of(self.automation.clone())
    }
}

impl Value for ApprovalPolicies {
    type Bucket = Book;

    fn key(&self) -> &str {
        KEY
    }

    fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// A policy that is none: nobody can go by it, and that is told.
    fn gone(entry: &Entry) -> Self {
        Self {
            policies: vec![ApprovalPolicy::default()],
            version: entry.revision,
            changed_by: "a NATS client".to_owned(),
            changed_at: Some(entry.changed_at.into()),
            reason: "the key was deleted, or cannot be read".to_owned(),
        }
    }
}
