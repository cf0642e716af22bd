//! Ids of simulations. They become part of subjects, so they are checked where they come in.

use std::fmt;

use uuid::Uuid;

use crate::refusal::Refusal;

/// The simulation that the engine starts by itself, and that an empty id means.
pub(crate) const DEFAULT: &str = "default";
/// Longest id: that of a DNS label, so that an id can name other things of the simulation too.
const MAX_LENGTH: usize = 63;

/// Id of a simulation: 1 to 63 characters of a-z, 0-9 and `-`, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SimulationId(String);

impl SimulationId {
    /// The id of the simulation that is always there.
    pub(crate) fn default_simulation() -> Self {
        Self(DEFAULT.to_owned())
    }

    /// An id of its own for a simulation whose creator gave none.
    pub(crate) fn draw() -> Self {
        let random = Uuid::new_v4().simple().to_string();
        Self(format!("sim-{}", random.get(..12).unwrap_or(&random)))
    }

    /// The id in a request; empty means `default`.
    pub(crate) fn or_default(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() { Ok(Self::default_simulation()) } else { Self::parse(text) }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(inside)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if good {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(MAX_LENGTH + 1).collect();
        Err(Refusal::invalid(format!(
            "{shown:?} is no id of a simulation: use 1 to {MAX_LENGTH} characters of a-z, 0-9 and -, beginning and ending with a letter or digit"
        )))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }
}

impl fmt::Display for SimulationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_be_part_of_a_subject() {
        for good in ["default", "a", "7", "game-day-1", &"x".repeat(63)] {
            assert_eq!(SimulationId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "A", "a.b", "a b", "-a", "a-", "*", ">", "ä", "a\0", &"x".repeat(64)] {
            assert!(SimulationId::parse(bad).unwrap_err().message.contains("1 to 63"), "{bad:?}");
        }
        assert!(SimulationId::parse(SimulationId::draw().as_str()).is_ok());
    }

    #[test]
    fn no_id_means_the_default() {
        assert!(SimulationId::or_default("").unwrap().is_default());
        assert!(!SimulationId::or_default("other").unwrap().is_default());
    }
}
