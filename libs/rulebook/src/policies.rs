//! The bucket `OPS_POLICIES`: the [`switch`](crate::switch) of automation.

use bus::bucket::{Contents, Standing};
use bus::{streams, subjects};
use proto::ops::v1::Automation;

use crate::kept::{self, Bucket};
use crate::switch::{self, Switch};

/// What the bucket holds.
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
