//! Several futures as one number with a band.

/// What eight in ten futures lie between, and their middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One future in ten is lower.
    pub low: f64,
    /// Half of them are.
    pub mid: f64,
    /// One in ten is higher.
    pub high: f64,
}

impl Band {
    /// The band of these futures; `None` when none of them has a number.
    pub(crate) fn of(futures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = futures.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let quantile = |share: f64| {
            // The expected place of a new value among n is share · (n + 1) (Weibull 1939; type 6 of Hyndman & Fan 1996).
            let place = share * (sorted.len() as f64 + 1.0) - 1.0;
            if place <= 0.0 {
                return first;
            }
            let below = place as usize;
            sorted
                .get(below + 1)
                .map_or(last, |above| sorted[below] + (above - sorted[below]) * (place - below as f64))
        };
        Some(Self { low: quantile(0.1), mid: quantile(0.5), high: quantile(0.9) })
    }

    /// Whether a number lies in it.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_where_they_should_be() {
        let band = Band::of((1..=9).map(f64::from)).unwrap();
        assert_eq!(band, Band { low: 1.0, mid: 5.0, high: 9.0 });
        assert!(band.holds(9.0) && !band.holds(9.1));
        assert_eq!(Band::of([3.0]).unwrap(), Band { low: 3.0, mid: 3.0, high: 3.0 });
        assert_eq!(Band::of([f64::NAN]), None);
    }
}
