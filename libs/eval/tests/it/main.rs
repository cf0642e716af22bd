//! The loop on the scenarios that ship, as an operator would see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod benchmark;
mod calibration;
mod catalogue;
mod grades;

mod scenarios;
mod verification;
mod walks;
