//! Publishing: every acknowledgement is awaited, and an unknown outcome is retried with the same id.

use async_nats::HeaderMap;
use async_nats::connection::State;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::subject::SubjectError;
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
        map.insert(
            headers::TRACEPARENT,
            self.traceparent.as_deref().map_or_else(trace::new, str::to_owned).as_str(),
        );
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
        let mut published = [None];
        self.publish_window(std::slice::from_ref(message), &mut published).await?;
        let [published] = published;
        published.ok_or_else(|| self.unknown(message, PublishErrorKind::Other.into()))
    }

    /// Publishes many in order, pipelined, and awaits every acknowledgement. The results are in the order of the messages;
    /// after the first error no more are sent.
    ///
    /// # Errors
    /// That of a message that failed; later ones may be stored.
    pub async fn publish_all(&self, messages: &[Outgoing]) -> Result<Vec<Published>, PublishError> {
        let mut published = vec![None; messages.len()];
        for (messages, published) in messages.chunks(IN_FLIGHT).zip(published.chunks_mut(IN_FLIGHT)) {
            self.publish_window(messages, published).await?;
        }
        Ok(published.into_iter().flatten().collect())
    }

    /// Sends all that are not acknowledged, in order, then awaits all acknowledgements at once, and again while some are unknown.
    /// Returns Ok when every place of `published` is filled.
    async fn publish_window(
        &self,
        messages: &[Outgoing],
        published: &mut [Option<Published>],
    ) -> Result<(), PublishError> {
        let deadline = tokio::time::Instant::now() + self.publish_deadline;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(SHORTEST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .without_max_times()
            .build();
        loop {
            let Some((message, error)) = self.publish_round(messages, published).await? else {
                return Ok(());
            };
            tracing::debug!(subject = message.subject, message_id = message.id, %error, "publish unknown, trying again");
            if error.kind() == PublishErrorKind::StreamNotFound
                && let Some(stream) = crate::streams::of_subject(&message.subject)
            {
                tracing::error!(stream, "the stream is gone, creating it again");
                if let Err(error) = self.provision_stream(stream).await {
                    tracing::debug!(stream, %error, "the stream cannot be created yet");
                }
            }
            // While the connection is down the client would queue every attempt, and send them all afterwards.
            loop {
                let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                if tokio::time::Instant::now() + pause > deadline {
                    return Err(self.unknown(message, error));
                }
                tokio::time::sleep(pause).await;
                if self.client().connection_state() == State::Connected {
                    break;
                }
            }
        }
    }

    /// One attempt for every message that has none acknowledged. Returns the first whose outcome is unknown, if any.
    async fn publish_round<'a>(
        &self,
        messages: &'a [Outgoing],
        published: &mut [Option<Published>],
    ) -> Result<Option<(&'a Outgoing, NatsError)>, PublishError> {
        let mut on_their_way = Vec::with_capacity(messages.len());
        let mut unsent = None;
        for (message, published) in messages.iter().zip(published).filter(|(_, done)| done.is_none()) {
            match self.jetstream().send_publish(message.subject.clone(), message.publish()).await {
                Ok(ack) => on_their_way.push(async move { (message, published, ack.await) }),
                // Those behind it would fail in the same way, each after a while.
                Err(error) => {
                    unsent = Some((message, not_refused(message, error)?));
                    break;
                }
            }
        }
        let mut unknown = None;
        for (message, published, outcome) in futures::future::join_all(on_their_way).await {
            let outcome = match outcome {
                Ok(ack) => Ok(Published { stream_sequence: ack.sequence, duplicate: ack.duplicate }),
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                    self.unless_fenced(message, error).await?
                }
                Err(error) => Err(not_refused(message, error)?),
            };
            match outcome {
                Ok(stored) => *published = Some(stored),
                Err(error) => {
                    unknown.get_or_insert((message, error));
                }
            }
        }
        Ok(unknown.or(unsent))
    }

    /// The server looks at the expected sequence before it looks for duplicates: an attempt that was stored, and whose
    /// acknowledgement got lost, makes the next one look like another writer's. The last message of the subject tells.
    async fn unless_fenced(
        &self,
        message: &Outgoing,
        error: NatsError,
    ) -> Result<Result<Published, NatsError>, PublishError> {
        let Some(expected) = message.expected_last_subject_sequence else {
            return Err(refused(message, error));
        };
        match self.last_of(message).await {
            Ok(Some((id, stream_sequence))) if id == message.id => {
                Ok(Ok(Published { stream_sequence, duplicate: true }))
            }
            Ok(_) => Err(PublishError::Fenced { subject: message.subject.clone(), expected }),
            Err(look_up) => {
                tracing::debug!(subject = message.subject, error = %look_up, "cannot tell who wrote last");
                Ok(Err(error))
            }
        }
    }

    /// Id and sequence of the last message of the subject.
    async fn last_of(&self, message: &Outgoing) -> Result<Option<(String, u64)>, async_nats::Error> {
        let Some(stream) = crate::streams::of_subject(&message.subject) else { return Ok(None) };
        let stream = self.jetstream().get_stream_no_info(stream).await?;
        match stream.get_last_raw_message_by_subject(&message.subject).await {
            Ok(last) => {
                let id = last.headers.get(headers::MESSAGE_ID).map(ToString::to_string).unwrap_or_default();
                Ok(Some((id, last.sequence)))
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn unknown(&self, message: &Outgoing, source: NatsError) -> PublishError {
        PublishError::Unknown {
            subject: message.subject.clone(),
            id: message.id.clone(),
            deadline: self.publish_deadline,
            source,
        }
    }
}

type NatsError = async_nats::jetstream::context::PublishError;

/// The error again when the outcome is unknown or may change: try again with the same id.
fn not_refused(message: &Outgoing, error: NatsError) -> Result<NatsError, PublishError> {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence => Err(refused(message, error)),
        PublishErrorKind::Other if is_hopeless(&error) => Err(refused(message, error)),
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::Other => Ok(error),
    }
}

fn refused(message: &Outgoing, source: NatsError) -> PublishError {
    PublishError::Refused { subject: message.subject.clone(), id: message.id.clone(), source }
}

/// A full disk or a full stream may have room again in a moment; a message that is too large, or a subject that is none, stays so.
fn is_hopeless(error: &NatsError) -> bool {
    std::error::Error::source(error).is_some_and(|source| {
        source.is::<SubjectError>()
            || source
                .downcast_ref::<async_nats::jetstream::Error>()
                .is_some_and(|error| error.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)
    })
}
