//! Transients against the mean of many reference runs of the same system under the same traffic.

use super::lab::{self, Bench, Course};
use super::{Case, Curve, Plot, Report, TRANSIENT_BAR};
use crate::TICK_S;
use crate::reference::{Network, Recording, Service, Source, Station, StationRecord};
use crate::scenario::LoadError;
use crate::traffic::Shape;

/// Bar where the approximation is known to be rough: around saturation it follows the load too quickly, and the more so the
/// more irregular the service times are.
const ROUGH_BAR: f64 = 0.12;

/// Seed of the reference runs.
const SEED: u64 = 20_240_601;

/// A system, its traffic, and when to look.
struct Transient {
    name: &'static str,
    title: &'static str,
    services: Vec<Bench>,
    /// Offered load over time, as a share of what the first service can serve.
    load: Load,
    /// Window of the measures, s.
    from_s: f64,
    until_s: f64,
    bar: f64,
}

/// How the load goes.
enum Load {
    /// One level, another between two times, the first again.
    Plateau { base: f64, peak: f64, start_s: f64, end_s: f64 },
    /// A sine.
    Waves { mean: f64, swing: f64, period_s: f64 },
}

impl Load {
    fn shape(&self, capacity_rps: f64) -> Shape {
        match *self {
            Self::Plateau { base, peak, start_s, end_s } => Shape::Spike {
                base_rps: base * capacity_rps,
                peak_rps: peak * capacity_rps,
                start_s,
                duration_s: end_s - start_s,
            },
            Self::Waves { mean, swing, period_s } => {
                Shape::Diurnal { mean_rps: mean * capacity_rps, swing, period_s, phase: 0.0 }
            }
        }
    }

    /// The same as a scenario file has it.
    fn text(&self, capacity_rps: f64) -> String {
        match *self {
            Self::Plateau { base, peak, start_s, end_s } => format!(
                "spike: {{base_rps: {}, peak_rps: {}, start_s: {start_s}, duration_s: {}}}",
                base * capacity_rps,
                peak * capacity_rps,
                end_s - start_s
            ),
            Self::Waves { mean, swing, period_s } => {
                format!(
                    "diurnal: {{mean_rps: {}, swing: {swing}, period_s: {period_s}}}",
                    mean * capacity_rps
                )
            }
        }
    }

    fn peak(&self) -> f64 {
        match *self {
            Self::Plateau { base, peak, .. } => base.max(peak),
            Self::Waves { mean, swing, .. } => mean * (1.0 + swing),
        }
    }
}

fn transients() -> Vec<Transient> {
    let plateau = |base, peak, start_s, end_s| Load::Plateau { base, peak, start_s, end_s };
    vec![
        Transient {
            name: "step-load",
            title: "Load steps from 30 % to 80 % of four workers",
            services: vec![Bench::new(4, 0.02)],
            load: plateau(0.3, 0.8, 5.0, 1000.0),
            from_s: 5.0,
            until_s: 15.0,
            bar: TRANSIENT_BAR,
        },
        Transient {
            name: "step-load-heavy",
            title: "Load steps from 50 % to 90 % of one worker",
            services: vec![Bench::new(1, 0.005)],
            load: plateau(0.5, 0.9, 5.0, 1000.0),
            from_s: 5.0,
            until_s: 15.0,
            bar: TRANSIENT_BAR,
        },
        Transient {
            name: "overload-and-drain",
            title: "Ten seconds of 140 % load on four workers, then 50 %",
            services: vec![Bench::new(4, 0.02)],
            load: plateau(0.5, 1.4, 5.0, 15.0),
            from_s: 5.0,
            until_s: 30.0,
            bar: TRANSIENT_BAR,
        },
        Transient {
            name: "overload-and-slow-drain",
            title: "Ten seconds of 150 % load on sixteen workers, then 80 %",
            services: vec![Bench::new(16, 0.04)],
            load: plateau(0.8, 1.5, 5.0, 15.0),
            from_s: 5.0,
            until_s: 60.0,
            bar: TRANSIENT_BAR,
        },
        Transient {
            name: "overload-of-a-bounded-room",
            title: "Ten seconds of 150 % load on ten workers with fifty places to wait, then 60 %",
            services: vec![Bench { queue_limit: 50, ..Bench::new(10, 0.05) }],
            load: plateau(0.6, 1.5, 5.0, 15.0),
            from_s: 5.0,
            until_s: 20.0,
            bar: TRANSIENT_BAR,
        },
        Transient {
            name: "irregular-service",
            title: "Ten seconds of 130 % load on four workers with irregular service times (cv² = 4), then 50 %",
            services: vec![Bench { cv2: 4.0, ..Bench::new(4, 0.02) }],
            load: plateau(0.5, 1.3, 5.0, 15.0),
            from_s: 5.0,
            until_s: 30.0,
            bar: ROUGH_BAR,
        },
        Transient {
            name: "waves",
            title: "Load swings between 40 % and 100 % of eight workers every twenty seconds",
            services: vec![Bench::new(8, 0.02)],
            load: Load::Waves { mean: 0.7, swing: 0.43, period_s: 20.0 },
            from_s: 20.0,
            until_s: 60.0,
            bar: ROUGH_BAR,
        },
        Transient {
            name: "chain",
            title: "Overload of a chain: the first service passes on at most what it can serve",
            services: vec![Bench { calls: vec![(1, 0.8)], ..Bench::new(8, 0.02) }, Bench::new(4, 0.011)],
            load: plateau(0.5, 1.4, 5.0, 15.0),
            from_s: 5.0,
            until_s: 30.0,
            bar: TRANSIENT_BAR,
        },
    ]
}

