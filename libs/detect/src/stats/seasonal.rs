//! Seasonal baselines: what is usual at this time of the day.

use serde::{Deserialize, Serialize};

use super::level::Level;

/// Length of the season: a day.
const DAY_S: f64 = 86_400.0;
/// Parts of the day that have a baseline of their own: half-hours.
const PARTS: u16 = 48;
/// Days that a baseline remembers; a week, so that each day of the week has its say.
const DAYS: f64 = 7.0;

/// What is usual in one part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usual {
    /// Level of the series.
    pub level: f64,
    /// Mean root of the size of its steps: squared, comparable with a [`super::Scale`].
    pub step_root: f64,
    /// Mean root of the size of what the level does not explain.
    pub residual_root: f64,
}

/// A baseline for each half-hour of the day, from the days before (seasonal indices as in Holt & Winters 1960, without
/// trend). A visit to a part of the day is averaged first and folded in when it is over: it weighs the same whether
/// it had one sample or thousands, and never explains itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Seasonal {
    parts: Vec<Part>,
    visit: Option<Visit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Part {
    usual: Usual,
    visits: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Visit {
    part: u16,
    level: Level,
    step_root: Level,
    residual_root: Level,
}

impl Seasonal {
    /// Goes to a moment, in seconds since any midnight, and says what was usual at this time of day. `None` where no
    /// earlier day is known.
    pub fn at(&mut self, time_s: f64) -> Option<Usual> {
        let second_of_day = time_s - libm::floor(time_s / DAY_S) * DAY_S;
        let part = ((second_of_day / (DAY_S / f64::from(PARTS))) as u16).min(PARTS - 1);
        if let Some(visit) = self.visit.filter(|visit| visit.part != part) {
            self.fold(&visit);
            self.visit = None;
        }
        self.visit.get_or_insert(Visit { part, ..Visit::default() });
        self.parts.get(usize::from(part)).filter(|part| part.visits > 0).map(|part| part.usual)
    }

    /// What was seen at the moment that [`Self::at`] went to.
    pub fn push(&mut self, seen: Usual) {
        let Some(visit) = &mut self.visit else { return };
        visit.level.push(seen.level, f64::INFINITY);
        visit.step_root.push(seen.step_root, f64::INFINITY);
        visit.residual_root.push(seen.residual_root, f64::INFINITY);
    }

    fn fold(&mut self, visit: &Visit) {
        if visit.level.count() == 0 {
            return;
        }
        if self.parts.is_empty() {
            self.parts = vec![Part::default(); usize::from(PARTS)];
        }
        let Some(part) = self.parts.get_mut(usize::from(visit.part)) else { return };
        part.visits = part.visits.saturating_add(1);
        let weight = 1.0 / f64::from(part.visits).min(DAYS);
        let usual = &mut part.usual;
        usual.level += weight * (visit.level.get() - usual.level);
        usual.step_root += weight * (visit.step_root.get() - usual.step_root);
        usual.residual_root += weight * (visit.residual_root.get() - usual.residual_root);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_day_is_known_from_the_day_before_on() {
        let mut seasonal = Seasonal::default();
        for hour in 0..48u32 {
            let usual = seasonal.at(f64::from(hour) * 3_600.0);
            assert_eq!(usual.is_some(), hour >= 24);
            if let Some(usual) = usual {
                assert!((usual.level - f64::from(hour - 24)).abs() < 1e-12);
            }
            seasonal.push(Usual { level: f64::from(hour % 24), ..Usual::default() });
        }
    }

    #[test]
    fn a_visit_weighs_the_same_whatever_its_samples() {
        let mut seasonal = Seasonal::default();
        for (day, (level, samples)) in [(10.0, 1), (20.0, 600)].into_iter().enumerate() {
            for sample in 0..samples {
                seasonal.at(day as f64 * DAY_S + f64::from(sample));
                seasonal.push(Usual { level, ..Usual::default() });
            }
            seasonal.at(day as f64 * DAY_S + 7_200.0);
        }
        assert_eq!(seasonal.at(2.0 * DAY_S).map(|usual| usual.level), Some(15.0));
    }
}
