//! Durable pull consumers that go on through heartbeats missed, connections lost, consumers deleted and servers restarted.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{self, MessagesErrorKind};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use futures::{FutureExt as _, StreamExt as _};
use tokio_util::sync::CancellationToken;

use crate::delivery::{self, Delivery, Origin, Source};
use crate::{Bus, StreamError};

/// The server says that it is alive this often; two missed are noticed.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long one pull request waits at the server.
pub(crate) const EXPIRES: Duration = Duration::from_secs(5);
/// First pause before a broken consumer is opened again; doubles, with jitter, up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The server may restart while a service starts; settings that it refuses are refused again and again.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);

/// Which messages, and how patiently.
#[derive(Debug, Clone)]
pub struct ConsumerSpec {
    /// Stream to read.
    pub stream: String,
    /// Name under which the server remembers how far it came.
    pub durable: String,
    /// Only these subjects; all when empty.
    pub filters: Vec<String>,
    /// A message that is not answered within this comes again.
    pub ack_wait: Duration,
    /// Messages delivered and not yet answered; the server waits beyond.
    pub max_ack_pending: i64,
    /// Messages of one pull request, at most 256.
    pub max_batch: usize,
}

impl ConsumerSpec {
    /// The usual settings: everything that the stream keeps.
    pub fn durable(stream: impl Into<String>, durable: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            durable: durable.into(),
            filters: Vec::new(),
            ack_wait: Duration::from_secs(10),
            max_ack_pending: 1_024,
            max_batch: 256,
        }
    }

    fn config(&self) -> pull::Config {
        pull::Config {
            durable_name: Some(self.durable.clone()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait,
            // Giving up is our own decision, with a dead letter; the server never drops.
            max_deliver: -1,
            filter_subjects: self.filters.clone(),
            replay_policy: ReplayPolicy::Instant,
            max_ack_pending: self.max_ack_pending,
            num_replicas: 0,
            ..pull::Config::default()
        }
    }
}

/// A durable consumer. One task reads it.
pub struct Consumer {
    bus: Bus,
    /// What every delivery needs in order to be answered.
    source: Arc<Source>,
    spec: ConsumerSpec,
    token: CancellationToken,
    messages: Option<pull::Stream>,
    pauses: ExponentialBackoff,
    /// Whether a message came since the consumer was last opened.
    calm: bool,
}

impl Consumer {
    /// Binds the consumer, creating it (and its stream) if it is not there.
    ///
    /// # Errors
    /// When the server refuses the settings.
    pub async fn open(bus: &Bus, spec: ConsumerSpec, token: CancellationToken) -> Result<Self, StreamError> {
        let give_up_at = tokio::time::Instant::now() + OPEN_PATIENCE;
        let mut pauses = pauses();
        let messages = loop {
            match messages(bus, &spec).await {
                Ok(messages) => break messages,
                Err(error) if token.is_cancelled() || tokio::time::Instant::now() > give_up_at => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(stream = spec.stream, consumer = spec.durable, %error, "consumer cannot be opened yet");
                    tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
                }
            }
        };
        let (stream, consumer) = (spec.stream.clone(), spec.durable.clone());
        let source = Arc::new(Source { bus: bus.clone(), stream, consumer });
        Ok(Self {
            bus: bus.clone(),
            source,
            spec,
            token,
            messages: Some(messages),
            pauses: self::pauses(),
            calm: true,
        })
    }

    /// Cancelled at shutdown.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Half of the time after which an unanswered message comes again.
    pub(crate) fn keep_alive(&self) -> Duration {
        self.spec.ack_wait / 2
    }

    /// The next message; None only at shutdown.
    pub async fn next(&mut self) -> Option<Delivery> {
        let token = self.token.clone();
        tokio::select! {
            biased;
            () = token.cancelled() => None,
            delivery = self.wait() => Some(delivery),
        }
    }

    /// Up to `max` messages: returns when that many are there, or `max_age` after the first one came. None only at shutdown.
    pub async fn next_batch(&mut self, max: usize, max_age: Duration) -> Option<Vec<Delivery>> {
        let mut batch = vec![self.next().await?];
        let mut over = pin!(tokio::time::sleep(max_age));
        while batch.len() < max {
            // A timer and a look at the shutdown for every message would cost more than the message.
            if let Some(delivery) = self.wait().now_or_never() {
                batch.push(delivery);
                continue;
            }
            tokio::select! {
                biased;
                // Shutdown or age: what is there is worth handling.
                () = &mut over => break,
                delivery = self.next() => match delivery {
                    Some(delivery) => batch.push(delivery),
                    None => break,
                },
            }
        }
        Some(batch)
    }

    /// Safe to cancel: a message is taken from the stream only when it is returned.
    async fn wait(&mut self) -> Delivery {
        loop {
            let Some(stream) = &mut self.messages else {
                self.reopen().await;
                continue;
            };
            match stream.next().await {
                Some(Ok(message)) => {
                    if !self.calm {
                        (self.pauses, self.calm) = (pauses(), true);
                    }
                    let source = self.source.clone();
                    let origin = |message| Origin::Consumer { source, message };
                    match delivery::from_message(message, origin) {
                        Ok(delivery) => return delivery,
                        Err(error) => {
                            tracing::warn!(%error, "a message without JetStream metadata was skipped");
                        }
                    }
                }
                Some(Err(error)) => match error.kind() {
                    MessagesErrorKind::MissingHeartbeat
                    | MessagesErrorKind::Pull
                    | MessagesErrorKind::NoResponders
                    | MessagesErrorKind::Other
                    | MessagesErrorKind::ConsumerDeleted
                    | MessagesErrorKind::PushBasedConsumer
                    | MessagesErrorKind::RequestLimitExceeded => {
                        let (stream, consumer) = (&self.spec.stream, &self.spec.durable);
                        tracing::warn!(stream, consumer, %error, "consumer interrupted, opening it again");
                        self.messages = None;
                    }
                },
                None => self.messages = None,
            }
        }
    }

    async fn reopen(&mut self) {
        self.calm = false;
        tokio::time::sleep(self.pauses.next().unwrap_or(LONGEST_PAUSE)).await;
        match messages(&self.bus, &self.spec).await {
            Ok(messages) => {
                tracing::info!(stream = self.spec.stream, consumer = self.spec.durable, "consumer is open");
                self.messages = Some(messages);
            }
            Err(error) => {
                let (stream, consumer) = (&self.spec.stream, &self.spec.durable);
                tracing::debug!(stream, consumer, %error, "consumer cannot be opened yet");
            }
        }
    }
}

async fn messages(bus: &Bus, spec: &ConsumerSpec) -> Result<pull::Stream, StreamError> {
    let failed = |source: async_nats::Error| StreamError::Consumer {
        stream: spec.stream.clone(),
        consumer: spec.durable.clone(),
        source,
    };
    let stream = match bus.jetstream().get_stream(&spec.stream).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(stream = spec.stream, %error, "the stream does not answer");
            bus.provision_stream(&spec.stream).await?;
            bus.jetstream().get_stream(&spec.stream).await.map_err(|source| failed(source.into()))?
        }
    };
    // Updates a consumer of older settings; one that is the same stays as it is.
    let consumer = stream.create_consumer(spec.config()).await.map_err(|source| failed(source.into()))?;
    consumer
        .stream()
        .max_messages_per_batch(spec.max_batch)
        .heartbeat(HEARTBEAT)
        .expires(EXPIRES)
        .messages()
        .await
        .map_err(|source| failed(source.into()))
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
        .without_max_times()
        .build()
}
