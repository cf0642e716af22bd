//! The bus against real servers that are restarted, killed, frozen and tampered with.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod calls;
mod consume;
mod dead_letters;
mod publish;
mod rig;
mod streams;
mod survey;
mod tail;
