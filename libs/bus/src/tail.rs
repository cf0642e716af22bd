//! Reading a stream without a durable consumer: for caches, rebuilding state, and looking.

use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy};
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::delivery::{self, Delivery, Origin};
use crate::{Bus, StreamError, consume};

/// Between two attempts to open the reader again.
const PAUSE: Duration = Duration::from_millis(250);

/// A consumer that its reader left is removed by the server after this.
const LEFT_BEHIND: Duration = Duration::from_secs(30);
/// Messages of one pull request.
const BATCH: usize = 256;

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Messages from now on.
    New,
    /// The last message of each subject, then new ones.
    LastPerSubject,
    /// This stream sequence and everything after it.
    Sequence(u64),
    /// Everything that the server stored at this moment of its clock or later.
    Time(DateTime<Utc>),
    /// Everything that the stream keeps.
    All,
}

/// An open consumer. The server numbers what it delivers without gaps: a missing number is a lost message.
///
/// Not the client's own ordered consumer: that one forgets where it began when it is interrupted before its first message,
/// and waits for ever on a stream that was deleted and made again.
struct Reading {
    messages: pull::Stream,
    delivered: u64,
}

/// An ordered reader that acknowledges nothing. When the server goes away it goes on after the last message it returned.
pub struct Tail {
    bus: Bus,
    stream: String,
    filter: String,
    from: From,
    last: Option<u64>,
    /// When the stream was created: one of the same name that was created later begins from its first message.
    created: Option<i128>,
    token: CancellationToken,
    messages: Option<Reading>,
}

impl Bus {
    /// Opens a reader on the messages of a stream that match `filter` (a subject, possibly with wildcards).
    ///
    /// # Errors
    /// When the stream does not exist or the server refuses.
    pub async fn tail(
        &self,
        stream: impl Into<String>,
        filter: impl Into<String>,
        from: From,
        token: CancellationToken,
    ) -> Result<Tail, StreamError> {
        let mut tail = Tail {
            bus: self.clone(),
            stream: stream.into(),
            filter: filter.into(),
            from,
            last: None,
            created: None,
            token,
            messages: None,
        };
        tail.messages = Some(tail.open().await?);
        Ok(tail)
    }
}

impl Tail {
    /// The next message; None only at shutdown.
    pub async fn next(&mut self) -> Option<Delivery> {
        let token = self.token.clone();
        tokio::select! {
            biased;
            () = token.cancelled() => None,
            delivery = self.wait() => Some(delivery),
        }
    }

    async fn wait(&mut self) -> Delivery {
        loop {
            let Some(reading) = &mut self.messages else {
                tokio::time::sleep(PAUSE).await;
                match self.open().await {
                    Ok(reading) => self.messages = Some(reading),
                    Err(error) => {
                        tracing::debug!(stream = self.stream, %error, "reader cannot be opened yet");
                    }
                }
                continue;
            };
            match reading.messages.next().await {
                Some(Ok(message)) => {
                    let number = message.info().map(|info| info.consumer_sequence).unwrap_or_default();
                    if number != reading.delivered + 1 {
                        tracing::debug!(
                            stream = self.stream,
                            number,
                            "a message is missing, reading it again"
                        );
                        self.messages = None;
                        continue;
                    }
                    reading.delivered = number;
                    match delivery::from_message(message, |_| Origin::Tail) {
                        Ok(delivery) => {
                            self.last = Some(delivery.stream_sequence);
                            return delivery;
                        }
                        Err(error) => {
                            tracing::warn!(%error, "a message without JetStream metadata was skipped");
                        }
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(stream = self.stream, %error, "reader interrupted, opening it again");
                    self.messages = None;
                }
                None => self.messages = None,
            }
        }
    }

    // `&mut`, because a shared reference to the reader could not be sent between threads.
    async fn open(&mut self) -> Result<Reading, StreamError> {
        let failed = |source: async_nats::Error| StreamError::Stream { stream: self.stream.clone(), source };
        let stream = match self.bus.jetstream().get_stream(&self.stream).await {
            Ok(stream) => stream,
            Err(source) => {
                self.bus.provision_stream(&self.stream).await?;
                self.bus.jetstream().get_stream(&self.stream).await.map_err(|_again| failed(source.into()))?
            }
        };
        let info = stream.cached_info();
        let created = info.created.unix_timestamp_nanos();
        match self.created.replace(created) {
            // "From now on" is decided once: what comes while the reader is interrupted is not to be missed.
            None if self.from == From::New => self.last = Some(info.state.last_sequence),
            Some(before) if before != created => {
                tracing::warn!(
                    stream = self.stream,
                    "the stream was created again, reading it from its beginning"
                );
                self.last = Some(0);
            }
            // A power cut took messages that had been read: their numbers are given out again.
            Some(_) => self.last = self.last.map(|last| last.min(info.state.last_sequence)),
            None => {}
        }
        let deliver_policy = match (self.last, self.from) {
            (Some(last), _) => DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
            (None, From::LastPerSubject) => DeliverPolicy::LastPerSubject,
            (None, From::Sequence(first)) => DeliverPolicy::ByStartSequence { start_sequence: first.max(1) },
            (None, From::Time(since)) => {
                match async_nats::datetime::DateTime::from_unix_timestamp(since.timestamp()) {
                    Ok(start_time) => DeliverPolicy::ByStartTime { start_time },
                    Err(_outside_the_calendar) => DeliverPolicy::All,
                }
            }
            (None, From::All | From::New) => DeliverPolicy::All,
        };
        let config = pull::Config {
            deliver_policy,
            filter_subject: self.filter.clone(),
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: LEFT_BEHIND,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|source| failed(source.into()))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .heartbeat(consume::HEARTBEAT)
            .expires(consume::EXPIRES)
            .messages()
            .await
            .map_err(|source| failed(source.into()))?;
        Ok(Reading { messages, delivered: 0 })
    }
}
