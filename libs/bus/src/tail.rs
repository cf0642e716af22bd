//! Reading a stream without a durable consumer: for caches, rebuilding state, and looking.

use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{self, OrderedConfig};
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::delivery::{self, Delivery, Origin};
use crate::{Bus, StreamError};

/// Between two attempts to open the reader again.
const PAUSE: Duration = Duration::from_millis(250);

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Messages from now on.
    New,
    /// The last message of each subject, then new ones.
    LastPerSubject,
    /// This stream sequence and everything after it.
    Sequence(u64),
    /// Everything that the stream keeps.
    All,
}

/// An ordered reader that acknowledges nothing. When the server goes away it goes on after the last message it returned.
pub struct Tail {
    bus: Bus,
    stream: String,
    filter: String,
    from: From,
    last: Option<u64>,
    token: CancellationToken,
    messages: Option<pull::Ordered>,
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
            let Some(messages) = &mut self.messages else {
                tokio::time::sleep(PAUSE).await;
                match self.open().await {
                    Ok(messages) => self.messages = Some(messages),
                    Err(error) => {
                        tracing::debug!(stream = self.stream, %error, "reader cannot be opened yet")
                    }
                }
                continue;
            };
            match messages.next().await {
                Some(Ok(message)) => match delivery::from_message(message, |_| Origin::Tail) {
                    Ok(delivery) => {
                        self.last = Some(delivery.stream_sequence);
                        return delivery;
                    }
                    Err(error) => tracing::warn!(%error, "a message without JetStream metadata was skipped"),
                },
                Some(Err(error)) => {
                    tracing::debug!(stream = self.stream, %error, "reader interrupted, opening it again");
                    self.messages = None;
                }
                None => self.messages = None,
            }
        }
    }

    // `&mut`, because a shared reference to the reader could not be sent between threads.
    async fn open(&mut self) -> Result<pull::Ordered, StreamError> {
        let failed = |source: async_nats::Error| StreamError::Stream { stream: self.stream.clone(), source };
        let stream =
            self.bus.jetstream().get_stream(&self.stream).await.map_err(|source| failed(source.into()))?;
        let deliver_policy = match (self.last, self.from) {
            (Some(last), _) => DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
            (None, From::New) => DeliverPolicy::New,
            (None, From::LastPerSubject) => DeliverPolicy::LastPerSubject,
            (None, From::Sequence(first)) => DeliverPolicy::ByStartSequence { start_sequence: first.max(1) },
            (None, From::All) => DeliverPolicy::All,
        };
        let config =
            OrderedConfig { filter_subject: self.filter.clone(), deliver_policy, ..OrderedConfig::default() };
        let consumer = stream.create_consumer(config).await.map_err(|source| failed(source.into()))?;
        consumer.messages().await.map_err(|source| failed(source.into()))
    }
}
