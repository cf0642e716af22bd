//! How rare a deviation is, from the series' own past: a histogram of magnitudes on each side, with the tail extrapolated.

use std::f64::consts::{LN_2, LN_10, LOG10_2};

use serde::{Deserialize, Serialize};

/// Bins an octave: a bin is 26 % wide.
const PER_OCTAVE: f64 = 3.0;
/// Bins of a histogram, in two halves: 21 octaves.
const HALF: usize = 32;
const BINS: i32 = 64;
/// The first magnitude lands in this bin: 13 octaves of room below, 8 above. Larger ones shift the histogram.
const FIRST: i32 = 40;
/// What one value adds. Counts are halved when there are too many; singles survive two halvings.
const UNIT: u16 = 4;
/// Values in memory before all counts are halved, so that the past weighs less: an effective memory of 4 000 to 8 000.
const MEMORY: f64 = 8_000.0;
/// Fewer values than this say nothing about rarity.
const ENOUGH: f64 = 20.0;
/// The tail begins where this share of all values lies beyond, and at least this many.
const TAIL_SHARE: f64 = 0.03;
const TAIL_LEAST: f64 = 8.0;
/// What the tail index is taken to be before the data speak, and how many values that belief weighs. 0.25 is the tail of
/// Student's t with four degrees of freedom: heavier than a Gaussian, as telemetry is.
const PRIOR_INDEX: f64 = 0.25;
const PRIOR_WEIGHT: f64 = 15.0;
/// What was seen in the tail is taken to be so many times as common: of few, one must reckon with more.
const FEW_SEEN: f64 = 2.0;
/// No more decades than this, however far out: beyond, ranks mean nothing.
pub(crate) const MAX_DECADES: f64 = 8.0;
/// Less rare than this (one in three) counts as nothing.
const LEAST_DECADES: f64 = 0.5;
/// Bits of a number after its exponent.
const MANTISSA: u64 = (1 << 52) - 1;
/// Magnitudes below this are zero.
const TINY: f64 = 1e-100;

/// Deviations of one kind of one series.
///
/// Inside the seen range the rarity of a magnitude is its rank, as in conformal prediction (Vovk, Gammerman & Shafer
/// 2005): `(exceedances + 1) / (n + 2)`. Beyond the 3 % tail, exceedances of a threshold `u` follow a Pareto law with the
/// index of Hill (1975), `(x/u)^(-1/ξ)`, as in peaks over threshold for streams (Siffer et al. 2017); and a value is never
/// called rarer than half of what it was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tail {
    above: Side,
    below: Side,
    /// Values on both sides, zeros too.
    count: f64,
}

impl Tail {
    /// Decades of rarity of a signed deviation: 3 is one in a thousand. 0 for what is common, at most 8.
    pub fn decades(&self, deviation: f64) -> f64 {
        let size = deviation.abs();
        if self.count < ENOUGH || size <= TINY {
            return 0.0;
        }
        let side = if deviation < 0.0 { &self.below } else { &self.above };
        side.decades(size, self.count).min(MAX_DECADES)
    }

    /// Remembers a deviation.
    pub fn push(&mut self, deviation: f64) {
        let size = deviation.abs();
        if size > TINY {
            if deviation < 0.0 { self.below.push(size) } else { self.above.push(size) }
        }
        self.count += 1.0;
        if self.count > MEMORY {
            self.count *= 0.5;
            self.above.halve();
            self.below.halve();
        }
    }
}

/// One side's histogram, kept as the counts of what lies in a bin *or beyond it*: what is asked for is one load away, and
/// adding a value is one pass that the compiler turns into a few vector instructions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Side {
    /// In units of [`UNIT`]; never rises from one bin to the next.
    from_bin: [[u16; HALF]; 2],
    /// Number of the first bin among all bins there could be, once something was seen.
    origin: Option<i32>,
}

