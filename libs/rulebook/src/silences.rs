//! Silences and maintenance windows as they are kept: the bucket `OPS_SILENCES`, one key a silence, each value an
//! `ops.v1.Silence`.

use std::collections::BTreeMap;

use bus::bucket::{Contents, Entry, Standing};
use bus::{Bus, StreamError, streams, subjects};
use detect::{MAX_SILENCES, Silences};
use proto::ops::v1::{Silence, SilenceChange};

use crate::kept::{self, Bucket, LeftOut, Value};

mod message;

pub use message::checked;

/// Every silence as it is kept, deleted ones too.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    standing: Standing,
    silences: BTreeMap<String, Silence>,
    unreadable: Vec<LeftOut>,
}

/// The silences to go by.
#[derive(Debug, Clone)]
pub struct InForce {
    /// They.
    pub silences: Silences,
    /// Those that nobody can go by, and why.
    pub left_out: Vec<LeftOut>,
}

impl Bucket for Book {
    const STREAM: &'static str = streams::OPS_SILENCES;
    const SUBJECTS: &'static str = subjects::OPS_SILENCES;
    const WHAT: &'static str = "silences";

    fn of(contents: Contents) -> Self {
        let Contents { standing, entries } = contents;
        let mut book = Self { standing, silences: BTreeMap::new(), unreadable: Vec::new() };
        for entry in entries {
            match kept::value(&entry) {
                Ok(silence) => drop(book.silences.insert(entry.key, silence)),
                Err(why) => book.unreadable.push(LeftOut { name: entry.key, why }),
            }
        }
        book
    }

    fn initial() -> Self {
        let standing = Standing { made_at_ns: 0, revision: 0 };
        Self { standing, silences: BTreeMap::new(), unreadable: Vec::new() }
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    /// An empty bucket says that nothing is silenced.
    fn is_whole(&self) -> bool {
        true
    }
}

impl Book {
    /// Reads the bucket.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn read(bus: &Bus) -> Result<Self, StreamError> {
        kept::read(bus).await
    }

    /// Raised by every change of any silence; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.standing.revision
    }

    /// A silence, deleted or not.
    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.silences.get(id)
    }

    /// Every silence, deleted ones too; those that end last first.
    pub fn silences(&self) -> Vec<&Silence> {
        let mut silences: Vec<&Silence> = self.silences.values().collect();
        silences.sort_by_key(|silence| {
            let end = silence.ends_at.map(|at| (at.seconds, at.nanos));
            (std::cmp::Reverse(end), silence.id.as_str())
        });
        silences
    }

    /// Silences that are not deleted.
    pub fn count(&self) -> usize {
        self.silences.values().filter(|silence| !silence.deleted).count()
    }

    /// The silences to go by. One that nobody understands does not keep the others from it.
    pub fn in_force(&self) -> InForce {
        let mut left_out = self.unreadable.clone();
        let mut silences = Vec::new();
        for silence in self.silences().into_iter().filter(|silence| !silence.deleted) {
            match checked(silence) {
                Err(mistakes) => {
                    left_out.push(LeftOut { name: silence.id.clone(), why: mistakes.to_string() });
                }
                Ok(_) if silences.len() == MAX_SILENCES => {
                    let why = format!("there are more than {MAX_SILENCES} silences");
                    left_out.push(LeftOut { name: silence.id.clone(), why });
                }
                Ok(silence) => silences.push(silence),
            }
        }
        InForce { silences: Silences::new(silences), left_out }
    }
}

impl Value for Silence {
    type Bucket = Book;

    fn key(&self) -> &str {
        &self.id
    }

    fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    fn gone(entry: &Entry) -> Self {
        Self {
            id: entry.key.clone(),
            version: entry.revision,
            deleted: true,
            change: SilenceChange::Deleted.into(),
            changed_by: "a NATS client".to_owned(),
            changed_at: Some(entry.changed_at.into()),
            ..Self::default()
        }
    }
}
