//! Dead letters: messages that a consumer could not handle, kept with their bytes, their headers and the reason, so that a person
//! can look at them, mend what was wrong, and send them again.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;

use crate::{Bus, Delivery, StreamError, headers, streams, subjects, survey};

/// When the dead letter itself could not be stored.
pub(crate) const STORE_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Headers of the original that travel along.
const KEPT: [&str; 6] = [
    headers::MESSAGE_ID,
    headers::ORIGINAL_ID,
    headers::CONTENT_TYPE,
    headers::MESSAGE_TYPE,
    headers::SIMULATION,
    headers::TRACEPARENT,
];

/// A message that could not be handled.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its number among the dead letters.
    pub sequence: u64,
    /// When it was put aside.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Subject it was published on.
    pub subject: String,
    /// Stream it lies in.
    pub stream: String,
    /// Its sequence number there.
    pub stream_sequence: u64,
    /// Consumer that gave up.
    pub consumer: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Full name of the message according to its header.
    pub message_type: String,
    /// Id of the first publish.
    pub message_id: String,
    /// The bytes.
    pub payload: Bytes,
    headers: HeaderMap,
}

/// Why a dead letter cannot be shown or sent again.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// There is none with that number.
    #[error("there is no dead letter {sequence}: `microcloud dlq list` shows them")]
    NotFound {
        /// The number.
        sequence: u64,
    },
    /// It was sent again before.
    #[error("dead letter {sequence} was replayed already: a second replay would change nothing")]
    AlreadyReplayed {
        /// The number.
        sequence: u64,
    },
    /// The stream is not there.
    #[error("the server has no stream {DLQ}: the next start of a service makes it, empty", DLQ = streams::DLQ)]
    NoStream,
    /// The stream could not be used.
    #[error("cannot read the dead letters")]
    Stream(#[source] StreamError),
    /// It could not be published.
    #[error("cannot publish dead letter {sequence} on {subject}")]
    Publish {
        /// The number.
        sequence: u64,
        /// Subject.
        subject: String,
        /// Cause.
        #[source]
        source: async_nats::jetstream::context::PublishError,
    },
}

/// Stores a dead letter; storing the same one twice keeps one.
pub(crate) async fn store(
    bus: &Bus,
    stream: &str,
    consumer: &str,
    delivery: &Delivery,
    reason: &str,
) -> Result<(), async_nats::jetstream::context::PublishError> {
    let mut map = HeaderMap::new();
    for (name, values) in delivery.headers.iter() {
        if KEPT.contains(&name.to_string().as_str()) && name.to_string() != headers::MESSAGE_ID {
            for value in values {
                map.append(name.clone(), value.clone());
            }
        }
    }
    map.insert(headers::ORIGINAL_ID, delivery.id.as_str());
    map.insert(headers::DEAD_REASON, one_line(reason).as_str());
    map.insert(headers::DEAD_SUBJECT, delivery.subject.as_str());
    map.insert(headers::DEAD_STREAM, stream);
    map.insert(headers::DEAD_SEQUENCE, delivery.stream_sequence.to_string().as_str());
    map.insert(headers::DEAD_CONSUMER, consumer);
    map.insert(headers::DEAD_ATTEMPTS, delivery.attempt.to_string().as_str());
    let message = PublishMessage::build()
        .payload(delivery.payload.clone())
        .headers(map)
        .message_id(format!("{stream}:{consumer}:{}", delivery.stream_sequence));
    bus.jetstream().send_publish(subjects::dead_letters_of(stream), message).await?.await?;
    Ok(())
}

/// Dead letters, oldest first, at most `limit`.
///
/// # Errors
/// When the stream cannot be read.
pub async fn list(bus: &Bus, limit: usize) -> Result<Vec<DeadLetter>, DeadLetterError> {
    let stream = stream(bus).await?;
    let numbers = numbers(&stream);
    gather(&stream, numbers, limit).await
}

/// Dead letters, newest first, at most `limit`.
///
/// # Errors
/// When the stream cannot be read.
pub async fn newest(bus: &Bus, limit: usize) -> Result<Vec<DeadLetter>, DeadLetterError> {
    let stream = stream(bus).await?;
    let numbers = numbers(&stream);
    gather(&stream, numbers.rev(), limit).await
}

/// How many there are, by the stream that they came from.
///
/// # Errors
/// When the stream cannot be read.
pub async fn counts(bus: &Bus) -> Result<BTreeMap<String, u64>, DeadLetterError> {
    let stream = stream(bus).await?;
    let counts = stream.info_with_subjects(subjects::dead_letters_of(">")).await;
    let counts = counts.map_err(|source| unreadable(source.into()))?;
    let counts: Vec<(String, usize)> =
        counts.try_collect().await.map_err(|source| unreadable(source.into()))?;
    let prefix = subjects::dead_letters_of("");
    let source = |subject: &str| subject.strip_prefix(&prefix).unwrap_or(subject).to_owned();
    Ok(counts.into_iter().map(|(subject, letters)| (source(&subject), letters as u64)).collect())
}

