//! What was possible: the course with nobody acting, and the best of those in which somebody knew.

use preview::Course;
use remedy::Remedy;
use sim::{Command, World};

use super::stage::{COUNTED, Stage};
use crate::convert;

/// What was possible in an episode.
pub(crate) struct Hindsight {
    /// Nobody acts.
    pub(crate) nothing: Course,
    /// What turned out best; empty when that is doing nothing.
    pub(crate) best: Vec<Remedy>,
    /// Somebody does that, as early as anybody could.
    pub(crate) oracle: Course,
}

impl Hindsight {
    /// Tries every plan that the ground truth names under the very future that came.
    pub(crate) fn of(stage: &Stage) -> Self {
        let (mut world, mut course) = (stage.world(), Course::new(&stage.scenario.topology));
        stage.watch(&mut world, &mut course, stage.reaction());
        let loss = |course: &Course| course.loss_minutes(0..COUNTED);
        let finished = |(mut world, mut course): (World, Course)| {
            stage.finish(&mut world, &mut course);
            course
        };
        let [_, end, _] = stage.ticks();
        let (mut left_alone, mut untouched) = (world.clone(), course.clone());
        stage.watch(&mut left_alone, &mut untouched, end);
        let (mut least, mut best) = (loss(&untouched), None);
        for plan in plans(stage) {
            let (mut world, mut course) = (world.clone(), course.clone());
            act(&mut world, &plan);
            if watch_while_better(stage, &mut world, &mut course, least) && loss(&course) < least {
                least = loss(&course);
                best = Some((plan, (world, course)));
            }
        }
        let nothing = finished((left_alone, untouched));
        let (best, oracle) = match best {
            Some((plan, course)) => (plan, finished(course)),
            None => (Vec::new(), nothing.clone()),
        };
        Self { nothing, best, oracle }
    }
}

/// Between two looks at whether a plan can still be the best, simulated seconds.
const CHECKED_S: f64 = 15.0;

/// Lets the part that counts go by, unless more than `least` is lost before it is over: half the minutes with a broken objective are
/// never given back.
fn watch_while_better(stage: &Stage, world: &mut World, course: &mut Course, least: f64) -> bool {
    let [_, end, _] = stage.ticks();
    let (mut seen, mut broken_minutes) = (0, 0.0);
    while world.tick() < end {
        stage.watch(world, course, (world.tick() + convert::ticks(CHECKED_S)).min(end));
        broken_minutes += course.broken_minutes(seen..course.seconds());
        seen = course.seconds();
        if broken_minutes / 2.0 > least {
            return false;
        }
    }
    true
}

/// Each healing action by itself, where one is enough, and all of them together.
fn plans(stage: &Stage) -> Vec<Vec<Remedy>> {
    let truth = &stage.scenario.truth;
    let healing: Vec<Remedy> = truth.healing.iter().map(convert::remedy).collect();
    let mut plans: Vec<Vec<Remedy>> = Vec::new();
    if !truth.all_needed {
        plans.extend(healing.iter().map(|remedy| vec![remedy.clone()]));
    }
    if truth.all_needed || healing.len() > 1 {
        plans.push(healing);
    }
    plans
}

fn act(world: &mut World, remedies: &[Remedy]) {
    for (number, remedy) in remedies.iter().enumerate() {
        let planned = convert::planned(remedy);
        // A plan of which a part is refused is as good as the rest of it.
        drop(world.apply(&Command::Act(planned.act(&format!("hindsight-{number}"), &world.topology()))));
    }
}
