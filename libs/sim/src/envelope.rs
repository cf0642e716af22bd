//! What recordings and checkpoints are wrapped in, so that bytes which are not what they should be are told from those that
//! are before anything is made of them.
//!
//! ```text
//! magic 8 │ format u16 │ model u32 │ length of the body u64 │ body │ SHA-256 of everything before it 32
//! ```
//!
//! Numbers are little-endian. The body is written by [postcard]: compact, with a wire format that is specified and stable
//! since its version 1, and that never takes more memory than a small multiple of what it was given.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::MODEL_VERSION;

const MAGIC_BYTES: usize = 8;
const HEADER_BYTES: usize = MAGIC_BYTES + 2 + 4 + 8;
const CHECKSUM_BYTES: usize = 32;

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The state of a world.
    Checkpoint,
    /// A run.
    Recording,
}

impl Kind {
    /// A first byte that is not text, then line ends of both kinds: a transfer that takes it for text shows at once.
    const fn magic(self) -> [u8; MAGIC_BYTES] {
        match self {
            Self::Checkpoint => *b"\x89MCC\r\n\x1a\n",
            Self::Recording => *b"\x89MCR\r\n\x1a\n",
        }
    }

    /// Version of the layout of the body: raised when a field comes, goes or changes.
    const fn format(self) -> u16 {
        match self {
            Self::Checkpoint | Self::Recording => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkpoint => "checkpoint",
            Self::Recording => "recording",
        })
    }
}

/// Why bytes cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The first bytes are those of something else.
    #[error("this is not a {kind} of Microcloud: its first bytes are those of something else")]
    Foreign {
        /// What was expected.
        kind: Kind,
    },
    /// The layout is of another version.
    #[error(
        "the {kind} has format {found}, this program reads format {known}: use the version of Microcloud that wrote it"
    )]
    Format {
        /// What it is.
        kind: Kind,
        /// Its version.
        found: u16,
        /// The version that can be read.
        known: u16,
    },
    /// Bytes are missing at the end.
    #[error(
        "the {kind} is cut off: it ends at byte {found} of {expected}; copy it again, from where it is whole"
    )]
    Truncated {
        /// What it is.
        kind: Kind,
        /// How many bytes there are.
        found: u64,
        /// How many there should be, as far as can be told.
        expected: u64,
    },
    /// There are more bytes than there should be.
    #[error("the {kind} ends at byte {expected}, but {found} bytes were given: something was appended to it")]
    Trailing {
        /// What it is.
        kind: Kind,
        /// How many bytes there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// A bit is not what it was.
    #[error(
        "the {kind} is damaged: its checksum is that of other bytes; copy it again, from where it is whole"
    )]
    Damaged {
        /// What it is.
        kind: Kind,
    },
    /// Whole, but of a model that computes something else.
    #[error(
        "the {kind} was written by model version {found}; this is model version {MODEL_VERSION}, which computes something else: \
         use the version of Microcloud that wrote it"
    )]
    Model {
        /// What it is.
        kind: Kind,
        /// The version of the model that wrote it.
        found: u32,
    },
    /// Whole, but not something that this program writes.
    #[error("the {kind} is whole but makes no sense: {what}")]
    Senseless {
        /// What it is.
        kind: Kind,
        /// What is wrong with it.
        what: String,
    },
}

/// Wraps a body.
pub(crate) fn seal(kind: Kind, body: &impl Serialize) -> Vec<u8> {
    // Writing to memory does not fail and no length is unknown. If it did fail, what is read back makes no sense, and says so.
    let body = postcard::to_allocvec(body).unwrap_or_default();
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len() + CHECKSUM_BYTES);
    bytes.extend(kind.magic());
    bytes.extend(kind.format().to_le_bytes());
    bytes.extend(MODEL_VERSION.to_le_bytes());
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend(body);
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

/// Unwraps what [`seal`] wrapped.
pub(crate) fn open<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, EnvelopeError> {
    let magic = kind.magic();
    let (start, rest) = bytes.split_at(bytes.len().min(MAGIC_BYTES));
    if !magic.starts_with(start) {
        return Err(EnvelopeError::Foreign { kind });
    }
    let found = bytes.len() as u64;
    let shortest = (HEADER_BYTES + CHECKSUM_BYTES) as u64;
    let cut_off = |expected| EnvelopeError::Truncated { kind, found, expected };
    let (format, rest) = rest.split_first_chunk::<2>().ok_or_else(|| cut_off(shortest))?;
    let format = u16::from_le_bytes(*format);
    if format != kind.format() {
        return Err(EnvelopeError::Format { kind, found: format, known: kind.format() });
    }
    let (model, rest) = rest.split_first_chunk::<4>().ok_or_else(|| cut_off(shortest))?;
    let (length, _) = rest.split_first_chunk::<8>().ok_or_else(|| cut_off(shortest))?;
    let expected = shortest.saturating_add(u64::from_le_bytes(*length));
    if found < expected {
        return Err(cut_off(expected));
    }
    if found > expected {
        return Err(EnvelopeError::Trailing { kind, found, expected });
    }
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    if Sha256::digest(content).as_slice() != checksum {
        return Err(EnvelopeError::Damaged { kind });
    }
    let model = u32::from_le_bytes(*model);
    if model != MODEL_VERSION {
        return Err(EnvelopeError::Model { kind, found: model });
    }
    let senseless = |what: String| EnvelopeError::Senseless { kind, what };
    match postcard::take_from_bytes(&content[HEADER_BYTES..]) {
        Ok((body, [])) => Ok(body),
        Ok((_, left)) => Err(senseless(format!("{} bytes are left over at its end", left.len()))),
        Err(error) => Err(senseless(error.to_string())),
    }
}
