//! What chance alone does to counts: exact bounds and tests, because counts here are small.

/// Halvings of an interval: more than the bits of a mantissa.
const HALVINGS: u32 = 60;

/// Largest mean of a Poisson distribution under which so few events, or fewer, have at least this chance: the one-sided upper bound with
/// confidence `1 - chance` (Garwood 1936).
pub(super) fn poisson_upper(events: u64, chance: f64) -> f64 {
    let at_most = |mean: f64| (0..=events).map(|count| poisson(count, mean)).sum::<f64>();
    let (mut low, mut high) = (events as f64, events as f64 + 1.0);
    while at_most(high) > chance {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > chance { low = middle } else { high = middle }
    }
    high
}

/// Chance that at least `now` of the `now + before` events of two Poisson processes of one rate fall into the present one, which was
/// watched for `share` of the time of both (Przyborowski & Wilenski 1940).
pub(super) fn rate_rose_by_chance(now: u64, before: u64, share: f64) -> f64 {
    let events = now + before;
    (now..=events).map(|count| binomial(count, events, share)).sum::<f64>().min(1.0)
}

fn poisson(count: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return f64::from(u8::from(count == 0));
    }
    let count = count as f64;
    libm::exp(count * libm::log(mean) - mean - libm::lgamma(count + 1.0))
}

fn binomial(count: u64, of: u64, share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return f64::from(u8::from(count == if share <= 0.0 { 0 } else { of }));
    }
    let (count, of) = (count as f64, of as f64);
    let ways = libm::lgamma(of + 1.0) - libm::lgamma(count + 1.0) - libm::lgamma(of - count + 1.0);
    libm::exp(ways + count * libm::log(share) + (of - count) * libm::log(1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        for (events, bound) in [(0, 2.9957), (1, 4.7439), (3, 7.7537), (10, 16.9622)] {
            assert!((poisson_upper(events, 0.05) - bound).abs() < 1e-4, "{events}");
        }
    }

    #[test]
    fn a_rate_that_rose_by_chance_is_told_from_one_that_did_not() {
        assert!((rate_rose_by_chance(0, 7, 0.3) - 1.0).abs() < 1e-12);
        assert!((rate_rose_by_chance(2, 0, 0.1) - 0.01).abs() < 1e-12);
        assert!((rate_rose_by_chance(3, 1, 0.5) - 0.3125).abs() < 1e-12);
    }
}