impl Side {
    fn push(&mut self, size: f64) {
        let number = bin_number(size);
        let origin = *self.origin.get_or_insert(number - FIRST);
        if number - origin >= BINS {
            self.shift(number - origin - BINS + 1);
        }
        let bin = (number - self.origin.unwrap_or(number)).clamp(0, BINS - 1) as u16;
        for (count, at) in self.from_bin.as_flattened_mut().iter_mut().zip(0u16..) {
            *count += if at <= bin { UNIT } else { 0 };
        }
    }

    /// Makes room for larger magnitudes; the smallest share the first bin then.
    fn shift(&mut self, by: i32) {
        let old = self.from_bin;
        let old = old.as_flattened();
        self.origin = self.origin.map(|origin| origin + by);
        for (count, at) in self.from_bin.as_flattened_mut().iter_mut().zip(0..).skip(1) {
            *count = old.get(at + by.unsigned_abs() as usize).copied().unwrap_or(0);
        }
    }

    fn halve(&mut self) {
        for count in self.from_bin.as_flattened_mut() {
            *count /= 2;
        }
    }

    #[inline]
    fn decades(&self, size: f64, count: f64) -> f64 {
        let Some(origin) = self.origin else { return decades_of(1.0 / (count + 2.0)) };
        let bin = bin_number(size) - origin;
        let beyond = self.from(bin.saturating_add(1));
        let seen = 0.5 * (self.from(bin) + beyond);
        let rank = decades_of((seen + 1.0) / (count + 2.0));
        let wanted = (TAIL_SHARE * count).max(TAIL_LEAST);
        let decades = if beyond >= wanted { rank } else { self.in_tail(size, bin, rank, count, wanted) };
        // No branch: what is common and what is not alternate too irregularly to be predicted.
        decades * f64::from(u8::from(decades >= LEAST_DECADES))
    }

    #[cold]
    fn in_tail(&self, size: f64, bin: i32, rank: f64, count: f64, wanted: f64) -> f64 {
        let (edge, exceedances, log_excess) = self.tail(wanted);
        if bin < edge {
            return rank;
        }
        let index = (log_excess + PRIOR_WEIGHT * PRIOR_INDEX) / (exceedances + PRIOR_WEIGHT);
        let start = LN_2 * f64::from(edge + self.origin.unwrap_or(0)) / PER_OCTAVE;
        let beyond_edge = (libm::log(size) - start).max(0.0) / index / LN_10;
        let decades = beyond_edge + decades_of((exceedances + 1.0) / (count + 2.0));
        let seen = 0.5 * (self.from(bin) + self.from(bin + 1));
        if seen > 0.0 { decades.min(decades_of(FEW_SEEN * seen / (count + 2.0))) } else { decades }
    }

    /// Values in this bin or beyond.
    fn from(&self, bin: i32) -> f64 {
        let count = self.from_bin.as_flattened().get(bin.max(0) as usize).copied().unwrap_or(0);
        f64::from(count) / f64::from(UNIT)
    }

    /// The bin at whose lower edge the tail begins, values beyond it, and the sum of their logarithms over that edge.
    fn tail(&self, wanted: f64) -> (i32, f64, f64) {
        let counts = self.from_bin.as_flattened();
        let wanted = wanted * f64::from(UNIT);
        let edge = counts.partition_point(|count| f64::from(*count) >= wanted).max(2) - 1;
        // A value lies in the middle of its bin, and is counted once in each bin between the edge and its own.
        let further: u32 = counts[edge + 1..].iter().map(|count| u32::from(*count)).sum();
        let exceedances = f64::from(counts[edge]) / f64::from(UNIT);
        let bins = f64::from(further) / f64::from(UNIT) + 0.5 * exceedances;
        (i32::try_from(edge).unwrap_or(BINS), exceedances, bins * LN_2 / PER_OCTAVE)
    }
}

/// `−log₁₀ share` to 0.001, from the bits of the number: this is asked for five times a value.
fn decades_of(share: f64) -> f64 {
    let bits = share.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1_023;
    let rest = f64::from_bits((bits & MANTISSA) | 1.0f64.to_bits()) - 1.0;
    // log₂(1 + rest): exact at both ends, least squares between.
    let log2 = rest * (1.438_073 + rest * (-0.674_767 + rest * (0.317_001 - 0.080_307 * rest)));
    -(f64::from(exponent) + log2) * LOG10_2
}

