//! What the buckets have in common: values under keys, changed by compare-and-set.

use bus::bucket::{Contents, Entry, Standing};
use bus::{Bus, Outgoing, PublishError, StreamError};
use prost::{Message, Name};

/// Everything that a bucket holds, at one moment.
pub trait Bucket: Sized + Send + Sync + 'static {
    /// Name of its stream.
    const STREAM: &'static str;
    /// Subjects of its keys; ends with `>`.
    const SUBJECTS: &'static str;
    /// What it is full of, for the log.
    const WHAT: &'static str;

    /// Reads what it holds.
    fn of(contents: Contents) -> Self;
    /// As it is before anything was ever kept.
    fn initial() -> Self;
    /// How far it was.
    fn standing(&self) -> Standing;
    /// Whether it is complete: not while a new one is being filled.
    fn is_whole(&self) -> bool;
}

/// Reads a whole bucket.
pub(crate) async fn read<B: Bucket>(bus: &Bus) -> Result<B, StreamError> {
    // On the heap: what reads a stream is large, and is made seldom.
    Ok(B::of(Box::pin(bus.bucket(B::STREAM, B::SUBJECTS)).await?))
}

/// A value that is kept under a key of its own.
pub trait Value: Message + Name + Default + Clone {
    /// The bucket that it is kept in.
    type Bucket: Bucket;

    /// Its key.
    fn key(&self) -> &str;
    /// The same at another version.
    #[must_use]
    fn at_version(self, version: u64) -> Self;
    /// A key that some other program deleted.
    #[must_use]
    fn gone(entry: &Entry) -> Self;

    /// Subject of a key.
    fn subject(key: &str) -> String {
        format!("{}{key}", Self::Bucket::SUBJECTS.trim_end_matches('>'))
    }
}

/// Something in a bucket that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its key.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

/// A value as it is kept under its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<V> {
    /// The value, deleted or not.
    pub value: V,
    /// Id of its last change.
    pub change_id: String,
}

impl<V: Value> Kept<V> {
    /// Reads one value; `None` when there never was one under that key.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn read(bus: &Bus, key: &str) -> Result<Option<Self>, StreamError> {
        let entry = bus.bucket_entry(V::Bucket::STREAM, &V::subject(key)).await?;
        Ok(entry.map(|entry| Self { value: value_or_gone(&entry), change_id: entry.change_id }))
    }
}

/// The value in an entry. What cannot be read is as good as deleted: it may be written over.
pub(crate) fn value_or_gone<V: Value>(entry: &Entry) -> V {
    value(entry).unwrap_or_else(|_unreadable| V::gone(entry))
}

/// The value in an entry, or why it cannot be read.
pub(crate) fn value<V: Value>(entry: &Entry) -> Result<V, String> {
    let Some(bytes) = entry.value.clone() else { return Ok(V::gone(entry)) };
    let value = V::decode(bytes).map_err(|error| error.to_string())?;
    if value.key() == entry.key {
        Ok(value.at_version(entry.revision))
    } else {
        Err("what is in it has another name than its key".to_owned())
    }
}

/// A change to make.
#[derive(Debug, Clone)]
pub struct Change<V> {
    /// The value as it is to be. Its version does not matter.
    pub value: V,
    /// Version that the key must have; 0 when there must be none.
    pub expected_version: u64,
    /// Made twice with the same id, the change happens once.
    pub id: String,
    /// Trace that it belongs to.
    pub traceparent: Option<String>,
}

/// Makes a change, and returns the value with its new version.
///
/// # Errors
/// [`PublishError::Fenced`] when the key is not at the expected version; otherwise as for every publish.
pub async fn put<V: Value>(bus: &Bus, change: Change<V>) -> Result<V, PublishError> {
    let Change { value, expected_version, id, traceparent } = change;
    let kept = value.clone().at_version(0);
    let mut message = Outgoing::message(V::subject(value.key()), id, "", &kept);
    message.expected_last_subject_sequence = Some(expected_version);
    message.traceparent = traceparent;
    let published = bus.publish(&message).await?;
    Ok(value.at_version(published.stream_sequence))
}
