//! Runs of a network, and what they measure.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::{Draws, Network};

/// What one run, or the mean of many, measured, in steps of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Length of a step, s.
    pub step_s: f64,
    /// The stations, in the order of the network.
    pub stations: Vec<StationRecord>,
}

/// What was measured at a station, by step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StationRecord {
    /// Requests there at the end of the step, waiting or in service.
    pub number: Vec<f64>,
    /// Requests that arrived, those that were turned away included.
    pub arrived: Vec<f64>,
    /// Requests that were turned away.
    pub blocked: Vec<f64>,
    /// Requests that were served.
    pub served: Vec<f64>,
    /// Time from arrival to departure of those that were served, added up, s.
    pub sojourn_s: Vec<f64>,
}

impl Network {
    /// One run. Run number `run` of a seed is always the same.
    pub fn run(&self, seed: u64, run: u64, steps: usize, step_s: f64) -> Recording {
        let mut state = State::new(self, Draws::new(seed, run), steps, step_s);
        state.go();
        Recording { step_s, stations: state.records }
    }

    /// The mean of many runs.
    pub fn mean(&self, seed: u64, runs: u64, steps: usize, step_s: f64) -> Recording {
        let mut mean = Recording { step_s, stations: vec![StationRecord::zero(steps); self.stations.len()] };
        let share = 1.0 / runs as f64;
        for run in 0..runs {
            let one = self.run(seed, run, steps, step_s);
            for (sum, part) in mean.stations.iter_mut().zip(&one.stations) {
                sum.add(part, share);
            }
        }
        mean
    }
}

impl StationRecord {
    fn zero(steps: usize) -> Self {
        let zero = || vec![0.0; steps];
        Self { number: zero(), arrived: zero(), blocked: zero(), served: zero(), sojourn_s: zero() }
    }

    fn add(&mut self, other: &Self, share: f64) {
        let Self { number, arrived, blocked, served, sojourn_s } = self;
        for (sum, part) in [
            (number, &other.number),
            (arrived, &other.arrived),
            (blocked, &other.blocked),
            (served, &other.served),
            (sojourn_s, &other.sojourn_s),
        ] {
            for (sum, part) in sum.iter_mut().zip(part) {
                *sum += share * part;
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// A source may let a request in.
    Candidate { source: usize },
    /// A worker is done with a request that arrived at a time.
    Done { station: usize, arrived_s: f64 },
}

/// Something that will happen; the earliest first, and of two at the same time the one planned first.
#[derive(Debug, Clone, Copy)]
struct Event {
    at_s: f64,
    planned: u64,
    what: What,
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at_s.total_cmp(&self.at_s).then(other.planned.cmp(&self.planned))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

struct State<'a> {
    network: &'a Network,
    draws: Draws,
    steps: usize,
    step_s: f64,
    events: BinaryHeap<Event>,
    planned: u64,
    busy: Vec<usize>,
    /// When those who wait arrived.
    lines: Vec<VecDeque<f64>>,
    records: Vec<StationRecord>,
}

impl<'a> State<'a> {
    fn new(network: &'a Network, draws: Draws, steps: usize, step_s: f64) -> Self {
        let stations = network.stations.len();
        Self {
            network,
            draws,
            steps,
            step_s,
            events: BinaryHeap::new(),
            planned: 0,
            busy: vec![0; stations],
            lines: vec![VecDeque::new(); stations],
            records: vec![StationRecord::zero(steps); stations],
        }
    }

    fn plan(&mut self, at_s: f64, what: What) {
        self.planned += 1;
        self.events.push(Event { at_s, planned: self.planned, what });
    }

    fn go(&mut self) {
        for source in 0..self.network.sources.len() {
            self.plan_candidate(source, 0.0);
        }
        for step in 0..self.steps {
            let end_s = (step + 1) as f64 * self.step_s;
            while let Some(event) = self.events.peek().copied().filter(|event| event.at_s < end_s) {
                self.events.pop();
                self.happen(event, step);
            }
            for (station, record) in self.records.iter_mut().enumerate() {
                record.number[step] = (self.busy[station] + self.lines[station].len()) as f64;
            }
        }
    }

    fn happen(&mut self, event: Event, step: usize) {
        match event.what {
            What::Candidate { source } => {
                // Thinning (P. A. W. Lewis & G. S. Shedler 1979): candidates at the peak rate, kept in proportion.
                let spec = &self.network.sources[source];
                if self.draws.uniform() * spec.peak_rps <= spec.shape.rate(event.at_s, 0, 0) {
                    self.arrive(spec.station, event.at_s, step);
                }
                self.plan_candidate(source, event.at_s);
            }
            What::Done { station, arrived_s } => {
                self.records[station].served[step] += 1.0;
                self.records[station].sojourn_s[step] += event.at_s - arrived_s;
                self.busy[station] -= 1;
                if let Some(next) = self.lines[station].pop_front() {
                    self.serve(station, next, event.at_s);
                }
                self.route(station, event.at_s, step);
            }
        }
    }

    fn plan_candidate(&mut self, source: usize, now_s: f64) {
        let gap_s = self.draws.exponential(1.0 / self.network.sources[source].peak_rps);
        self.plan(now_s + gap_s, What::Candidate { source });
    }

    fn arrive(&mut self, station: usize, now_s: f64, step: usize) {
        let spec = &self.network.stations[station];
        self.records[station].arrived[step] += 1.0;
        if self.busy[station] < spec.workers {
            self.serve(station, now_s, now_s);
        } else if self.busy[station] + self.lines[station].len() < spec.room {
            self.lines[station].push_back(now_s);
        } else {
            self.records[station].blocked[step] += 1.0;
        }
    }

    fn serve(&mut self, station: usize, arrived_s: f64, now_s: f64) {
        let spec = &self.network.stations[station];
        self.busy[station] += 1;
        let service_s = self.draws.service(spec.service, spec.mean_s);
        self.plan(now_s + service_s, What::Done { station, arrived_s });
    }

    fn route(&mut self, station: usize, now_s: f64, step: usize) {
        let routes = &self.network.stations[station].routes;
        if routes.is_empty() {
            return;
        }
        let mut left = self.draws.uniform();
        for (to, probability) in routes {
            left -= probability;
            if left <= 0.0 {
                return self.arrive(*to, now_s, step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Service, Source, Station};
    use crate::traffic::Shape;

    #[test]
    fn an_m_m_2_queue_has_the_length_of_its_closed_form() {
        let network = Network {
            stations: vec![Station {
                workers: 2,
                room: usize::MAX,
                mean_s: 0.01,
                service: Service::Exponential,
                routes: Vec::new(),
            }],
            sources: vec![Source { station: 0, shape: Shape::Constant { rps: 150.0 }, peak_rps: 150.0 }],
        };
        let recording = network.mean(1, 4, 2000, 0.5);
        let station = &recording.stations[0];
        let mean = |values: &[f64]| values[20..].iter().sum::<f64>() / (values.len() - 20) as f64;
        // L = 2ρ/(1 − ρ²) with ρ = 0.75.
        let number = 1.5 / (1.0 - 0.5625);
        assert!((mean(&station.number) / number - 1.0).abs() < 0.04, "{}", mean(&station.number));
        let sojourn_s = mean(&station.sojourn_s) / mean(&station.served);
        assert!((sojourn_s * 150.0 / number - 1.0).abs() < 0.02, "Little's law: {sojourn_s}");
        assert_eq!(recording, network.mean(1, 4, 2000, 0.5), "the same every time");
    }
}
