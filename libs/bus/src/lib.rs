//! JetStream as Microcloud uses it: streams with every setting explicit, typed publish that awaits its acknowledgement,
//! consumers that survive whatever the server does, dead letters, and trace context in headers.
//!
//! It knows messages and their travels, not what they mean: handlers belong to the services, exactly-once effects to `store`'s
//! inbox and outbox. Acknowledgements are never trusted to be exactly-once.

pub use async_nats;

pub mod bucket;
mod calls;
mod connect;
mod consume;
pub mod dead_letters;
mod delivery;
mod error;
pub mod headers;
pub mod json;
mod publish;
mod serve;
pub mod streams;
pub mod subjects;
pub mod survey;
mod tail;
pub mod trace;

pub use calls::{CallError, Calls, code};
pub use connect::{Bus, BusConfig, ConnectError};
pub use consume::{Consumer, ConsumerSpec};
pub use delivery::{Delivery, Undecodable};
pub use error::StreamError;
pub use publish::{Outgoing, PublishError, Published};
pub use serve::{Failure, Handler, serve};
pub use tail::{From, Tail};
