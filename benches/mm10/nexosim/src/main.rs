//! M/M/10 at 80 % load in nexosim, request by request, on one thread.

use std::collections::VecDeque;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, Output, SinkState, event_queue};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

const WORKERS: usize = 10;
const SERVICE_S: f64 = 0.01;
const RATE_RPS: f64 = 0.8 * WORKERS as f64 / SERVICE_S;
const DURATION_S: u64 = 200;

/// CPU time of this thread so far, s; wall time where the system does not tell: other programs do not count.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent_ns: Option<f64> = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    spent_ns.map_or_else(wall_s, |spent_ns| spent_ns / 1e9)
}

fn wall_s() -> f64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    now.map_or(0.0, |since| since.as_secs_f64())
}

/// Arrivals, a line and the workers.
#[derive(Serialize, Deserialize)]
struct Station {
    /// Requests served and their mean sojourn time, s.
    summary: Output<(u64, f64)>,
    random: u64,
    busy: usize,
    line: VecDeque<MonotonicTime>,
    served: u64,
    sojourn_s: f64,
}

#[Model]
impl Station {
    fn new() -> Self {
        let summary = Output::default();
        Self { summary, random: 42, busy: 0, line: VecDeque::new(), served: 0, sojourn_s: 0.0 }
    }

    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        cx.schedule_event(self.exponential(1.0 / RATE_RPS), schedulable!(Self::arrive), ()).unwrap();
        cx.schedule_event(Duration::from_secs(DURATION_S), schedulable!(Self::tell), ()).unwrap();
    }

    /// An exponential time; the next number by SplitMix64 (Steele, Lea & Flood 2014).
    fn exponential(&mut self, mean_s: f64) -> Duration {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        // An event must lie in the future.
        Duration::from_secs_f64(-mean_s * (1.0 - unit).ln()).max(Duration::from_nanos(1))
    }

    fn serve(&mut self, arrived: MonotonicTime, cx: &Context<Self>) {
        let takes = self.exponential(SERVICE_S);
        cx.schedule_event(takes, schedulable!(Self::depart), arrived).unwrap();
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        cx.schedule_event(self.exponential(1.0 / RATE_RPS), schedulable!(Self::arrive), ()).unwrap();
        if self.busy < WORKERS {
            self.busy += 1;
            self.serve(cx.time(), cx);
        } else {
            self.line.push_back(cx.time());
        }
    }

    #[nexosim(schedulable)]
    async fn depart(&mut self, arrived: MonotonicTime, cx: &Context<Self>) {
        self.served += 1;
        self.sojourn_s += cx.time().duration_since(arrived).as_secs_f64();
        match self.line.pop_front() {
            Some(next) => self.serve(next, cx),
            None => self.busy -= 1,
        }
    }

    #[nexosim(schedulable)]
    async fn tell(&mut self) {
        self.summary.send((self.served, self.sojourn_s / self.served as f64)).await;
    }
}

fn main() {
    let mut station = Station::new();
    let mailbox = Mailbox::new();
    let (sink, mut told) = event_queue(SinkState::Enabled);
    station.summary.connect_sink(sink);
    let bench = SimInit::with_num_threads(1).add_model(station, mailbox, "station");
    let mut simulation = bench.init(MonotonicTime::EPOCH).expect("a bench of one model");
    let start_s = cpu_s();
    simulation.step_until(Duration::from_secs(DURATION_S)).expect("nothing in the model fails");
    let seconds = cpu_s() - start_s;
    let (served, mean_s) = told.try_read().expect("the station tells at the end");
    println!(
        "mm10: nexosim: {:.0} × real time ({:.2} M events/s), mean sojourn {:.3} ms",
        DURATION_S as f64 / seconds,
        2.0 * served as f64 / seconds / 1e6,
        mean_s * 1000.0
    );
}
