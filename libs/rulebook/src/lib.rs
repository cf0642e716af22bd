//! What people tell the machines, as it is kept and changed: rules in the bucket `OPS_RULES`, each value an `ops.v1.Rule`, [`silences`] in
//! `OPS_SILENCES`, and what automation may do in `OPS_POLICIES` ([`policies`]), the kill switch above all ([`switch`]).
//!
//! The orchestrator writes them ([`seed()`], [`put`]), the others follow them ([`Follower`]) or ask ([`switch::Switch::look`]). What a rule
//! or a silence means is `detect`'s; this crate only carries them between a program, a message and a bucket.

mod book;
mod follow;
mod kept;
mod message;
pub mod policies;
mod seed;
pub mod silences;
pub mod switch;

pub use book::{Book, InForce};
pub use follow::{Follower, Known, Standing};
pub use kept::{Bucket, Change, Kept, LeftOut, Value, put};
pub use message::{checked, definition};
pub use seed::{SeedError, recover, seed};
