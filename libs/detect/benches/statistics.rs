//! What one value costs the anomaly score: many series in turn, as telemetry comes. Prints nanoseconds and bytes.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use detect::stats::AnomalyState;

const SERIES: u32 = 2_000;
/// Samples before the clock runs: histograms are filled, parts of the day known.
const LEARNING: u32 = 1_000;
const SAMPLES: u32 = 200;
const ROUNDS: usize = 7;
/// Seconds between samples: the learning takes a day and a half.
const STEP_S: f64 = 130.0;

fn value(sample: u32, series: u32) -> f64 {
    // A mixed-up counter: no rhythm that a predictor could learn.
    let mixed = (sample ^ series.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
    20.0 + f64::from((mixed ^ (mixed >> 13)).wrapping_mul(0xC2B2_AE35) >> 8) / 1e6
}

fn main() {
    let mut states = vec![AnomalyState::default(); SERIES as usize];
    for sample in 0..LEARNING {
        observe(&mut states, sample);
    }
    let mut best = Duration::MAX;
    let mut sample = LEARNING;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for _ in 0..SAMPLES {
            black_box(observe(&mut states, sample));
            sample += 1;
        }
        best = best.min(begin.elapsed());
    }
    let values = f64::from(SERIES * SAMPLES);
    println!(
        "anomaly score: {:.0} ns a value ({:.1} M values/s, {SERIES} series, best of {ROUNDS}), {} bytes a series and \
         {} written",
        best.as_secs_f64() * 1e9 / values,
        values / best.as_secs_f64() / 1e6,
        size_of::<AnomalyState>(),
        postcard::to_allocvec(&states[0]).unwrap().len(),
    );
}

fn observe(states: &mut [AnomalyState], sample: u32) -> u32 {
    let time_s = f64::from(sample) * STEP_S;
    let mut alarms = 0;
    for (state, series) in states.iter_mut().zip(0..) {
        let anomaly = state.observe(time_s, value(sample, series));
        alarms += u32::from(anomaly.is_some_and(|anomaly| anomaly.score > 0.999));
    }
    alarms
}
