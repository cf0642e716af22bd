//! Names of the headers that Microcloud's messages carry.

/// Deduplication id of JetStream; see docs/messages.md for how each kind of message derives its own.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// The id under which a replayed message was published first. Inboxes go by it, so that a replay has one effect.
pub const ORIGINAL_ID: &str = "Mc-Message-Id";
/// Always `application/protobuf`.
pub const CONTENT_TYPE: &str = "Content-Type";
/// Full name of the message, for example `ops.v1.Incident`.
pub const MESSAGE_TYPE: &str = "Mc-Type";
/// Simulation that the message belongs to.
pub const SIMULATION: &str = "Mc-Simulation";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";

/// Dead letters: why the message could not be handled.
pub const DEAD_REASON: &str = "Mc-Dead-Reason";
/// Dead letters: subject it was published on.
pub const DEAD_SUBJECT: &str = "Mc-Dead-Subject";
/// Dead letters: stream it lies in.
pub const DEAD_STREAM: &str = "Mc-Dead-Stream";
/// Dead letters: its sequence number there.
pub const DEAD_SEQUENCE: &str = "Mc-Dead-Sequence";
/// Dead letters: consumer that gave up.
pub const DEAD_CONSUMER: &str = "Mc-Dead-Consumer";
/// Dead letters: how often it was tried.
pub const DEAD_ATTEMPTS: &str = "Mc-Dead-Attempts";
/// Key-value buckets: what a message does to its key, when that is not giving it a value.
pub const KV_OPERATION: &str = "KV-Operation";
