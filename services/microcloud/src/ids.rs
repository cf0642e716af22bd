//! Ids as people type them: the first characters, as with git.

use crate::output::Failure;

/// Length of a UUID in text.
const WHOLE_UUID: usize = 36;

/// Whether there is nothing to look for.
pub(crate) fn is_whole(typed: &str) -> bool {
    typed.len() >= WHOLE_UUID
}

/// The only one of `candidates` that begins with what was typed. `none` says what to do when there is none.
pub(crate) fn whole(
    typed: &str,
    candidates: impl IntoIterator<Item = String>,
    none: impl FnOnce() -> String,
) -> Result<String, Failure> {
    let mut matches = candidates.into_iter().filter(|whole| whole.starts_with(typed));
    match (matches.next(), matches.next()) {
        (Some(whole), None) => Ok(whole),
        (Some(one), Some(other)) => {
            Err(Failure::Refused(format!("{typed} could be {one} or {other}: write more of the id")))
        }
        (None, _) => Err(Failure::Refused(none())),
    }
}

/// What tables show of an id.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
