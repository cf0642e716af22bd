//! Rules in a real bucket.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bucket;
