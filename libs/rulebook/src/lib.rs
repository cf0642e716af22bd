//! What people tell the detector, as it is kept and changed: rules in the bucket `OPS_RULES`, each value an `ops.v1.Rule`, and
//! [`silences`] in `OPS_SILENCES`.
//!
//! The orchestrator writes them ([`seed()`], [`put`]), signal-service and the orchestrator follow them ([`Follower`]). What a rule or
//! a silence means is `detect`'s; this crate only carries them between a program, a message and a bucket.

mod book;
mod follow;
mod kept;
mod message;
mod seed;
pub mod silences;

pub use book::{Book, InForce};
pub use follow::{Follower, Known, Standing};
pub use kept::{Bucket, Change, Kept, LeftOut, Value, put};
pub use message::{checked, definition};
pub use seed::{SeedError, recover, seed};
