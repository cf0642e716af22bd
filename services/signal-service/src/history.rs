//! A part of the telemetry stream, read again.

use std::time::Duration;

use bus::async_nats::jetstream::stream::LastRawMessageErrorKind;
use bus::{Bus, Delivery, From as Position, StreamError, Tail, streams};
use tokio_util::sync::CancellationToken;

/// Every subject of the stream.
pub(crate) const EVERYTHING: &str = "sim.>";
/// Silence after which the stream is asked whether the messages are still there.
const SILENCE: Duration = Duration::from_secs(2);
/// Between two attempts while the server is away.
const PAUSE: Duration = Duration::from_millis(250);

/// The service was asked to stop.
#[derive(Debug)]
pub(crate) struct Stopped;

/// The messages of some subjects from one place in the stream to another, both included, as far as they are still there. Waits for a server
/// that is away: a range that ended early would be a loss.
pub(crate) struct Range {
    bus: Bus,
    tail: Tail,
    /// The last message of these subjects that there is, if that is before the end that was asked for.
    to: u64,
    done: bool,
}

impl Range {
    pub(crate) async fn open(
        bus: &Bus,
        subjects: &str,
        from: u64,
        to: u64,
        token: &CancellationToken,
    ) -> Result<Self, Stopped> {
        loop {
            let opened = async {
                let last = last_of(bus, subjects).await?;
                let to = to.min(last);
                let tail = bus.tail(streams::SIM_METRICS, subjects, Position::Sequence(from), token.clone());
                Ok::<_, StreamError>(Self { bus: bus.clone(), tail: tail.await?, to, done: from > to })
            };
            match opened.await {
                Ok(range) => return Ok(range),
                Err(error) => tracing::warn!(%error, "the telemetry stream cannot be read yet"),
            }
            if token.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return Err(Stopped);
            }
        }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Delivery>, Stopped> {
        while !self.done {
            match tokio::time::timeout(SILENCE, self.tail.next()).await {
                Ok(None) => return Err(Stopped),
                Ok(Some(message)) => {
                    self.done = message.stream_sequence >= self.to;
                    if message.stream_sequence <= self.to {
                        return Ok(Some(message));
                    }
                }
                Err(_) => self.done = self.is_gone().await,
            }
        }
        Ok(None)
    }

    /// Whether the end of the range has expired or its stream is another one. A server that does not answer says nothing.
    async fn is_gone(&self) -> bool {
        bounds(&self.bus).await.is_ok_and(|(first, last)| !(first..=last).contains(&self.to))
    }
}

/// Place of the last message of some subjects; 0 when there is none.
async fn last_of(bus: &Bus, subjects: &str) -> Result<u64, StreamError> {
    let failed = |source: bus::async_nats::Error| StreamError::Stream {
        stream: streams::SIM_METRICS.to_owned(),
        source,
    };
    let stream = bus.jetstream().get_stream_no_info(streams::SIM_METRICS).await;
    match stream.map_err(|error| failed(error.into()))?.get_last_raw_message_by_subject(subjects).await {
        Ok(message) => Ok(message.sequence),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
        Err(error) => Err(failed(error.into())),
    }
}

/// First and last place in the telemetry stream.
pub(crate) async fn bounds(bus: &Bus) -> Result<(u64, u64), StreamError> {
    let stream = bus.jetstream().get_stream(streams::SIM_METRICS).await;
    let stream = stream.map_err(|source| StreamError::Stream {
        stream: streams::SIM_METRICS.to_owned(),
        source: source.into(),
    })?;
    let state = &stream.cached_info().state;
    Ok((state.first_sequence, state.last_sequence))
}
