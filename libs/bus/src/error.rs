//! Errors of streams and consumers.

/// Why a stream or a consumer could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A stream could not be created or corrected.
    #[error("cannot provision the stream {stream}")]
    Provision {
        /// Its name.
        stream: String,
        /// Cause.
        #[source]
        source: async_nats::Error,
    },
    /// A stream could not be looked up.
    #[error("cannot use the stream {stream}")]
    Stream {
        /// Its name.
        stream: String,
        /// Cause.
        #[source]
        source: async_nats::Error,
    },
    /// A consumer could not be created or bound.
    #[error("cannot use the consumer {consumer} of {stream}")]
    Consumer {
        /// Its stream.
        stream: String,
        /// Its name.
        consumer: String,
        /// Cause.
        #[source]
        source: async_nats::Error,
    },
    /// A message could not be read from a stream.
    #[error("cannot read message {sequence} of {stream}")]
    Read {
        /// The stream.
        stream: String,
        /// Its sequence number.
        sequence: u64,
        /// Cause.
        #[source]
        source: async_nats::Error,
    },
}