/// `⌊3 log₂ size⌋`, from the bits of the number.
fn bin_number(size: f64) -> i32 {
    // 2^(1/3) and 2^(2/3), as the mantissas of numbers from 1 to 2.
    const FIRST_THIRD: u64 = 1.259_921_049_894_873_2f64.to_bits() & MANTISSA;
    const SECOND_THIRD: u64 = 1.587_401_051_968_199_4f64.to_bits() & MANTISSA;
    let bits = size.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1_023;
    let mantissa = bits & MANTISSA;
    3 * exponent + i32::from(mantissa >= FIRST_THIRD) + i32::from(mantissa >= SECOND_THIRD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;
    use proptest::prelude::*;

    #[test]
    fn common_values_are_nothing_and_records_are_rare() {
        let mut tail = Tail::default();
        let mut noise = Noise::new(1);
        for _ in 0..5_000 {
            tail.push(noise.gaussian());
        }
        assert!(tail.decades(0.3) < 0.5);
        // One-sided tail of a Gaussian: 1.28 σ is one in ten, 2.33 σ one in a hundred, 3.09 σ one in a thousand, which the
        // belief in heavy tails says with caution.
        for (sigmas, decades, caution) in [(1.28, 1.0, 0.1), (2.33, 2.0, 0.5), (-3.09, 3.0, 1.0)] {
            let found = tail.decades(sigmas);
            assert!(
                (decades - caution..decades + 0.15).contains(&found),
                "{sigmas} σ: {found} for {decades}"
            );
        }
        assert!(tail.decades(8.0) > 4.0);
        assert!(tail.decades(1e30) <= MAX_DECADES);
    }

    #[test]
    fn what_has_happened_often_is_not_rare_however_far_out_it_is() {
        let mut tail = Tail::default();
        for n in 0..4_000 {
            tail.push(if n % 100 == 0 { 1_000.0 } else { f64::from(n % 7) });
        }
        let decades = tail.decades(1_000.0);
        assert!((1.9..2.4).contains(&decades), "one in a hundred: {decades}");
    }

    #[test]
    fn magnitudes_may_grow_past_the_histogram() {
        let mut tail = Tail::default();
        for n in 0..200 {
            tail.push(1e-12 * f64::from(1 + n % 5));
        }
        for n in 0..2_000 {
            tail.push(1e6 * f64::from(1 + n % 5));
        }
        assert!(tail.decades(2e6) < 1.0);
        assert!(tail.decades(1e9) > 3.0);
    }

    proptest! {
        #[test]
        fn the_quick_logarithm_is_close(share in 1e-9f64..1.0) {
            prop_assert!((decades_of(share) + libm::log10(share)).abs() < 1e-3);
        }

        #[test]
        fn bins_are_thirds_of_octaves(size in 1e-90f64..1e90) {
            let exact = libm::log2(size) * PER_OCTAVE;
            prop_assert!((f64::from(bin_number(size)) - exact.floor()).abs() < 1.0 + 1e-9);
            prop_assert!(f64::from(bin_number(size)) <= exact + 1e-9);
        }

        #[test]
        fn counts_add_up_and_larger_is_never_less_rare(
            sizes in prop::collection::vec(prop_oneof![-1e3f64..1e3, -1e-9f64..1e-9, -1e20f64..1e20], 30..300),
            a in 1e-3f64..1e6, factor in 1.0f64..1e3,
        ) {
            let mut tail = Tail::default();
            for size in &sizes { tail.push(*size); }
            for side in [&tail.above, &tail.below] {
                prop_assert!(side.from_bin.as_flattened().is_sorted_by(|a, b| a >= b));
            }
            let beyond = sizes.iter().filter(|size| **size > TINY).count();
            prop_assert!((tail.above.from(0) - beyond as f64).abs() < 1e-9);
            // Within a bin the rank is the same; where ranks end and the fitted tail begins it may step by a rank
            // and by the caution about what was seen there.
            prop_assert!(tail.decades(a * factor) + 0.65 >= tail.decades(a));
        }
    }
}
