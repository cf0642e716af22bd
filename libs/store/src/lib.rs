//! PostgreSQL and TimescaleDB: migrations, one repository per table, inbox and outbox.
//!
//! Every repository function takes the connection of a transaction that the caller began, so that an effect, the
//! mark that it happened and the messages that tell of it commit together. This crate knows neither protobuf nor
//! NATS: enumerations are the integers of the wire contract, payloads are bytes.
//!
//! What differs between TimescaleDB and plain PostgreSQL lives in [`timeseries`] alone.

pub mod actions;
pub mod agent;
pub mod agents;
pub mod ask;
pub mod audit;
pub mod budget;
mod connect;
pub mod deleted;
mod error;
pub mod events;
pub mod games;
pub mod idempotency;
pub mod inbox;
pub mod incidents;
pub mod metrics;
pub mod notes;
pub mod outbox;
mod page;
pub mod predictions;
pub mod progress;
mod reader;
mod retention;
mod retry;
pub mod rollup;
pub mod statistics;
pub mod timeseries;
mod tx;

pub use connect::{DbConfig, Store};
pub use error::StoreError;
pub use page::{Cursor, CursorError, MAX_PAGE, Page};
pub use retention::{Keep, Swept};
pub use retry::retry;
pub use sqlx::PgConnection;
pub use timeseries::{Flavour, Licence};
pub use tx::Tx;
