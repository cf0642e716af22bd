//! Where streams end, and whether a consumer has read that far.

use bus::async_nats::Error;
use bus::{Bus, StreamError};

/// Sequence number of the newest message; 0 when there was none yet.
pub(crate) async fn end_of(bus: &Bus, stream: &str) -> Result<u64, StreamError> {
    let failed = |source: Error| StreamError::Stream { stream: stream.to_owned(), source };
    let found = bus.jetstream().get_stream(stream).await.map_err(|source| failed(source.into()))?;
    Ok(found.cached_info().state.last_sequence)
}

/// Whether a durable consumer has read and settled everything. False when NATS cannot say.
pub(crate) async fn is_caught_up(bus: &Bus, stream: &str, durable: &str) -> bool {
    let Ok(stream) = bus.jetstream().get_stream_no_info(stream).await else { return false };
    stream.consumer_info(durable).await.is_ok_and(|info| info.num_pending == 0 && info.num_ack_pending == 0)
}
