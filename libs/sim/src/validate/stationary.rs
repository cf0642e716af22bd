//! Steady states against closed forms.

use super::lab::{self, Bench, Steady};
use super::{Case, Curve, Plot, Report, STATIONARY_BAR, closed_form};
use crate::scenario::LoadError;

/// Utilisations at which every queue is measured.
const LOADS: [f64; 8] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

/// Bar for percentiles with many workers: those of a gamma distribution with the right mean and variance.
const PERCENTILE_BAR: f64 = 0.10;

/// Service time of the benches, s: shorter than a tick; the model does not care, as the tests of its parts show.
const SERVICE_S: f64 = 0.01;

pub(super) fn run(report: &mut Report) -> Result<(), LoadError> {
    many_workers(report)?;
    bounded_rooms(report)?;
    any_service_time(report)?;
    replicas(report)?;
    jackson(report)
}

fn case(group: &'static str, text: String) -> Case {
    Case { group, text, against: "closed form" }
}

fn measure(bench: &Bench, load: f64) -> Result<Steady, LoadError> {
    let services = [bench.clone()];
    Ok(lab::steady(&services, load * bench.capacity_rps())?[0])
}

/// M/M/1 and M/M/c: number, sojourn time and its percentiles.
fn many_workers(report: &mut Report) -> Result<(), LoadError> {
    for workers in [1, 2, 4, 16, 64, 256] {
        let (mut model, mut truth) = (Vec::new(), Vec::new());
        for load in LOADS {
            let found = measure(&Bench::new(workers, SERVICE_S), load)?;
            let group = if workers == 1 { "M/M/1" } else { "M/M/c" };
            let case = case(group, format!("c = {workers}, ρ = {load}"));
            let sojourn = closed_form::sojourn(workers, load);
            let number = sojourn * load * f64::from(workers);
            report.check(&case, "number in system", found.number, number, STATIONARY_BAR);
            let sojourn_ms = sojourn * SERVICE_S * 1000.0;
            report.check(&case, "mean sojourn, ms", found.sojourn.mean_ms, sojourn_ms, STATIONARY_BAR);
            let bar = if workers == 1 { STATIONARY_BAR } else { PERCENTILE_BAR };
            for (measure, got, probability) in [
                ("sojourn p50, ms", found.sojourn.p50_ms, 0.5),
                ("sojourn p95, ms", found.sojourn.p95_ms, 0.95),
                ("sojourn p99, ms", found.sojourn.p99_ms, 0.99),
            ] {
                let exact = closed_form::sojourn_percentile(workers, load, probability) * SERVICE_S * 1000.0;
                report.check(&case, measure, got, exact, bar);
            }
            model.push((load, found.sojourn.mean_ms));
            truth.push((load, sojourn_ms));
        }
        report.plots.push(Plot {
            name: format!("mm{workers}-sojourn"),
            title: format!("M/M/{workers}: mean sojourn time"),
            x: "utilisation",
            y: "ms",
            curves: vec![
                Curve { name: "closed form".to_owned(), truth: true, points: truth },
                Curve { name: "model".to_owned(), truth: false, points: model },
            ],
        });
    }
    Ok(())
}

/// M/M/c/K, past saturation too: what is turned away, what is served, how many are there, how long they stay.
fn bounded_rooms(report: &mut Report) -> Result<(), LoadError> {
    for (workers, queue_limit) in [(1, 1), (1, 4), (1, 20), (4, 0), (4, 4), (10, 10), (10, 50), (64, 64)] {
        let room = workers + queue_limit;
        for load in LOADS.into_iter().chain([1.0, 1.2, 2.0]) {
            let bench = Bench { queue_limit, ..Bench::new(workers, SERVICE_S) };
            let found = measure(&bench, load)?;
            let case = case("M/M/c/K", format!("c = {workers}, K = {room}, ρ = {load}"));
            let exact = closed_form::bounded(workers, room, load);
            let throughput_rps = load * bench.capacity_rps() * (1.0 - exact.blocked);
            report.check(&case, "share turned away", found.blocked, exact.blocked, STATIONARY_BAR);
            report.check(&case, "throughput, 1/s", found.throughput_rps, throughput_rps, STATIONARY_BAR);
            report.check(&case, "number in system", found.number, exact.number, STATIONARY_BAR);
            let sojourn_ms = exact.number / throughput_rps * 1000.0;
            report.check(&case, "mean sojourn, ms", found.sojourn.mean_ms, sojourn_ms, STATIONARY_BAR);
        }
    }
    Ok(())
}

