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
        let run = |remedies: &[Remedy]| {
            let (mut world, mut course) = (world.clone(), course.clone());
            act(&mut world, remedies);
            stage.finish(&mut world, &mut course);
            course
        };
        let nothing = run(&[]);
        let loss = |course: &Course| course.loss_minutes(0..COUNTED);
        let (mut best, mut oracle) = (Vec::new(), nothing.clone());
        for plan in plans(stage) {
            let course = run(&plan);
            if loss(&course) < loss(&oracle) {
                (best, oracle) = (plan, course);
            }
        }
        Self { nothing, best, oracle }
    }
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
