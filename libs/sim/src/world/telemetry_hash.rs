//! The hash of a run's telemetry: a chain with a link for every sample.
//!
//! `h' = SHA-256(h ‖ kind ‖ content)`, from 32 zero bytes. A chain instead of one long hash, because its state is its 32
//! bytes: a checkpoint keeps them, a recording keeps the first bytes of every link, and the first link that differs names the
//! first sample that does.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a link holds; hashed before its content.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    /// The tables of ids: which row is whose.
    Ids = 0,
    /// The tick and the values of a sample.
    Sample = 1,
}

/// Head of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct TelemetryHash([u8; 32]);

impl TelemetryHash {
    /// Adds a link with the content that `write` feeds to the hasher.
    pub(super) fn add(&mut self, link: Link, write: impl FnOnce(&mut Sha256)) {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update([link as u8]);
        write(&mut hasher);
        self.0 = hasher.finalize().into();
    }

    pub(super) fn bytes(&self) -> [u8; 32] {
        self.0
    }
}
