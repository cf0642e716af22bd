//! Backing services: starts nats-server and PostgreSQL as child processes of this one.
//!
//! `microcloud up` uses it for a stack that needs nothing but installed binaries, and integration tests use it for real
//! servers that come and go. It knows nothing of streams or tables: what runs on the servers is the business of `bus` and `store`.
//! Every child dies with this process, even when it is killed (Linux: `setpriv --pdeathsig`).

pub mod find;
mod nats;
mod port;
mod postgres;
pub mod process;
mod start_error;

pub use nats::{NatsOptions, NatsServer};
pub use port::{free_port, free_ports, is_free};
pub use postgres::{Postgres, PostgresOptions};
pub use start_error::StartError;
