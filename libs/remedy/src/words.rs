//! Numbers and lists as people read them.

/// `98.2 %`.
pub(crate) fn pct(value: f64) -> String {
    format!("{value:.1} %")
}

/// `1 240`: thousands set apart, no decimals.
pub(crate) fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 240 ms`.
pub(crate) fn ms(value: f64) -> String {
    format!("{} ms", count(value))
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `1 replica`, `3 replicas`.
pub(crate) fn plural(n: u32, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(7.4), "7");
        assert_eq!(count(1_240.0), "1 240");
        assert_eq!(count(1_234_567.0), "1 234 567");
        assert_eq!(ms(999.6), "1 000 ms");
    }

    #[test]
    fn lists_end_in_and() {
        assert_eq!(list(&["a".to_owned(), "b".to_owned(), "c".to_owned()]), "a, b and c");
        assert_eq!(list(&["a".to_owned()]), "a");
    }
}
