//! A transaction of the caller's.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, Postgres};

use crate::StoreError;

/// A transaction. Dropped without [`commit`](Self::commit), it rolls back. Pass `&mut tx` to the repositories.
#[derive(Debug)]
#[must_use = "a transaction that is dropped rolls back"]
pub struct Tx<'c>(sqlx::Transaction<'c, Postgres>);

impl<'c> Tx<'c> {
    pub(crate) fn new(inner: sqlx::Transaction<'c, Postgres>) -> Self {
        Self(inner)
    }

    /// Makes everything in the transaction durable. After an error the outcome is unknown: repeat the whole
    /// transaction, whose inbox or idempotency key tells whether it had happened.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await.map_err(StoreError::query("commit a transaction"))
    }

    /// Undoes everything in the transaction.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.0.rollback().await.map_err(StoreError::query("roll a transaction back"))
    }
}

impl Deref for Tx<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