/// M/G/1: Pollaczek–Khinchine.
fn any_service_time(report: &mut Report) -> Result<(), LoadError> {
    let mut curves = Vec::new();
    for cv2 in [0.0, 0.5, 1.0, 4.0] {
        let (mut model, mut truth) = (Vec::new(), Vec::new());
        for load in LOADS {
            let bench = Bench { cv2, ..Bench::new(1, SERVICE_S) };
            let found = measure(&bench, load)?;
            let case = case("M/G/1", format!("cv² = {cv2}, ρ = {load}"));
            let number = closed_form::pollaczek_khinchine(load, cv2);
            report.check(&case, "number in system", found.number, number, STATIONARY_BAR);
            let sojourn_ms = number / (load * bench.capacity_rps()) * 1000.0;
            report.check(&case, "mean sojourn, ms", found.sojourn.mean_ms, sojourn_ms, STATIONARY_BAR);
            model.push((load, found.number));
            truth.push((load, number));
        }
        curves
            .push(Curve { name: format!("Pollaczek–Khinchine, cv² = {cv2}"), truth: true, points: truth });
        curves.push(Curve { name: format!("model, cv² = {cv2}"), truth: false, points: model });
    }
    let title = "M/G/1: mean number in system".to_owned();
    report.plots.push(Plot { name: "mg1-number".to_owned(), title, x: "utilisation", y: "requests", curves });
    Ok(())
}

/// A service of several replicas: traffic is split at random, so that each is a queue of its own.
fn replicas(report: &mut Report) -> Result<(), LoadError> {
    for load in LOADS {
        let bench = Bench { replicas: 3, ..Bench::new(4, SERVICE_S) };
        let found = measure(&bench, load)?;
        let case = case("3 × M/M/c", format!("c = 4 each, ρ = {load}"));
        let number = closed_form::sojourn(4, load) * load * 4.0;
        report.check(&case, "number at a replica", found.number, number, STATIONARY_BAR);
    }
    Ok(())
}

/// An open network with branching: every station is the queue that its share of the traffic makes (Jackson 1957).
fn jackson(report: &mut Report) -> Result<(), LoadError> {
    let stations = [
        Bench { calls: vec![(1, 0.6), (2, 0.4)], ..Bench::new(8, 0.008) },
        Bench { calls: vec![(3, 1.0)], ..Bench::new(4, 0.006) },
        Bench { calls: vec![(3, 0.5), (4, 1.0)], ..Bench::new(2, 0.005) },
        Bench::new(1, 0.001),
        Bench::new(6, 0.02),
    ];
    let visits = [1.0, 0.6, 0.4, 0.6 + 0.4 * 0.5, 0.4];
    for busiest in [0.3, 0.6, 0.9, 0.95] {
        let load_of = |at: usize, rps: f64| visits[at] * rps / stations[at].capacity_rps();
        let heaviest = (0..stations.len()).map(|at| load_of(at, 1.0)).fold(0.0, f64::max);
        let rps = busiest / heaviest;
        let found = lab::steady(&stations, rps)?;
        let mut all = [0.0; 2];
        for (at, station) in found.iter().enumerate() {
            let load = load_of(at, rps);
            let case = case("Jackson network", format!("station {at}, ρ = {load:.3}"));
            let number =
                closed_form::sojourn(stations[at].workers, load) * load * f64::from(stations[at].workers);
            report.check(&case, "number in system", station.number, number, STATIONARY_BAR);
            report.check(&case, "throughput, 1/s", station.throughput_rps, visits[at] * rps, STATIONARY_BAR);
            all[0] += station.number;
            all[1] += number;
        }
        let case = case("Jackson network", format!("all, busiest ρ = {busiest}"));
        report.check(
            &case,
            "time in network, ms",
            all[0] / rps * 1000.0,
            all[1] / rps * 1000.0,
            STATIONARY_BAR,
        );
    }
    Ok(())
}
