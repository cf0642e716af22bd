//! Pages, newest first, by what the last row was, so that rows that arrive meanwhile move nothing.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Most rows on a page.
pub const MAX_PAGE: u32 = 1_000;
/// Rows on a page when the caller has no opinion.
const DEFAULT_PAGE: u32 = 100;

/// Which rows of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// At most this many; 0 means 100, more than 1 000 means 1 000.
    pub limit: u32,
    /// The last row of the page before; none for the first page.
    pub after: Option<Cursor>,
}

impl Page {
    pub(crate) fn rows(self) -> i64 {
        let limit = if self.limit == 0 { DEFAULT_PAGE } else { self.limit.min(MAX_PAGE) };
        i64::from(limit)
    }

    pub(crate) fn bounds(self) -> (Option<DateTime<Utc>>, Option<Uuid>) {
        (self.after.map(|cursor| cursor.at), self.after.map(|cursor| cursor.id))
    }
}

/// Place of a row in a list. Its text form is the page token of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time that the list is ordered by.
    pub at: DateTime<Utc>,
    /// Breaks ties.
    pub id: Uuid,
}

/// A page token that no page gave out.
#[derive(Debug, thiserror::Error)]
#[error("the page token is not one of ours; pass the next_page_token of the page before, or leave it empty")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.at.timestamp_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(token: &str) -> Result<Self, CursorError> {
        let (micros, id) = token.split_once('_').ok_or(CursorError)?;
        let at = micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(CursorError)?;
        // Outside these years PostgreSQL has no such time.
        if !(0..=9_999).contains(&chrono::Datelike::year(&at)) {
            return Err(CursorError);
        }
        Ok(Self { at, id: id.parse().map_err(|_| CursorError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_round_trip() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let cursor = Cursor { at, id: Uuid::from_u128(7) };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    }

    #[test]
    fn nonsense_is_refused() {
        for token in ["", "_", "1", "x_y", "9223372036854775807_00000000000000000000000000000007"] {
            assert!(token.parse::<Cursor>().is_err(), "{token}");
        }
    }
}
