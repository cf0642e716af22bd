//! One retry loop for transactions.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

use crate::StoreError;

/// Attempts after the first. With the pauses below, about 20 s: a restart of the server fits in.
const RETRIES: usize = 12;

/// Repeats a whole transaction while it fails for a reason that passes ([`StoreError::is_transient`]): pauses from
/// 20 ms to 3 s with jitter, at most 13 attempts. `operation` must begin, do and commit the transaction each time.
pub async fn retry<T, F, Fut>(operation: F) -> Result<T, StoreError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, StoreError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(3))
        .with_jitter()
        .with_max_times(RETRIES);
    operation
        .retry(pauses)
        .when(StoreError::is_transient)
        .notify(|error, pause| tracing::warn!(%error, ?pause, "the database is in the way, trying again"))
        .await
}