/// The same services for the reference simulator.
fn network(transient: &Transient, capacity_rps: f64) -> Network {
    let station = |bench: &Bench| Station {
        workers: bench.workers as usize,
        room: (bench.workers + bench.queue_limit) as usize,
        mean_s: bench.service_s,
        service: Service::with_cv2(bench.cv2),
        routes: bench.calls.clone(),
    };
    Network {
        stations: transient.services.iter().map(station).collect(),
        sources: vec![Source {
            station: 0,
            shape: transient.load.shape(capacity_rps),
            peak_rps: transient.load.peak() * capacity_rps,
        }],
    }
}

pub(super) fn run(report: &mut Report, runs: u64) -> Result<(), LoadError> {
    for transient in transients() {
        let capacity_rps = transient.services[0].capacity_rps();
        let ticks = (transient.until_s / TICK_S) as usize;
        let courses = lab::course(&transient.services, &transient.load.text(capacity_rps), ticks)?;
        let reference = network(&transient, capacity_rps).mean(SEED, runs, ticks, TICK_S);
        for (at, course) in courses.iter().enumerate() {
            let group = if at == 0 { transient.name } else { "chain, second service" };
            compare(report, &transient, group, course, &reference.stations[at]);
        }
        report.plots.push(plot(&transient, &courses, &reference));
    }
    Ok(())
}

/// Area under the number in system, its peak, when it is over, mean delay, and what was turned away.
fn compare(
    report: &mut Report,
    transient: &Transient,
    group: &'static str,
    model: &Course,
    truth: &StationRecord,
) {
    let Transient { from_s, until_s, .. } = transient;
    let case = Case { group, text: format!("{from_s} to {until_s} s"), against: "reference" };
    let bar = transient.bar;
    let window = (from_s / TICK_S) as usize..(until_s / TICK_S) as usize;
    let sum = |values: &[f64]| values[window.clone()].iter().sum::<f64>();
    let (area, exact_area) = (sum(&model.number), sum(&truth.number));
    report.check(&case, "area under number, request·s", area * TICK_S, exact_area * TICK_S, bar);
    let delay = |area: f64, served: f64| area * TICK_S / served * 1000.0;
    let exact_delay = delay(exact_area, sum(&truth.served));
    report.check(&case, "mean delay, ms", delay(area, sum(&model.served)), exact_delay, bar);
    // What a saturated service passes on is steady: only the first of a chain has a peak worth the name.
    if let Load::Plateau { end_s, .. } = transient.load
        && end_s < *until_s
        && group == transient.name
    {
        let (peak, exact_peak) = (peak(&model.number), peak(&truth.number));
        report.check(&case, "peak of number", peak, exact_peak, bar);
        let end = (end_s / TICK_S) as usize;
        let settled = mean_of(&truth.number[window.end - second()..window.end]);
        let level = settled + 0.1 * (exact_peak - settled);
        let over = |number: &[f64]| drained(&number[end..], level);
        report.check(&case, "time to drain nine tenths, s", over(&model.number), over(&truth.number), bar);
    }
    let turned_away = sum(&truth.blocked);
    if turned_away > 1.0 {
        report.check(&case, "turned away", sum(&model.blocked), turned_away, bar);
    }
}

/// The highest mean over a second: a single tick of a mean of runs is noise.
fn peak(number: &[f64]) -> f64 {
    number.windows(second()).map(mean_of).fold(0.0, f64::max)
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Ticks in a second.
fn second() -> usize {
    (1.0 / TICK_S) as usize
}

/// Time until the number is below a level, s; between two ticks by the straight line.
fn drained(number: &[f64], level: f64) -> f64 {
    let Some(below) = number.iter().position(|number| *number < level) else { return f64::NAN };
    let before = if below == 0 { level } else { number[below - 1] };
    let share = if before > number[below] { (before - level) / (before - number[below]) } else { 0.0 };
    (below as f64 + share) * TICK_S
}

fn plot(transient: &Transient, courses: &[Course], reference: &Recording) -> Plot {
    let points = |number: &[f64]| -> Vec<(f64, f64)> {
        number.iter().enumerate().map(|(tick, number)| ((tick + 1) as f64 * TICK_S, *number)).collect()
    };
    let mut curves = Vec::new();
    for (at, (course, station)) in courses.iter().zip(&reference.stations).enumerate() {
        let which = if courses.len() > 1 { format!(", service {}", at + 1) } else { String::new() };
        curves.push(Curve {
            name: format!("request by request{which}"),
            truth: true,
            points: points(&station.number),
        });
        curves.push(Curve { name: format!("model{which}"), truth: false, points: points(&course.number) });
    }
    let title = transient.title.to_owned();
    Plot { name: transient.name.to_owned(), title, x: "s", y: "requests in system", curves }
}
