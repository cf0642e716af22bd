//! Forks, run ahead.

use std::ops::Range;

use sim::{Act, Command, TICK_MS, Workers, World};

use crate::band::Band;
use crate::blast::Blast;
use crate::course::{Course, Point};
use crate::plan::{Plan, Planned, persistence};
use crate::rank;

/// What would come of an option.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The action; `None` is doing nothing.
    pub planned: Option<Planned>,
    /// Why the cloud would refuse it; nothing was computed then.
    pub refused: Option<String>,
    /// Place among the options, from 1; 0 when it was refused.
    pub rank: u32,
    /// Futures that were computed: all of the plan, two that agree, or in a quick look one that said enough.
    pub futures: u32,
    /// p99 of latency at the worst door over the last minute, ms.
    pub p99_ms: Option<Band>,
    /// Share of users' requests that fail over the last minute, %.
    pub error_pct: Option<Band>,
    /// Minutes of the look ahead in which an objective is broken.
    pub slo_minutes: Option<Band>,
    /// Users' requests that fail, count.
    pub failed: Option<Band>,
    /// Users' requests that fail or are slow, % of all.
    pub bad_pct: Option<Band>,
    /// Cores that are paid for, core hours.
    pub core_hours: Option<Band>,
    /// Share of the futures in which fewer requests fail or are slow than when nothing is done.
    pub helps: f64,
    /// Share of the futures in which more do.
    pub harms: f64,
    /// What it touches.
    pub blast: Blast,
    /// Low, middle and high course, point by point.
    pub course: Vec<[Point; 3]>,
}

/// What would come of every option.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// First tick that lies ahead.
    pub tick: u64,
    /// How it was looked ahead.
    pub plan: Plan,
    /// Doing nothing, then the candidates in the order in which they were given.
    pub options: Vec<Outlook>,
}

/// A future of an option.
struct Job {
    option: usize,
    future: u32,
    course: Course,
}

impl Job {
    fn new(option: usize, future: u32, world: &World) -> Self {
        Self { option, future, course: Course::new(world.running_topology()) }
    }

    /// Runs a fork ahead.
    fn run(&mut self, world: &World, act: Option<&Act>, plan: Plan) {
        let mut fork = world.outlook(persistence(self.future, plan.seeds()));
        fork.reseed(seed(world.tick(), self.future));
        if let Some(act) = act {
            // Whether it is refused was asked before.
            drop(fork.apply(&Command::Act(act.clone())));
        }
        let mut events = Vec::new();
        for _ in 0..u64::from(plan.horizon_s()) * 1_000 / u64::from(TICK_MS) {
            fork.step(&mut events);
            events.clear();
            if fork.sample_due() {
                self.course.see(&fork.snapshot(), fork.running_topology());
            }
        }
    }
}

/// Futures that every option is tried under. Where these agree chance has no say, and more of them would tell the same. A plan of no more
/// than these is a quick look: the second is spent where the first leaves a question.
const FIRST_FUTURES: u32 = 2;

/// Looks ahead from the present of a world: doing nothing, and every candidate, under the same futures.
pub fn preview(world: &World, candidates: &[Planned], plan: Plan, workers: &Workers) -> Preview {
    let present = world.outlook(0.0);
    let (view, topology) = (present.topology(), present.running_topology());
    let acts: Vec<Option<Act>> = std::iter::once(None)
        .chain(candidates.iter().map(|planned| Some(planned.act("preview", &view))))
        .collect();
    let refused: Vec<Option<String>> = acts.iter().map(|act| refusal(&present, act.as_ref())).collect();
    let mut courses: Vec<Vec<Course>> = acts.iter().map(|_| Vec::new()).collect();
    let mut run_futures = |futures: Range<u32>, wanted: fn(&[Vec<Course>], usize) -> bool| {
        let chosen: Vec<usize> = (0..acts.len())
            .filter(|option| refused[*option].is_none() && wanted(&courses, *option))
            .collect();
        let jobs = futures.flat_map(|future| chosen.iter().map(move |option| (*option, future)));
        let mut jobs: Vec<Job> = jobs.map(|(option, future)| Job::new(option, future, world)).collect();
        workers.for_each(&mut jobs, |job| job.run(world, acts[job.option].as_ref(), plan));
        for job in jobs {
            courses[job.option].push(job.course);
        }
    };
    run_futures(0..1, |_, _| true);
    let is_quick = plan.seeds() <= FIRST_FUTURES;
    run_futures(1..FIRST_FUTURES, |_, option| option == 0);
    run_futures(1..FIRST_FUTURES, if is_quick { rank::is_in_play } else { |_, option| option != 0 });
    run_futures(FIRST_FUTURES..plan.seeds(), |courses, option| rank::differ(&courses[option]));
    let order = rank::rank(&courses);
    let planned = std::iter::once(None).chain(candidates.iter().map(Some));
    let options = planned.zip(refused).enumerate().map(|(option, (planned, refused))| {
        let place = order.iter().position(|ranked| *ranked == option).map_or(0, |place| place + 1);
        let blast = planned.map_or_else(Blast::default, |planned| Blast::of(planned, &view, topology));
        outlook(planned.cloned(), refused, place, blast, &courses[option], &courses[0])
    });
    Preview { tick: present.tick(), plan, options: options.collect() }
}

fn outlook(
    planned: Option<Planned>,
    refused: Option<String>,
    rank: usize,
    blast: Blast,
    courses: &[Course],
    nothing: &[Course],
) -> Outlook {
    let band = |of: fn(&Course) -> f64| Band::of(courses.iter().map(of), f64::INFINITY);
    let share = |of: fn(&Course) -> f64| Band::of(courses.iter().map(of), 100.0);
    Outlook {
        planned,
        refused,
        rank: u32::try_from(rank).unwrap_or(u32::MAX),
        futures: u32::try_from(courses.len()).unwrap_or(u32::MAX),
        p99_ms: band(Course::p99_ms),
        error_pct: share(Course::error_pct),
        slo_minutes: band(Course::slo_minutes),
        failed: band(Course::failed),
        bad_pct: share(|course| course.bad() / course.requests() * 100.0),
        core_hours: band(Course::core_hours),
        helps: rank::helps(courses, nothing),
        harms: rank::harms(courses, nothing),
        blast,
        course: curves(courses),
    }
}

fn curves(courses: &[Course]) -> Vec<[Point; 3]> {
    let points: Vec<Vec<Point>> = courses.iter().map(Course::points).collect();
    let length = points.iter().map(Vec::len).min().unwrap_or(0);
    let at = |place: usize| {
        let band = |of: fn(&Point) -> f64, most: f64| {
            let band = Band::of(points.iter().map(|course| of(&course[place])), most);
            band.map_or([f64::NAN; 3], |band| [band.low, band.mid, band.high])
        };
        let (p99_ms, error_pct) =
            (band(|point| point.p99_ms, f64::INFINITY), band(|point| point.error_pct, 100.0));
        std::array::from_fn(|line| Point { p99_ms: p99_ms[line], error_pct: error_pct[line] })
    };
    (0..length).map(at).collect()
}

fn refusal(present: &World, act: Option<&Act>) -> Option<String> {
    let refused = present.clone().apply(&Command::Act(act?.clone())).err()?;
    Some(refused.to_string())
}

/// Seed of a future: of this moment, the same for every option, and not that of the world.
fn seed(tick: u64, number: u32) -> u64 {
    // The increment of SplitMix64 (Steele, Lea & Flood 2014) keeps neighbours apart.
    (tick << 8 | u64::from(number)).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
