//! The whole loop as a user runs it: `microcloud up` with real services, and the command line on top.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod agents;
mod automation;
mod commands;
mod crashes;
mod evaluate;
mod games;
mod grade;
mod headless;
mod r#loop;
mod rules;
mod silences;
mod simulations;
mod stack;
