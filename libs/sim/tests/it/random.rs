//! A statistical smoke test of the random numbers, along every way in which the simulation draws them.

use sim::rng::{self, Purpose};

const DRAWS: usize = 200_000;

/// Draws along a way: entity after entity, tick after tick, seed after seed, purpose by purpose.
fn ways() -> Vec<(&'static str, Vec<u32>)> {
    let entity = |entity: u64| rng::block(rng::key(7, Purpose::ServiceTime), entity, 11)[0];
    let tick = |tick: u64| rng::block(rng::key(7, Purpose::ServiceTime), 3, tick)[1];
    let seed = |seed: u64| rng::block(rng::key(seed, Purpose::Traffic), 0, 0)[2];
    let lane = |at: u64| rng::block(rng::key(42, Purpose::Traffic), 5, at / 4)[(at % 4) as usize];
    // Entities of services are far apart: the service is in the upper half.
    let service =
        |at: u64| rng::block(rng::key(42, Purpose::ServiceTime), ((at / 16) << 32) | (at % 16), 0)[3];
    let draw = |one: &dyn Fn(u64) -> u32| (0..DRAWS as u64).map(one).collect();
    vec![
        ("entities", draw(&entity)),
        ("ticks", draw(&tick)),
        ("seeds", draw(&seed)),
        ("lanes", draw(&lane)),
        ("services", draw(&service)),
    ]
}

fn square_of(value: f64) -> f64 {
    value * value
}

/// χ² of counts that should be equal, as a standard normal deviate (Wilson & Hilferty 1931).
fn deviate(counts: &[usize]) -> f64 {
    let expected = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let square: f64 = counts.iter().map(|count| square_of(*count as f64 - expected) / expected).sum();
    let freedom = counts.len() as f64 - 1.0;
    let spread = 2.0 / (9.0 * freedom);
    (libm::cbrt(square / freedom) - (1.0 - spread)) / spread.sqrt()
}

#[test]
fn draws_are_uniform_bit_by_bit_and_independent_of_the_one_before() {
    for (way, draws) in ways() {
        let mut high = vec![0; 256];
        let mut low = vec![0; 256];
        let mut pairs = vec![0; 4096];
        for (at, draw) in draws.iter().enumerate() {
            high[(draw >> 24) as usize] += 1;
            low[(draw & 0xFF) as usize] += 1;
            if at > 0 {
                pairs[(((draws[at - 1] >> 26) << 6) | (draw >> 26)) as usize] += 1;
            }
        }
        // One in two million random generators would fail each of these.
        for (test, counts) in [("high bytes", &high), ("low bytes", &low), ("pairs", &pairs)] {
            let deviate = deviate(counts);
            assert!(deviate.abs() < 5.0, "{way}, {test}: {deviate:.1} deviations");
        }
        for bit in 0..32 {
            let ones = draws.iter().filter(|draw| (**draw >> bit) & 1 == 1).count() as f64;
            let deviate = (ones - DRAWS as f64 / 2.0) / (DRAWS as f64 / 4.0).sqrt();
            assert!(deviate.abs() < 5.0, "{way}, bit {bit}: {deviate:.1} deviations");
        }
    }
}

#[test]
fn draws_are_not_correlated_with_those_before() {
    for (way, draws) in ways() {
        let values: Vec<f64> = draws.iter().map(|draw| f64::from(*draw) / 4_294_967_296.0 - 0.5).collect();
        let power: f64 = values.iter().map(|value| value * value).sum();
        for lag in (1..=16).chain([20, 32, 60, 64, 100, 128, 1024]) {
            let product: f64 = values.iter().zip(&values[lag..]).map(|(one, other)| one * other).sum();
            // Of independent draws it is normal with a deviation of 1/√n.
            let deviate = product / power * (DRAWS as f64).sqrt();
            assert!(deviate.abs() < 5.0, "{way}, {lag} apart: {deviate:.1} deviations");
        }
    }
}

/// Every input bit turned, one after the other: entity, tick and seed.
#[test]
fn neighbours_differ_in_half_of_their_bits() {
    let block = |entity, tick, seed| rng::block(rng::key(seed, Purpose::Traffic), entity, tick);
    for bit in 0..192_u32 {
        let flipped: u32 = (0..256_u64)
            .map(|at| {
                let turned = 1 << (bit % 64);
                let other = match bit / 64 {
                    0 => block(at ^ turned, 9, 1),
                    1 => block(at, 9 ^ turned, 1),
                    _ => block(at, 9, 1 ^ turned),
                };
                let differ = |(left, right): (&u32, &u32)| (left ^ right).count_ones();
                block(at, 9, 1).iter().zip(&other).map(differ).sum::<u32>()
            })
            .sum();
        // 256 blocks of 128 bits: 16 384 flips with a deviation of 90.5.
        assert!((f64::from(flipped) - 16_384.0).abs() < 5.0 * 90.5, "bit {bit}: {flipped}");
    }
}

#[test]
fn purposes_are_independent() {
    let purposes =
        [Purpose::Traffic, Purpose::ServiceTime, Purpose::Chaos, Purpose::Burst, Purpose::Reference];
    for (at, one) in purposes.iter().enumerate() {
        for other in &purposes[at + 1..] {
            let draws: [Vec<f64>; 2] = [one, other]
                .map(|purpose| (0..DRAWS as u64).map(|tick| rng::normalish(42, 3, tick, *purpose)).collect());
            let product: f64 = draws[0].iter().zip(&draws[1]).map(|(left, right)| left * right).sum();
            let deviate = product / (DRAWS as f64).sqrt();
            assert!(deviate.abs() < 5.0, "{one:?} and {other:?}: {deviate:.1} deviations");
        }
    }
}
