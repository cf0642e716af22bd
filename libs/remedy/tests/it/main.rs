//! The agent as its callers see it: a small cloud is observed, and proposals come out.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod autoscale;
mod cloud;
mod diagnosis;
mod foresight;
mod ladder;
mod lifecycle;
mod memory;
mod policy;
mod properties;
mod safety;
mod scaling;
