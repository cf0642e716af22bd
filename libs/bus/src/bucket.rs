//! Reading a key-value bucket: what every key is now. Writing is publishing on the key's subject, with the expected sequence of its
//! last message for compare-and-set.

use std::time::Duration;

use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::{Bus, From, StreamError, headers};

/// Longest silence while the keys are read. The server answers in milliseconds, or is away.
const SILENCE: Duration = Duration::from_secs(5);

/// What a bucket holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// How far it was when it was read.
    pub standing: Standing,
    /// The newest entry of every key, oldest first.
    pub entries: Vec<Entry>,
}

/// A key as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Number of the change, counted over the whole bucket: the sequence of its message.
    pub revision: u64,
    /// Id of that message: the same change has the same.
    pub change_id: String,
    /// When the server stored it.
    pub changed_at: DateTime<Utc>,
    /// The value; `None` when a NATS client deleted the key.
    pub value: Option<Bytes>,
}

/// How far a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When the bucket was made, nanoseconds since the Unix epoch: tells one from another of the same name.
    pub made_at_ns: i128,
    /// Revision of the newest change; 0 when there was none.
    pub revision: u64,
}

impl Bus {
    /// How far a bucket is, by the name of its stream.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn bucket_standing(&self, stream: &str) -> Result<Standing, StreamError> {
        let info = self.jetstream().get_stream(stream).await.map_err(|error| failed(stream, error.into()))?;
        let info = info.cached_info();
        Ok(Standing {
            made_at_ns: info.created.unix_timestamp_nanos(),
            revision: if info.state.messages == 0 { 0 } else { info.state.last_sequence },
        })
    }

    /// Reads one key of a bucket, by its subject; `None` when it never had a value.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn bucket_entry(&self, stream: &str, subject: &str) -> Result<Option<Entry>, StreamError> {
        let found = self.jetstream().get_stream_no_info(stream).await;
        let found = found.map_err(|error| failed(stream, error.into()))?;
        let message = match found.get_last_raw_message_by_subject(subject).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(failed(stream, error.into())),
        };
        let time = message.time;
        let header = |name: &str| message.headers.get(name).map(ToString::to_string);
        Ok(Some(Entry {
            key: subject.rsplit('.').next().unwrap_or(subject).to_owned(),
            revision: message.sequence,
            change_id: header(headers::MESSAGE_ID).unwrap_or_default(),
            changed_at: DateTime::from_timestamp(time.unix_timestamp(), time.nanosecond())
                .unwrap_or_default(),
            value: header(headers::KV_OPERATION).is_none().then_some(message.payload),
        }))
    }

    /// Reads every key of a bucket. `stream` is the bucket's stream; `subjects` matches its keys and ends with `>`.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn bucket(&self, stream: &str, subjects: &str) -> Result<Contents, StreamError> {
        let standing = self.bucket_standing(stream).await?;
        let mut contents = Contents { standing, entries: Vec::new() };
        if standing.revision == 0 {
            return Ok(contents);
        }
        let prefix = subjects.trim_end_matches('>');
        let mut tail = self.tail(stream, subjects, From::LastPerSubject, CancellationToken::new()).await?;
        // The last message of the stream is the last one of its subject.
        loop {
            let next = tokio::time::timeout(SILENCE, tail.next()).await.ok().flatten();
            let message = next.ok_or_else(|| failed(stream, "the server stopped answering".into()))?;
            let revision = message.stream_sequence;
            contents.standing.revision = revision;
            contents.entries.push(Entry {
                key: message.subject.strip_prefix(prefix).unwrap_or(&message.subject).to_owned(),
                revision,
                change_id: message.id,
                changed_at: message.published_at,
                value: message.headers.get(headers::KV_OPERATION).is_none().then_some(message.payload),
            });
            if revision >= standing.revision {
                return Ok(contents);
            }
        }
    }
}

fn failed(stream: &str, source: async_nats::Error) -> StreamError {
    StreamError::Stream { stream: stream.to_owned(), source }
}
