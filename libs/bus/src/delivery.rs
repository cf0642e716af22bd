//! A message as a consumer got it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, AckKind};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{Bus, dead_letters, headers};

/// Why a payload is not the message that was expected. Trying again cannot help.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// The header names another message.
    #[error("expected a {expected}, but Mc-Type says {found}")]
    WrongType {
        /// Full name of the expected message.
        expected: String,
        /// What the header says.
        found: String,
    },
    /// The bytes are not that message.
    #[error("not a valid {expected}")]
    Malformed {
        /// Full name of the expected message.
        expected: String,
        /// Cause.
        #[source]
        source: prost::DecodeError,
    },
}

/// A message on its way through a consumer. It is redelivered until it is settled by [`Delivery::ack`] or
/// [`Delivery::dead_letter`].
#[derive(Debug)]
pub struct Delivery {
    /// Subject it was published on.
    pub subject: String,
    /// Id to remember it by in an inbox: that of the first publish, even for a replayed dead letter.
    pub id: String,
    /// Full name of the message according to its header; empty when it has none.
    pub message_type: String,
    /// Simulation according to its header; empty when it has none.
    pub simulation_id: String,
    /// Trace context.
    pub traceparent: Option<String>,
    /// Position in its stream.
    pub stream_sequence: u64,
    /// How often it was delivered, counted from 1.
    pub attempt: u64,
    /// When the server stored it.
    pub published_at: DateTime<Utc>,
    /// The encoded message.
    pub payload: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) origin: Origin,
}

/// The consumer that a delivery came through.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) bus: Bus,
    pub(crate) stream: String,
    pub(crate) consumer: String,
}

/// Where a delivery came from, and how to answer.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A durable consumer: settle it.
    Consumer { source: Arc<Source>, message: Box<jetstream::Message> },
    /// A reader that acknowledges nothing.
    Tail,
}

impl Delivery {
    /// Decodes the payload, after a look at the type header (a message without one is taken at its word).
    ///
    /// # Errors
    /// Another type, or bytes that are not this message: dead-letter it.
    pub fn decode<M: prost::Message + prost::Name + Default>(&self) -> Result<M, Undecodable> {
        let expected = M::full_name();
        if !self.message_type.is_empty() && self.message_type != expected {
            return Err(Undecodable::WrongType { expected, found: self.message_type.clone() });
        }
        M::decode(self.payload.clone()).map_err(|source| Undecodable::Malformed { expected, source })
    }

    /// Says that it is done. An acknowledgement that gets lost means a redelivery, which the inbox absorbs.
    pub async fn ack(&self) {
        self.answer(AckKind::Ack).await;
    }

    /// Asks for it again later.
    pub async fn retry_after(&self, delay: Duration) {
        self.answer(AckKind::Nak(Some(delay))).await;
    }

    /// Says that work on it goes on, so that it is not redelivered meanwhile.
    pub async fn in_progress(&self) {
        self.answer(AckKind::Progress).await;
    }

    /// Puts it aside for a person, with the reason, and takes it out of the way. Stays unsettled (and comes again) when the dead
    /// letter could not be stored.
    pub async fn dead_letter(&self, reason: &str) {
        let Origin::Consumer { source, .. } = &self.origin else { return };
        let Source { bus, stream, consumer } = &**source;
        tracing::warn!(
            stream,
            consumer,
            sequence = self.stream_sequence,
            attempts = self.attempt,
            reason,
            "dead letter"
        );
        match dead_letters::store(bus, stream, consumer, self, reason).await {
            Ok(()) => self.answer(AckKind::Term).await,
            Err(error) => {
                tracing::error!(stream, consumer, sequence = self.stream_sequence, %error, "cannot store a dead letter");
                self.retry_after(dead_letters::STORE_AGAIN_AFTER).await;
            }
        }
    }

    async fn answer(&self, kind: AckKind) {
        let Origin::Consumer { source, message } = &self.origin else { return };
        let Source { stream, consumer, .. } = &**source;
        if let Err(error) = message.ack_with(kind).await {
            tracing::debug!(stream, consumer, sequence = self.stream_sequence, %error, "answer lost, it will come again");
        }
    }
}

/// Reads the headers and the metadata that JetStream puts into the reply subject.
pub(crate) fn from_message(
    mut message: jetstream::Message,
    origin: impl FnOnce(Box<jetstream::Message>) -> Origin,
) -> Result<Delivery, async_nats::Error> {
    let (stream_sequence, attempt, published_at) = {
        let info = message.info()?;
        let published = info.published;
        let published_at = DateTime::from_timestamp(published.unix_timestamp(), published.nanosecond());
        (info.stream_sequence, u64::try_from(info.delivered).unwrap_or(1), published_at.unwrap_or_default())
    };
    let headers = message.message.headers.take().unwrap_or_default();
    let header = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
    Ok(Delivery {
        subject: message.subject.to_string(),
        // A message without any id is told apart by its place in the stream.
        id: header(headers::ORIGINAL_ID)
            .or_else(|| header(headers::MESSAGE_ID))
            .unwrap_or_else(|| format!("{}#{stream_sequence}", message.subject)),
        message_type: header(headers::MESSAGE_TYPE).unwrap_or_default(),
        simulation_id: header(headers::SIMULATION).unwrap_or_default(),
        traceparent: header(headers::TRACEPARENT),
        stream_sequence,
        attempt,
        published_at,
        payload: message.payload.clone(),
        headers,
        origin: origin(Box::new(message)),
    })
}
