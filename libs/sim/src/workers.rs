//! Threads that share the work of a tick.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

/// Most threads a pool may have; more than any machine this is meant for.
pub const MAX_WORKERS: usize = 256;

/// Why a pool could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    /// The number of threads is out of range.
    #[error("{0} threads asked for; use 1 to {MAX_WORKERS}")]
    Count(usize),
    /// The operating system refused the threads.
    #[error("cannot start {count} threads; ask for fewer")]
    Start {
        /// How many were asked for.
        count: usize,
        /// What the pool says.
        #[source]
        source: rayon::ThreadPoolBuildError,
    },
}

/// A pool of threads. The result of a tick does not depend on how many there are.
#[derive(Clone, Default)]
pub struct Workers {
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl Workers {
    /// A pool of `count` threads; one means the calling thread itself.
    ///
    /// # Errors
    /// When `count` is 0 or more than [`MAX_WORKERS`], or the threads cannot be started.
    pub fn new(count: usize) -> Result<Self, WorkersError> {
        if count == 0 || count > MAX_WORKERS {
            return Err(WorkersError::Count(count));
        }
        if count == 1 {
            return Ok(Self::default());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("sim-{index}"))
            .build()
            .map_err(|source| WorkersError::Start { count, source })?;
        Ok(Self { pool: Some(Arc::new(pool)) })
    }

    /// How many threads there are.
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Runs `work` on one of the threads. What it shares out then meets threads that are awake already.
    pub(crate) fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Runs `work` on every chunk of `size` items, in any order, with the position of its first item.
    pub(crate) fn for_each_chunk<T: Send>(
        &self,
        items: &mut [T],
        size: usize,
        work: impl Fn(usize, &mut [T]) + Sync + Send,
    ) {
        match &self.pool {
            Some(pool) if items.len() > size => pool.install(|| {
                let chunks = items.par_chunks_mut(size).enumerate();
                chunks.for_each(|(number, chunk)| work(number * size, chunk));
            }),
            _ => work(0, items),
        }
    }

    /// Runs `work` on every item, in any order.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
        match &self.pool {
            Some(pool) if items.len() > 1 => pool.install(|| items.par_iter_mut().for_each(work)),
            _ => items.iter_mut().for_each(work),
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("count", &self.count()).finish()
    }
}
