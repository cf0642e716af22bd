//! A scenario with nobody acting, and with somebody acting: what an action is worth.
//!
//! - Something *shows* as soon as a service is degraded after the onset. An operator acts a minute later; in a metastable failure
//!   a minute after its trigger is over.
//! - A remedy *heals* when users lose at most a fifth in the last minute of what they lose there when nobody acts.
//! - An action *harms* when they lose at least 5 % and 2 s more in the three minutes after it than when nobody acts.

use std::sync::Arc;

use sim::Snapshot;
use sim::scenario::{Scenario, TimelineChange, TruthAction};

use crate::stage::Stage;

use super::measure::Usual;

/// Length of a run whose file gives none, s.
const DURATION_S: usize = 600;
/// From what shows to the action, s.
const REACTION_S: usize = 60;
/// Harm is measured over this time after the action, s.
const HARM_S: usize = 180;
/// Recovery is measured over this time at the end of the run, s.
const END_S: usize = 60;
/// Largest share of what is lost untouched that a healed run may lose, and that in terms of what is usual.
const HEALED: f64 = 0.2;
const HEALED_USUAL: f64 = 2.0;
/// What is lost after a harmful action, against an untouched run: this many times and seconds more.
const HARMED: f64 = 1.05;
const HARMED_S: f64 = 2.0;

pub(crate) struct Trial {
    scenario: Arc<Scenario>,
    pub(crate) untouched: Stage,
    pub(crate) usual: Usual,
    /// Length of the run, s.
    pub(crate) length: usize,
}

impl Trial {
    pub(crate) fn run(scenario: &Arc<Scenario>) -> Self {
        let length = if scenario.duration_s > 0.0 { scenario.duration_s as usize } else { DURATION_S };
        let mut untouched = Stage::with(scenario.clone(), scenario.seed);
        untouched.run_s(length as u64);
        let usual = Usual::of(scenario, &untouched.samples);
        Self { scenario: scenario.clone(), untouched, usual, length }
    }

    /// What is not as the file says.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut wrong = self.strange_numbers();
        let Some(shows_at) = self.shows_at() else {
            wrong.push("nothing shows after the onset".to_owned());
            return wrong;
        };
        let act_at = shows_at + REACTION_S;
        wrong.extend(self.remedies_that_fail(act_at));
        wrong.extend(self.harm_that_is_none(act_at));
        wrong
    }

    /// Values that are neither "not measured" nor finite and at least 0.
    pub(crate) fn strange_numbers(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for sample in &self.untouched.samples {
            for columns in [&sample.services, &sample.nodes] {
                for (metric, values) in &columns.columns {
                    let strange = values.iter().position(|value| value.is_infinite() || *value < 0.0);
                    wrong.extend(strange.map(|row| {
                        format!("tick {}: {metric} of {} is {}", sample.tick, columns.ids[row], values[row])
                    }));
                }
            }
        }
        wrong.truncate(3);
        wrong
    }

    /// Second by which a service is degraded, if any ever is.
    fn shows_at(&self) -> Option<usize> {
        let onset = self.scenario.truth.onset_s? as usize;
        (onset + 3..=self.length).find(|end| !self.degraded_at(*end).is_empty())
    }

    /// Services that are degraded when nobody acts.
    pub(crate) fn degraded_at(&self, second: usize) -> Vec<String> {
        self.usual.degraded(&self.untouched.samples[..second])
    }

    /// Second at which the last trigger of the timeline is over.
    pub(crate) fn trigger_is_over_at(&self) -> usize {
        let ends = self.scenario.timeline.iter().map(|entry| match &entry.change {
            TimelineChange::Inject(fault) => entry.at_s + fault.duration_s,
            TimelineChange::Clear(_) => entry.at_s,
        });
        ends.fold(0.0, f64::max) as usize
    }

    /// Second at which an operator acts who waits for the trigger to be over.
    pub(crate) fn after_the_trigger(&self) -> usize {
        self.trigger_is_over_at() + REACTION_S
    }

    /// The run up to the second at which somebody acts.
    pub(crate) fn until(&self, act_at: usize) -> Stage {
        let mut stage = Stage::with(self.scenario.clone(), self.scenario.seed);
        stage.run_s(act_at as u64);
        stage
    }

    /// The samples of a run that goes on with these actions.
    pub(crate) fn act(&self, before: &Stage, actions: &[&TruthAction]) -> Vec<Snapshot> {
        let mut stage = before.clone();
        for action in actions {
            stage.act(action.kind, &action.target, action.replicas).unwrap_or_else(|error| panic!("{error}"));
        }
        stage.run_s((self.length - stage.samples.len()) as u64);
        stage.samples
    }

    /// Remedies of the file that do not heal.
    pub(crate) fn remedies_that_fail(&self, act_at: usize) -> Vec<String> {
        let truth = &self.scenario.truth;
        let each: Vec<&TruthAction> = truth.healing.iter().collect();
        let remedies = each.chunks(if truth.all_needed { each.len().max(1) } else { 1 });
        let before = self.until(act_at);
        let end = self.length - END_S;
        let ill_s = self.usual.lost_s(&self.untouched.samples[end..]);
        let usual_s = self.usual.lost_each_s * END_S as f64;
        let mut wrong = Vec::new();
        for remedy in remedies {
            let lost_s = self.usual.lost_s(&self.act(&before, remedy)[end..]);
            println!(
                "{}: {remedy:?}: {lost_s:.2} s lost at the end, {ill_s:.2} untouched",
                self.scenario.name
            );
            if lost_s > (HEALED * ill_s).max(HEALED_USUAL * usual_s) {
                wrong.push(format!("{remedy:?} does not heal: {lost_s:.2} s lost, {ill_s:.2} s untouched"));
            }
        }
        wrong
    }

    /// Harmful actions of the file that do no harm.
    pub(crate) fn harm_that_is_none(&self, act_at: usize) -> Vec<String> {
        let window = act_at..(act_at + HARM_S).min(self.length);
        let left_s = self.usual.lost_s(&self.untouched.samples[window.clone()]);
        let before = self.until(act_at);
        let mut wrong = Vec::new();
        for action in &self.scenario.truth.harmful {
            let lost_s = self.usual.lost_s(&self.act(&before, &[action])[window.clone()]);
            println!("{}: {action:?}: {lost_s:.1} s lost, {left_s:.1} untouched", self.scenario.name);
            if lost_s < left_s * HARMED || lost_s < left_s + HARMED_S {
                wrong.push(format!("{action:?} does not harm: {lost_s:.1} s lost, {left_s:.1} untouched"));
            }
        }
        wrong
    }
}
