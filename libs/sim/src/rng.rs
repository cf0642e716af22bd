//! Random numbers that are a function of what they are for.
//!
//! Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11): a counter-based generator. The
//! counter is (entity, tick), the key is (seed, purpose): drawing more in one place moves nothing elsewhere, and no state
//! has to be kept or shared between threads.

/// What a number is drawn for; part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Noise of a traffic source.
    Traffic = 1,
    /// Variation of a replica's service time.
    ServiceTime = 2,
    /// Faults of the chaos level.
    Chaos = 3,
    /// Bursts of a traffic source.
    Burst = 4,
    /// Requests of the reference simulator.
    Reference = 100,
    /// Resamples behind an interval of confidence.
    Resample = 101,
}

const MULTIPLIER_0: u64 = 0xD251_1F53;
const MULTIPLIER_1: u64 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;
const ROUNDS: usize = 10;

/// One block of Philox4x32-10.
#[inline]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let low = MULTIPLIER_0 * u64::from(counter[0]);
        let high = MULTIPLIER_1 * u64::from(counter[2]);
        counter = [
            (high >> 32) as u32 ^ counter[1] ^ key[0],
            high as u32,
            (low >> 32) as u32 ^ counter[3] ^ key[1],
            low as u32,
        ];
        key[0] = key[0].wrapping_add(WEYL_0);
        key[1] = key[1].wrapping_add(WEYL_1);
    }
    counter
}

/// The key of a purpose under a seed: folds both into 64 bits by `SplitMix64`'s finaliser (Steele et al., 2014).
#[inline]
pub fn key(seed: u64, purpose: Purpose) -> [u32; 2] {
    let mut mixed = seed ^ (purpose as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    [mixed as u32, (mixed >> 32) as u32]
}

/// 128 random bits for an entity at a tick under a [`key`].
#[inline]
pub fn block(key: [u32; 2], entity: u64, tick: u64) -> [u32; 4] {
    philox([entity as u32, (entity >> 32) as u32, tick as u32, (tick >> 32) as u32], key)
}

/// A number with mean 0 and deviation 1, bell-shaped and bounded by ±2√3: the sum of four uniform ones (Irwin–Hall),
/// which needs no transcendental function.
#[inline]
pub fn bell(bits: [u32; 4]) -> f64 {
    const SCALE: f64 = 1.0 / 4_294_967_296.0;
    let sum = f64::from(bits[0]) + f64::from(bits[1]) + f64::from(bits[2]) + f64::from(bits[3]);
    // Four uniform numbers have mean 2 and variance 4/12.
    (sum * SCALE - 2.0) * 1.732_050_807_568_877_2
}

/// [`bell`] for an entity, a tick and a purpose.
pub fn normalish(seed: u64, entity: u64, tick: u64, purpose: Purpose) -> f64 {
    bell(block(key(seed, purpose), entity, tick))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_known_answers() {
        // From the authors' Random123 distribution, file kat_vectors.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn bell_has_mean_zero_and_deviation_one() {
        let draws: Vec<f64> = (0..100_000).map(|tick| normalish(1, 2, tick, Purpose::ServiceTime)).collect();
        let mean = draws.iter().sum::<f64>() / 100_000.0;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / 100_000.0;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
