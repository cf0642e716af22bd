//! The messages and service stubs of `proto/`, generated at build time, and nothing else.
//!
//! Field documentation, units and shapes live in the `.proto` files; `docs/messages.md` explains how they travel.

#![allow(missing_docs, unreachable_pub, rust_2018_idioms, clippy::all, clippy::pedantic, clippy::restriction)]

include!(concat!(env!("OUT_DIR"), "/protos.rs"));

mod json;

/// The compiled descriptor set of every file in `proto/`, for tools that decode messages by name.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/microcloud.descriptors.bin"));
