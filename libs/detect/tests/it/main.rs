//! The detector as its callers see it: samples in, transitions out.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod adopt;
mod backtest;
mod cloud;
mod groups;
mod incidents;
mod learnt;
mod limits;
mod restart;
mod rules;
mod silences;
mod statistics;
mod unknown;