/// Numbers that dead letters may have. An empty stream says that its first message is number 0, which no message ever is.
fn numbers(stream: &Stream) -> RangeInclusive<u64> {
    let state = &stream.cached_info().state;
    state.first_sequence.max(1)..=state.last_sequence
}

async fn gather(
    stream: &Stream,
    numbers: impl Iterator<Item = u64>,
    limit: usize,
) -> Result<Vec<DeadLetter>, DeadLetterError> {
    let mut letters = Vec::new();
    for sequence in numbers {
        if letters.len() >= limit {
            break;
        }
        match read(stream, sequence).await {
            Ok(letter) => letters.push(letter),
            Err(DeadLetterError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(letters)
}

/// One dead letter.
///
/// # Errors
/// When there is none with that number, or the stream cannot be read.
pub async fn show(bus: &Bus, sequence: u64) -> Result<DeadLetter, DeadLetterError> {
    read(&stream(bus).await?, sequence).await
}

/// Publishes a dead letter on its subject again, once. Consumers that had handled it know its id and do nothing.
///
/// # Errors
/// When there is none with that number, it was replayed before, or the publish failed.
pub async fn replay(bus: &Bus, sequence: u64) -> Result<(), DeadLetterError> {
    let letter = show(bus, sequence).await?;
    let mut map = HeaderMap::new();
    for (name, values) in letter.headers.iter() {
        if KEPT.contains(&name.to_string().as_str()) && name.to_string() != headers::MESSAGE_ID {
            for value in values {
                map.append(name.clone(), value.clone());
            }
        }
    }
    map.insert(headers::ORIGINAL_ID, letter.message_id.as_str());
    // The number is never used twice, so the id of the replay outlives every duplicate window together with the check below.
    let message = PublishMessage::build()
        .payload(letter.payload.clone())
        .headers(map)
        .message_id(format!("dlq-replay:{sequence}"));
    let failed = |source| DeadLetterError::Publish { sequence, subject: letter.subject.clone(), source };
    let acknowledgement =
        bus.jetstream().send_publish(letter.subject.clone(), message).await.map_err(failed)?;
    let published = acknowledgement.await.map_err(failed)?;
    if published.duplicate {
        return Err(DeadLetterError::AlreadyReplayed { sequence });
    }
    // Gone from the list: it is no longer dead. A crash before this line leaves it listed, and inboxes absorb a second replay.
    let removed = stream(bus).await?.delete_message(sequence).await;
    removed.map_err(|source| unreadable(source.into()))?;
    Ok(())
}

async fn stream(bus: &Bus) -> Result<Stream, DeadLetterError> {
    bus.jetstream().get_stream(streams::DLQ).await.map_err(|source| {
        if survey::is_missing(&source.kind()) { DeadLetterError::NoStream } else { unreadable(source.into()) }
    })
}

fn unreadable(source: async_nats::Error) -> DeadLetterError {
    DeadLetterError::Stream(StreamError::Stream { stream: streams::DLQ.to_owned(), source })
}

async fn read(stream: &Stream, sequence: u64) -> Result<DeadLetter, DeadLetterError> {
    let message = stream.get_raw_message(sequence).await.map_err(|error| match error.kind() {
        RawMessageErrorKind::NoMessageFound => DeadLetterError::NotFound { sequence },
        _ => DeadLetterError::Stream(StreamError::Read {
            stream: streams::DLQ.to_owned(),
            sequence,
            source: error.into(),
        }),
    })?;
    let header =
        |name: &str| message.headers.get(name).map(|value| value.as_str().to_owned()).unwrap_or_default();
    Ok(DeadLetter {
        sequence,
        at: survey::instant(message.time).unwrap_or_default(),
        reason: header(headers::DEAD_REASON),
        subject: header(headers::DEAD_SUBJECT),
        stream: header(headers::DEAD_STREAM),
        stream_sequence: header(headers::DEAD_SEQUENCE).parse().unwrap_or_default(),
        consumer: header(headers::DEAD_CONSUMER),
        attempts: header(headers::DEAD_ATTEMPTS).parse().unwrap_or_default(),
        message_type: header(headers::MESSAGE_TYPE),
        message_id: header(headers::ORIGINAL_ID),
        payload: message.payload.clone(),
        headers: message.headers,
    })
}

/// Headers cannot hold line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
