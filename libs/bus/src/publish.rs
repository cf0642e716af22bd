//! Publishing: every acknowledgement is awaited, and an unknown outcome is retried with the same id.

use async_nats::HeaderMap;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use bytes::Bytes;
use std::time::Duration;

use crate::{Bus, headers, trace};

/// First pause before an unknown publish is tried again; doubles, with jitter, up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Publishes of one `publish_all` on their way at once.
const IN_FLIGHT: usize = 256;

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub subject: String,
    /// Deduplication id: the same message always has the same.
    pub id: String,
    /// Full name of the message, for example `ops.v1.Incident`.
    pub message_type: String,
    /// Simulation it belongs to.
    pub simulation_id: String,
    /// Trace it continues; a new one begins when None.
    pub traceparent: Option<String>,
    /// Refused unless this is the sequence of the last message of the subject: fences a second writer.
    pub expected_last_subject_sequence: Option<u64>,
    /// The encoded message.
    pub payload: Bytes,
}

impl Outgoing {
    /// Encodes a message.
    pub fn message<M: prost::Message + prost::Name>(
        subject: impl Into<String>,
        id: impl Into<String>,
        simulation_id: impl Into<String>,
        message: &M,
    ) -> Self {
        Self {
            subject: subject.into(),
            id: id.into(),
            message_type: M::full_name(),
            simulation_id: simulation_id.into(),
            traceparent: None,
            expected_last_subject_sequence: None,
            payload: message.encode_to_vec().into(),
        }
    }

    /// Continues a trace.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(headers::CONTENT_TYPE, "application/protobuf");
        map.insert(headers::MESSAGE_TYPE, self.message_type.as_str());
        map.insert(headers::SIMULATION, self.simulation_id.as_str());
        map.insert(headers::TRACEPARENT, self.traceparent.clone().unwrap_or_else(trace::new).as_str());
        map
    }

    fn publish(&self) -> PublishMessage {
        let message = PublishMessage::build()
            .payload(self.payload.clone())
            .headers(self.headers())
            .message_id(&self.id);
        match self.expected_last_subject_sequence {
            Some(sequence) => message.expected_last_subject_sequence(sequence),
            None => message,
        }
    }
}

/// An acknowledged publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Where it lies in the stream.
    pub stream_sequence: u64,
    /// Whether the stream had it already.
    pub duplicate: bool,
}

/// Why a message is not in its stream, or not known to be.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The server said no; trying again changes nothing.
    #[error("NATS refused {id} on {subject}")]
    Refused {
        /// Subject.
        subject: String,
        /// Message id.
        id: String,
        /// Cause.
        #[source]
        source: async_nats::jetstream::context::PublishError,
    },
    /// Somebody else wrote to the subject first.
    #[error("another writer was first on {subject}: its last message is not number {expected}")]
    Fenced {
        /// Subject.
        subject: String,
        /// What was expected to be the last sequence.
        expected: u64,
    },
    /// No answer came until the deadline. The message may be stored: retry with the same id.
    #[error(
        "no acknowledgement for {id} on {subject} within {deadline:?}; it may be stored: publish it again with the same id"
    )]
    Unknown {
        /// Subject.
        subject: String,
        /// Message id.
        id: String,
        /// How long it was tried.
        deadline: Duration,
        /// The last failure.
        #[source]
        source: async_nats::jetstream::context::PublishError,
    },
}

impl Bus {
    /// Publishes and awaits the acknowledgement. An unknown outcome is retried with the same id until the deadline.
    ///
    /// # Errors
    /// Refused, fenced, or still unknown at the deadline.
    pub async fn publish(&self, message: &Outgoing) -> Result<Published, PublishError> {
        let first = self.send(message).await;
        self.settle(message, first).await
    }

    /// Publishes many in order, pipelined, and awaits every acknowledgement. The results are in the order of the messages;
    /// at the first error the rest is not waited for.
    ///
    /// # Errors
    /// That of the first message that failed; later ones may be stored.
    pub async fn publish_all(&self, messages: &[Outgoing]) -> Result<Vec<Published>, PublishError> {
        let mut published = Vec::with_capacity(messages.len());
        for chunk in messages.chunks(IN_FLIGHT) {
            let mut on_their_way = Vec::with_capacity(chunk.len());
            for message in chunk {
                on_their_way.push(self.send(message).await);
            }
            for (message, sent) in chunk.iter().zip(on_their_way) {
                published.push(self.settle(message, sent).await?);
            }
        }
        Ok(published)
    }

    async fn send(
        &self,
        message: &Outgoing,
    ) -> Result<PublishAckFuture, async_nats::jetstream::context::PublishError> {
        self.jetstream().send_publish(message.subject.clone(), message.publish()).await
    }

    /// Awaits the acknowledgement of the first attempt, and makes more while the outcome is unknown.
    async fn settle(
        &self,
        message: &Outgoing,
        first: Result<PublishAckFuture, async_nats::jetstream::context::PublishError>,
    ) -> Result<Published, PublishError> {
        let deadline = tokio::time::Instant::now() + self.publish_deadline;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(SHORTEST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .without_max_times()
            .build();
        let mut attempt = first;
        loop {
            let outcome = match attempt {
                Ok(acknowledgement) => acknowledgement.await,
                Err(error) => Err(error),
            };
            let error = match outcome {
                Ok(ack) => return Ok(Published { stream_sequence: ack.sequence, duplicate: ack.duplicate }),
                Err(error) => error,
            };
            if let Some(refusal) = refusal(message, &error) {
                return Err(refusal.unwrap_or(PublishError::Refused {
                    subject: message.subject.clone(),
                    id: message.id.clone(),
                    source: error,
                }));
            }
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            if tokio::time::Instant::now() + pause > deadline {
                return Err(PublishError::Unknown {
                    subject: message.subject.clone(),
                    id: message.id.clone(),
                    deadline: self.publish_deadline,
                    source: error,
                });
            }
            tracing::debug!(subject = message.subject, message_id = message.id, %error, "publish unknown, trying again");
            if error.kind() == PublishErrorKind::StreamNotFound
                && let Some(stream) = crate::streams::of_subject(&message.subject)
                && let Err(error) = self.provision_stream(stream).await
            {
                tracing::debug!(stream, %error, "the stream is gone and cannot be created yet");
            }
            tokio::time::sleep(pause).await;
            attempt = self.send(message).await;
        }
    }
}

/// Outer None: the outcome is unknown or transient, try again. Inner None: a plain refusal.
#[allow(clippy::option_option)] // Two questions in one look at the kind: final or not, and which.
fn refusal(
    message: &Outgoing,
    error: &async_nats::jetstream::context::PublishError,
) -> Option<Option<PublishError>> {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => Some(
            message
                .expected_last_subject_sequence
                .map(|expected| PublishError::Fenced { subject: message.subject.clone(), expected }),
        ),
        PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::WrongLastMessageId => Some(None),
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::Other => None,
    }
}
