//! Rules and silences in real buckets.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bucket;
mod silences;
