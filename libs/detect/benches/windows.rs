//! The detector's windows against a bare window kernel over the same values, interleaved, in one process. Prints a ratio.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use detect::{Columns, Detector, Limits, RuleSet, Sample, SimTime, builtin_rules};

/// The metrics that built-in rules watch on services, six rules together.
const METRICS: [&str; 4] = ["error_rate", "cpu_usage", "memory_usage", "latency_p99"];
const SERVICES: usize = 5_000;
const SERIES: usize = SERVICES * METRICS.len();
const WINDOW: usize = 60;
const SAMPLES: usize = 200;
const ROUNDS: usize = 7;

/// What one would write by hand for one metric: mean, variance, z-score, EWMA and three in a row, struct of arrays.
struct Bare {
    ring: Vec<f32>,
    sum: Vec<f32>,
    squares: Vec<f32>,
    ewma: Vec<f32>,
    in_a_row: Vec<u8>,
}

impl Bare {
    fn new() -> Self {
        Self {
            ring: vec![0.0; SERIES * WINDOW],
            sum: vec![0.0; SERIES],
            squares: vec![0.0; SERIES],
            ewma: vec![0.0; SERIES],
            in_a_row: vec![0; SERIES],
        }
    }

    fn push(&mut self, slot: usize, row: &[f32]) -> usize {
        let window = WINDOW as f32;
        let ring = &mut self.ring[slot * SERIES..(slot + 1) * SERIES];
        let mut alarms = 0;
        let state = self.sum.iter_mut().zip(&mut self.squares).zip(&mut self.ewma).zip(&mut self.in_a_row);
        for ((value, kept), (((sum, squares), ewma), in_a_row)) in row.iter().zip(ring).zip(state) {
            *sum += value - *kept;
            *squares += value * value - *kept * *kept;
            *kept = *value;
            let mean = *sum / window;
            let variance = (*squares / window - mean * mean).max(1e-6);
            let z = (value - mean) / variance.sqrt();
            *ewma += 0.1 * (value - *ewma);
            *in_a_row = if z > 3.0 { *in_a_row + 1 } else { 0 };
            alarms += usize::from(*in_a_row >= 3);
        }
        alarms
    }
}

fn main() {
    let ids: Vec<String> = (0..SERVICES).map(|n| format!("service-{n}")).collect();
    let rows: Vec<Vec<f32>> = (0..SAMPLES)
        .map(|sample| (0..SERIES).map(|s| 20.0 + ((sample * 31 + s * 17) % 97) as f32 / 2.0).collect())
        .collect();
    // The thresholds: the other built-in rules look at other windows.
    let mut rules: Vec<_> = builtin_rules().into_iter().take(6).collect();
    for rule in &mut rules {
        rule.window_s = WINDOW as u32;
        // Values are 20 to 68 here: this bench is about windows, not about incidents.
        (rule.threshold, rule.clear_threshold) = (85.0, 80.0);
    }
    let rules = RuleSet::new(rules).unwrap();

    let mut ratios = Vec::new();
    let (mut best_ours, mut best_bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let bare = time_bare(&rows);
        let ours = time_detector(&rules, &ids, &rows);
        ratios.push(bare.as_secs_f64() / ours.as_secs_f64());
        best_ours = best_ours.min(ours);
        best_bare = best_bare.min(bare);
    }
    ratios.sort_by(f64::total_cmp);
    let updates = (SERIES * SAMPLES) as f64 / 1e6;
    println!(
        "detector windows ratio: {:.2} (detector {:.0} M updates/s with six rules, bare kernel {:.0} M updates/s, \
         {SERIES} series ({SERVICES} services) x {WINDOW} samples, median of {ROUNDS}, bar 0.25)",
        ratios[ROUNDS / 2],
        updates / best_ours.as_secs_f64(),
        updates / best_bare.as_secs_f64(),
    );
}

fn time_bare(rows: &[Vec<f32>]) -> Duration {
    let mut bare = Bare::new();
    let begin = Instant::now();
    for (sample, row) in rows.iter().enumerate() {
        black_box(bare.push(sample % WINDOW, row));
    }
    begin.elapsed()
}

fn time_detector(rules: &RuleSet, ids: &[String], rows: &[Vec<f32>]) -> Duration {
    let mut detector = Detector::new(rules, Limits::default());
    // The first sample lays the windows out, as the constructor of the bare kernel does.
    observe(&mut detector, 0, ids, &rows[0]);
    let begin = Instant::now();
    for (tick, row) in (1u32..).zip(rows) {
        observe(&mut detector, tick, ids, row);
    }
    let elapsed = begin.elapsed();
    assert_eq!(detector.open_incidents().count(), 0);
    elapsed
}

fn observe(detector: &mut Detector, tick: u32, ids: &[String], row: &[f32]) {
    let mut services = Columns::new(ids.iter().map(String::as_str));
    for (metric, values) in METRICS.into_iter().zip(row.chunks(SERVICES)) {
        services = services.with(metric, values).unwrap();
    }
    black_box(detector.observe(&Sample {
        simulation: "default",
        run: "run",
        tick: u64::from(tick),
        time: SimTime::from_micros(i64::from(tick) * 1_000_000),
        shard: 0,
        shard_count: 1,
        interval_ms: 1_000,
        services,
        nodes: Columns::default(),
        map: None,
    }));
}
