//! What the server holds and how far the readers are, for people who look after it.

use async_nats::datetime;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::Stream;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use futures::future;

use crate::streams::{self, Spec};
use crate::{Bus, StreamError};

/// A stream of Microcloud.
#[derive(Debug, Clone)]
pub struct StreamSurvey {
    /// Name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Most bytes that it may take.
    pub max_bytes: u64,
    /// Whether it refuses new messages when it is full, or lets go of the oldest.
    pub refuses_when_full: bool,
    /// Longest that it keeps a message, s; 0: until it is purged.
    pub max_age_s: u64,
    /// What is in it; `None` when the server has no such stream.
    pub held: Option<Held>,
}

/// What a stream holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// Messages.
    pub messages: u64,
    /// Bytes.
    pub bytes: u64,
    /// Sequence number of the last message ever; 0: there never was one.
    pub last_sequence: u64,
    /// When the oldest and the newest message were stored; `None` when it is empty.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Durable readers, by name.
    pub consumers: Vec<ConsumerSurvey>,
}

/// A durable reader.
#[derive(Debug, Clone)]
pub struct ConsumerSurvey {
    /// Name.
    pub name: String,
    /// Messages that it has not been given yet.
    pub waiting: u64,
    /// Messages given and not acknowledged.
    pub in_flight: u64,
    /// Those of them that it was given more than once.
    pub redelivered: u64,
    /// When it last acknowledged one since the server started.
    pub last_acknowledged: Option<DateTime<Utc>>,
    /// Whether somebody asks for messages now.
    pub reading: bool,
}

/// Every stream, by name.
///
/// # Errors
/// When the server does not answer; a stream that is missing is no error.
pub async fn streams(bus: &Bus) -> Result<Vec<StreamSurvey>, StreamError> {
    let mut surveys = future::try_join_all(streams::SPECS.iter().map(|spec| survey(bus, spec))).await?;
    surveys.sort_by_key(|survey| survey.name);
    Ok(surveys)
}

async fn survey(bus: &Bus, spec: &Spec) -> Result<StreamSurvey, StreamError> {
    let held = match bus.jetstream().get_stream(spec.name).await {
        Ok(stream) => Some(held(&stream).await?),
        Err(error) if is_missing(&error.kind()) => None,
        Err(error) => {
            return Err(StreamError::Stream { stream: spec.name.to_owned(), source: error.into() });
        }
    };
    Ok(StreamSurvey {
        name: spec.name,
        description: spec.description,
        max_bytes: u64::try_from(spec.max_bytes).unwrap_or_default(),
        refuses_when_full: spec.refuses_when_full(),
        max_age_s: spec.max_age.as_secs(),
        held,
    })
}

pub(crate) fn is_missing(kind: &GetStreamErrorKind) -> bool {
    use async_nats::jetstream::ErrorCode;
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

async fn held(stream: &Stream) -> Result<Held, StreamError> {
    let info = stream.cached_info();
    let consumers: Result<Vec<_>, _> = stream.consumers().try_collect().await;
    let consumers = consumers.map_err(|source| StreamError::Consumer {
        stream: info.config.name.clone(),
        consumer: "any".to_owned(),
        source: source.into(),
    })?;
    let durable = consumers.into_iter().filter(|consumer| consumer.config.durable_name.is_some());
    let mut consumers: Vec<ConsumerSurvey> = durable
        .map(|consumer| ConsumerSurvey {
            name: consumer.name,
            waiting: consumer.num_pending,
            in_flight: consumer.num_ack_pending as u64,
            redelivered: consumer.num_redelivered as u64,
            last_acknowledged: consumer.ack_floor.last_active.and_then(instant),
            reading: consumer.num_waiting > 0,
        })
        .collect();
    consumers.sort_by(|a, b| a.name.cmp(&b.name));
    let state = &info.state;
    let span = (state.messages > 0)
        .then(|| instant(state.first_timestamp).zip(instant(state.last_timestamp)))
        .flatten();
    Ok(Held {
        messages: state.messages,
        bytes: state.bytes,
        last_sequence: state.last_sequence,
        span,
        consumers,
    })
}

/// The time of the server's answers as everybody else has it.
pub(crate) fn instant(time: datetime::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.unix_timestamp(), time.nanosecond())
}
