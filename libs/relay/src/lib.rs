//! The outbox relay: committed rows become acknowledged messages.
//!
//! A service writes what it has to tell into the outbox, in the transaction of the change; this crate publishes it. A row
//! is marked as sent only after the stream has acknowledged it, so nothing is lost when the relay, NATS or PostgreSQL
//! dies in between; what is published twice has the same message id both times, and is recognised by it.

mod publish;
mod relay;
mod verify;

pub use publish::{Publish, PublishFailed};
pub use relay::{Handle, Relay};
pub use verify::{Verdict, VerifyError, verify_stream};
