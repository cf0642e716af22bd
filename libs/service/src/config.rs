//! Environment variables: read once, checked all together, every mistake named.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// One variable, for `--help`.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its default; empty when it has none.
    pub default: &'static str,
    /// What it means, with the unit.
    pub what: &'static str,
}

/// Every variable that is wrong, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{}", .mistakes.join("\n"))]
pub struct ConfigError {
    /// One sentence a variable.
    pub mistakes: Vec<String>,
}

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself; never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The environment of a process, and the mistakes found in it so far.
#[derive(Debug)]
pub struct Env {
    values: BTreeMap<String, String>,
    mistakes: Vec<String>,
}

impl Env {
    /// The environment of this process.
    pub fn from_process() -> Self {
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        Self::from_pairs(std::env::vars_os().map(|(name, value)| (text(name), text(value))))
    }

    /// An environment made for a test.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, mistakes: Vec::new() }
    }

    /// The value of a variable; a variable that is set to nothing counts as not set.
    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Text, as it is.
    pub fn string(&mut self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    /// Text that may be absent.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.get(name).map(ToOwned::to_owned)
    }

    /// Text that must not be shown.
    pub fn secret(&mut self, name: &str, default: &str) -> Secret {
        Secret::new(self.get(name).unwrap_or(default))
    }

    /// Anything that can be parsed; the error of the type says what to write.
    pub fn parse<T>(&mut self, name: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        match self.get(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                let error = format!("{error}");
                self.mistake(name, error);
                default
            }
        }
    }

    /// Like [`Env::parse`], within bounds.
    pub fn in_range<T>(&mut self, name: &str, default: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
        T::Err: fmt::Display,
    {
        let Some(value) = self.get(name).map(str::parse) else { return default };
        match value {
            Ok(value) if range.contains(&value) => value,
            Ok(_) | Err(_) => {
                self.mistake(name, format!("write a number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// An address to listen on: `:8080` means the loopback address, `host:port` that one.
    pub fn addr(&mut self, name: &str, default: &str) -> SocketAddr {
        let given = self.get(name).unwrap_or(default).to_owned();
        self.address(name, &given).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// An address to listen on, or none.
    pub fn optional_addr(&mut self, name: &str) -> Option<SocketAddr> {
        let given = self.get(name)?.to_owned();
        self.address(name, &given)
    }

    fn address(&mut self, name: &str, given: &str) -> Option<SocketAddr> {
        let full = if given.starts_with(':') { format!("127.0.0.1{given}") } else { given.to_owned() };
        let parsed = full.parse().ok().or_else(|| full.to_socket_addrs().ok()?.next());
        if parsed.is_none() {
            self.mistake(name, "write an address like :8080 or 0.0.0.0:8080");
        }
        parsed
    }

    /// Records a mistake that only the caller can see.
    pub fn mistake(&mut self, name: &str, what_to_do: impl fmt::Display) {
        let given = self.get(name).unwrap_or_default();
        self.mistakes.push(format!("{name} is {given:?}: {what_to_do}"));
    }

    /// Ends reading.
    ///
    /// # Errors
    /// Every mistake found, together.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(ConfigError { mistakes: self.mistakes }) }
    }
}

/// Text of `--help`.
pub fn help(service: &str, about: &str, variables: &[Variable]) -> String {
    let width = variables.iter().map(|variable| variable.name.len()).max().unwrap_or_default();
    let mut text = format!(
        "{service}: {about}\n\nIt takes no arguments but --help and --version; these environment variables are read:\n\n"
    );
    for Variable { name, default, what } in variables {
        let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
        text.push_str(&format!("  {name:<width$}  {what}{default}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported_at_once_and_by_name() {
        let mut env =
            Env::from_pairs([("ADDR", "nowhere"), ("DB_PORT", "many"), ("SPEED", "0"), ("NAME", "ok")]);
        env.addr("ADDR", ":8080");
        env.parse::<u16>("DB_PORT", 5432);
        env.in_range("SPEED", 1.0, 0.1..=1000.0);
        assert_eq!(env.string("NAME", "default"), "ok");
        let text = env.finish().unwrap_err().to_string();
        for name in ["ADDR", "DB_PORT", "SPEED", "nowhere", "0.1 to 1000"] {
            assert!(text.contains(name), "{text}");
        }
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn unset_and_empty_mean_the_default() {
        let mut env = Env::from_pairs([("EMPTY", "")]);
        assert_eq!(env.parse("EMPTY", 7_u16), 7);
        assert_eq!(env.addr("ADDR", ":8080").to_string(), "127.0.0.1:8080");
        assert_eq!(env.optional_addr("HEALTH_ADDR"), None);
        assert_eq!(env.in_range("WORKERS", 1, 0..=2), 1);
        assert!(env.finish().is_ok());
    }

    #[test]
    fn addresses_have_two_forms_and_nothing_else() {
        for (given, meant) in [
            (":8080", Some("127.0.0.1:8080")),
            (":0", Some("127.0.0.1:0")),
            ("0.0.0.0:81", Some("0.0.0.0:81")),
            ("[::1]:81", Some("[::1]:81")),
            ("8080", None),
            (":", None),
            (":99999", None),
            ("127.0.0.1", None),
            ("no such host:80", None),
        ] {
            let mut env = Env::from_pairs([("ADDR", given)]);
            let read = env.optional_addr("ADDR").map(|addr| addr.to_string());
            assert_eq!(read.as_deref(), meant, "{given}");
            assert_eq!(env.finish().is_ok(), meant.is_some(), "{given}");
        }
    }

    #[test]
    fn a_mistake_names_variable_value_and_remedy() {
        let mut env = Env::from_pairs([("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml")]);
        env.parse("LOG_LEVEL", crate::logging::LogLevel::Info);
        env.parse("LOG_FORMAT", crate::logging::LogFormat::Json);
        let ConfigError { mistakes } = env.finish().unwrap_err();
        assert_eq!(
            mistakes,
            [
                "LOG_LEVEL is \"loud\": write error, warn, info, debug or trace",
                "LOG_FORMAT is \"xml\": write json or text"
            ]
        );
    }

    #[test]
    fn not_a_number_is_out_of_every_range() {
        let mut env = Env::from_pairs([("SPEED", "NaN")]);
        env.in_range("SPEED", 1.0, 0.1..=1000.0);
        assert!(env.finish().is_err());
    }

    #[test]
    fn secrets_do_not_show() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn help_lists_every_variable() {
        let text = help("x", "does x", &[Variable { name: "ADDR", default: ":1", what: "where" }]);
        assert!(text.contains("ADDR  where [default: :1]"), "{text}");
    }
}
