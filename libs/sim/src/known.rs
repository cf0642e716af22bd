//! What to write instead of a name that is not there.

/// Most names that are listed: a topology may have 100 000.
const MAX_LISTED: usize = 20;

/// The names there are, as the end of a sentence about one that is not.
pub(crate) fn use_one_of<T: AsRef<str>>(known: &[T]) -> String {
    if known.is_empty() {
        return "there are none".to_owned();
    }
    let listed: Vec<&str> = known.iter().take(MAX_LISTED).map(AsRef::as_ref).collect();
    let listed = listed.join(", ");
    match known.len().saturating_sub(MAX_LISTED) {
        0 => format!("use one of {listed}"),
        more => format!("use one of {listed} … and {more} more"),
    }
}
