//! Decisions, API, event stream and dashboard: the one service that people talk to.
//!
//! It records what agents propose, lets exactly one person decide, turns an approval into a command, follows what
//! sim-engine makes of it, and tells every open page. It is a shell: rules about form live in `proposal`, every
//! compare-and-set in `store`. Nothing here computes anything about the simulated cloud, but for the score of a game that is over (`games`).

// Handlers of the RPC library return its error by value, whatever its size.
#[allow(clippy::result_large_err)]
mod agents;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod api;
mod app;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod automation;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod change;
pub mod config;
mod consume;
mod convert;
mod dashboard;
mod decision;
mod error;
mod feed;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod games;
mod health;
mod hub;
mod hubs;
mod jobs;
mod listener;
mod metrics;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod policies;
mod position;
mod prediction;
mod preview;
mod proposal;
mod proposals;
mod record;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod rules;
pub mod service;
// As for `agents`.
#[allow(clippy::result_large_err)]
mod silences;
mod verification;
mod watchdog;

pub use app::Limits;
