//! Comparing a stream with what the outbox knows was stored in it.
//!
//! NATS acknowledges before the disk does unless it is told otherwise, and a server can be started on an empty or an
//! old directory. The outbox lives on another disk and remembers; a stream that has less than it was given has lost
//! messages.

use bus::Bus;
use store::outbox::{self, Sent};
use store::{Store, StoreError};

/// Sent rows are kept for seven days ([`Store::enforce_retention`]), streams that the outbox feeds keep 30: for this long
/// both must know a message.
const REMEMBERED: chrono::TimeDelta = chrono::TimeDelta::days(6);

/// What the comparison says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The stream reaches at least as far as it has acknowledged.
    Whole,
    /// The stream has lost messages that it had acknowledged.
    Lost {
        /// Highest sequence that it had given a message of the subject.
        acknowledged: u64,
        /// Where it ends now.
        last_sequence: u64,
        /// How many messages it holds now.
        messages: u64,
    },
}

/// The comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The outbox could not be read.
    #[error("stream {stream} could not be compared with the outbox")]
    Outbox {
        /// Its name.
        stream: String,
        /// What the database said.
        #[source]
        source: StoreError,
    },
    /// The stream could not be asked.
    #[error("stream {stream} could not be asked how far it reaches; provision the streams first")]
    Stream {
        /// Its name.
        stream: String,
        /// What NATS said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Compares a stream with what the outbox has sent to `subject`, and logs a loss as an error that says what to do. To be
/// called at start, after provisioning and before anything is consumed: going on with an unexpectedly empty stream
/// hides what happened.
pub async fn verify_stream(
    store: &Store,
    bus: &Bus,
    stream: &str,
    subject: &str,
) -> Result<Verdict, VerifyError> {
    let sent = sent(store, subject)
        .await
        .map_err(|source| VerifyError::Outbox { stream: stream.to_owned(), source })?;
    let state = match bus.jetstream().get_stream(stream).await {
        Ok(found) => found.cached_info().state.clone(),
        Err(source) => {
            return Err(VerifyError::Stream { stream: stream.to_owned(), source: source.into() });
        }
    };
    let acknowledged = sent.last_stream_sequence.and_then(|last| u64::try_from(last).ok()).unwrap_or(0);
    let emptied = sent.messages > 0 && state.messages == 0;
    if acknowledged <= state.last_sequence && !emptied {
        return Ok(Verdict::Whole);
    }
    tracing::error!(
        stream,
        subject,
        acknowledged,
        last_sequence = state.last_sequence,
        messages = state.messages,
        messages_sent = sent.messages,
        last_sent_at = ?sent.last_sent_at,
        "the stream has lost messages that it had acknowledged: its server was started on an empty or older directory, \
         or the stream was deleted or purged; restore the directory of nats-server, or accept the loss by deleting the \
         sent rows of this subject from the table outbox"
    );
    Ok(Verdict::Lost { acknowledged, last_sequence: state.last_sequence, messages: state.messages })
}

async fn sent(store: &Store, subject: &str) -> Result<Sent, StoreError> {
    let mut conn = store.acquire().await?;
    outbox::sent_since(&mut conn, subject, chrono::Utc::now() - REMEMBERED).await
}
