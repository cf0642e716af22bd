//! Detection rules as they are kept and changed: the bucket `OPS_RULES`, one key a rule, each value an `ops.v1.Rule`.
//!
//! The orchestrator writes it ([`seed()`], [`put`]), signal-service and the orchestrator follow it ([`Follower`]). What a rule means is
//! `detect`'s; this crate only carries rules between a program, a message and the bucket.

mod book;
mod follow;
mod message;
mod seed;
mod write;

pub use book::{Book, InForce, Kept, LeftOut};
pub use follow::{Follower, Known, Standing};
pub use message::{checked, definition};
pub use seed::{SeedError, recover, seed};
pub use write::{Change, put};
