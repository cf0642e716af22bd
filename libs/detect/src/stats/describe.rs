//! A stretch of a series in a few figures: its level and spread, what lies far out, its trend, and where its level changed.

use super::chart::{Cusum, EwmaChart};
use super::moments::Moments;
use super::quantile::{IQR_OF_NORMAL, Quartiles};
use super::trend::{Trend, median};

/// Fewest known values that are described.
const FEWEST: usize = 10;
/// Most changes of level that are told, the largest ones.
const MAX_CHANGES: usize = 8;
/// Outliers lie beyond so many interquartile ranges from the quartiles: Tukey's outer fences.
const FAR: f64 = 3.0;
/// Slack and limit of the cumulative sums: a shift of one standard deviation is found after some 17 values, and noise taken for one
/// once in about 10 000.
const SLACK: f64 = 0.5;
const LIMIT: f64 = 8.0;
/// A level lasts for at least so many values.
const LASTS: usize = 12;
/// Values on either side of a change that are looked at closely, and those that a level is told from at first.
const NEIGHBOURS: usize = 5;
/// Levels nearer than so many standard deviations are one.
const NEAR: f64 = 1.0;
/// At least so much of a change happens between the neighbours: what rises and falls slowly has no levels.
const ABRUPT: f64 = 0.5;
/// Median of the sizes of a standard normal variable.
const MEDIAN_SIZE: f64 = 0.5 * IQR_OF_NORMAL;
/// Steps larger than so many typical ones are cut before their correlation is taken: a change of level is one large step.
const CUT: f64 = 4.0;
/// Neighbours are taken to be correlated by at most this.
const MOST_CORRELATED: f64 = 0.95;
/// Where most values are equal, noise is taken to be this share of the range.
const LEAST_NOISE: f64 = 0.01;

/// A series in a few figures. Values are in the unit of the series.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Known values.
    pub count: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation, with n − 1.
    pub deviation: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Median, by P².
    pub median: f64,
    /// Difference of the quartiles.
    pub iqr: f64,
    /// Tukey's outer fences: the quartiles, three interquartile ranges further out.
    pub fences: (f64, f64),
    /// Values beyond the fences.
    pub outliers: usize,
    /// Newest value.
    pub newest: f64,
    /// Standard deviations of the newest value from the mean of those before it; `None` where they are all equal.
    pub z_score: Option<f64>,
    /// The same by median and quartiles, which outliers do not move.
    pub robust_z_score: Option<f64>,
    /// Newest reading of an EWMA chart of the values, standardised by median and quartiles, as a multiple of its limit: beyond ±1 the
    /// level has lately been off for a while.
    pub ewma: Option<f64>,
    /// Trend of the last 120 values, a step.
    pub trend: Option<Trend>,
    /// Where the level changed, oldest first.
    pub changes: Vec<LevelChange>,
}

/// A lasting change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelChange {
    /// Index of the first value of the new level.
    pub at: usize,
    /// Median before, back to the change before it.
    pub from: f64,
    /// Median from then on, up to the next change.
    pub to: f64,
}

impl Description {
    /// Describes values one step apart, oldest first; those that are not finite are unknown. `None` with fewer than ten known.
    pub fn of(values: &[f64]) -> Option<Self> {
        let known: Vec<(usize, f64)> =
            values.iter().copied().enumerate().filter(|(_, value)| value.is_finite()).collect();
        let (&(_, newest), before) = known.split_last()?;
        if known.len() < FEWEST {
            return None;
        }
        let (mut moments, mut quartiles) = (Moments::default(), Quartiles::default());
        for (_, value) in before {
            moments.push(*value);
            quartiles.push(*value);
        }
        let (z_score, robust_z_score) = (moments.z_score(newest), quartiles.z_score(newest));
        moments.push(newest);
        quartiles.push(newest);
        let fences = quartiles.fences(FAR)?;
        let mut chart = EwmaChart::default();
        let mut ewma = None;
        for (_, value) in &known {
            ewma = quartiles.z_score(*value).map(|standardised| chart.push(standardised));
        }
        let of = |pick: fn(f64, f64) -> f64| known.iter().map(|(_, value)| *value).reduce(pick);
        Some(Self {
            count: known.len(),
            mean: moments.mean(),
            deviation: moments.variance()?.sqrt(),
            min: of(f64::min)?,
            max: of(f64::max)?,
            median: quartiles.median()?,
            iqr: quartiles.iqr()?,
            fences,
            outliers: known.iter().filter(|(_, value)| *value < fences.0 || *value > fences.1).count(),
            newest,
            z_score,
            robust_z_score,
            ewma,
            trend: Trend::of(values.iter().copied()),
            changes: changes(&known),
        })
    }
}

/// Cumulative sums (Page 1954) of deviations from the level so far (as in Hawkins 1987), begun again after every change.
fn changes(known: &[(usize, f64)]) -> Vec<LevelChange> {
    let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let Some(noise) = noise(&values) else { return Vec::new() };
    let mut starts = vec![0];
    let (mut level, mut sums, mut at) = (Moments::default(), Cusum::new(SLACK, LIMIT), 0);
    while at < values.len() {
        let seen = level.count() >= NEIGHBOURS as u64;
        let found = if seen { sums.push((values[at] - level.mean()) / noise) } else { None };
        if let Some(change) = found {
            at = (at + 1).saturating_sub(change.samples_ago as usize);
            starts.push(at);
            (level, sums) = (Moments::default(), Cusum::new(SLACK, LIMIT));
        }
        level.push(values[at]);
        at += 1;
    }
    let mut told = levels(&values, &starts, noise);
    if told.len() > MAX_CHANGES {
        told.sort_by(|one, other| size(other).total_cmp(&size(one)));
        told.truncate(MAX_CHANGES);
        told.sort_by_key(|change| change.at);
    }
    for change in &mut told {
        change.at = known[change.at].0;
    }
    told
}

fn size(change: &LevelChange) -> f64 {
    (change.to - change.from).abs()
}

/// Values from a start up to the next one, and their median.
struct Stretch {
    from: usize,
    to: usize,
    level: f64,
}

impl Stretch {
    fn of(values: &[f64], from: usize, to: usize) -> Self {
        Self { from, to, level: median_of(&values[from..to]) }
    }
}

/// The changes between stretches that begin at `starts`. Short stretches are one with the neighbour whose level is nearer; levels that are
/// nearly the same, or reached slowly, are one.
fn levels(values: &[f64], starts: &[usize], noise: f64) -> Vec<LevelChange> {
    let ends = starts.iter().skip(1).copied().chain([values.len()]);
    let mut stretches: Vec<Stretch> =
        starts.iter().zip(ends).map(|(from, to)| Stretch::of(values, *from, to)).collect();
    while let Some(joined) = superfluous(values, &stretches, noise) {
        let to = stretches.remove(joined).to;
        stretches[joined - 1] = Stretch::of(values, stretches[joined - 1].from, to);
    }
    let change = |pair: &[Stretch]| LevelChange {
        at: steepest(values, pair[1].from),
        from: pair[0].level,
        to: pair[1].level,
    };
    stretches.windows(2).map(change).collect()
}

/// The next stretch that is to be one with the one before it.
fn superfluous(values: &[f64], stretches: &[Stretch], noise: f64) -> Option<usize> {
    let change = |number: usize| (stretches[number].level - stretches[number - 1].level).abs();
    let length = |number: &usize| stretches[*number].to - stretches[*number].from;
    let shortest = (0..stretches.len()).min_by_key(length).filter(|number| length(number) < LASTS);
    let joined = match shortest {
        Some(0) => Some(1),
        Some(number) if number + 1 < stretches.len() && change(number + 1) < change(number) => {
            Some(number + 1)
        }
        Some(number) => Some(number),
        None => (1..stretches.len()).find(|number| {
            let change = change(*number);
            change < NEAR * noise || jump(values, stretches[*number].from) < ABRUPT * change
        }),
    };
    joined.filter(|joined| *joined < stretches.len())
}

/// Where near a place the largest step is: sums that drift with the series begin to rise before it.
fn steepest(values: &[f64], near: usize) -> usize {
    let places = near.saturating_sub(NEIGHBOURS).max(1)..(near + NEIGHBOURS).min(values.len());
    let step = |at: &usize| (values[*at] - values[*at - 1]).abs();
    places.max_by(|one, other| step(one).total_cmp(&step(other))).unwrap_or(near)
}

/// By how much the values around a place differ: the few before it from the few from it on.
fn jump(values: &[f64], at: usize) -> f64 {
    let before = median_of(&values[at.saturating_sub(NEIGHBOURS)..at]);
    let after = median_of(&values[at..(at + NEIGHBOURS).min(values.len())]);
    (after - before).abs()
}

/// Standard deviation of a mean over n values, times √n: the short-term noise by the median step, and more where neighbours are alike,
/// as sums of such values wander further. `None` when all values are equal.
fn noise(values: &[f64]) -> Option<f64> {
    let range = values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
        - values.iter().copied().fold(f64::INFINITY, f64::min);
    if range <= 0.0 {
        return None;
    }
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let sizes: Vec<f64> = steps.iter().map(|step| step.abs()).collect();
    let step = median_of(&sizes) / MEDIAN_SIZE;
    if step <= LEAST_NOISE * range {
        return Some(LEAST_NOISE * range);
    }
    let cut: Vec<f64> = steps.iter().map(|one| one.clamp(-CUT * step, CUT * step)).collect();
    let squares: f64 = cut.iter().map(|one| one * one).sum();
    let products: f64 = cut.windows(2).map(|pair| pair[0] * pair[1]).sum();
    // Steps of an autoregressive series of order one are correlated by −(1 − ρ)/2.
    let alike = (1.0 + 2.0 * products / squares).clamp(0.0, MOST_CORRELATED);
    let deviation = step / (2.0 * (1.0 - alike)).sqrt();
    Some(deviation * ((1.0 + alike) / (1.0 - alike)).sqrt())
}

fn median_of(values: &[f64]) -> f64 {
    median(&mut values.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;
    use proptest::prelude::*;

    fn autoregressive(seed: u64, alike: f64, count: usize) -> Vec<f64> {
        let (mut noise, mut value) = (Noise::new(seed), 0.0);
        let innovation = (1.0 - alike * alike).sqrt();
        (0..count + 50)
            .map(|_| {
                value = alike * value + innovation * noise.gaussian();
                value
            })
            .skip(50)
            .collect()
    }

    fn share_with_changes(alike: f64) -> f64 {
        let found =
            (1..=400).filter(|seed| !changes_of(&autoregressive(*seed, alike, 300)).is_empty()).count();
        found as f64 / 400.0
    }

    fn changes_of(values: &[f64]) -> Vec<LevelChange> {
        Description::of(values).unwrap().changes
    }

    #[test]
    fn noise_is_seldom_taken_for_a_change() {
        for (alike, at_most) in [(0.0, 0.05), (0.5, 0.05), (0.9, 0.1)] {
            let share = share_with_changes(alike);
            assert!(share <= at_most, "correlated by {alike}: {share}");
        }
    }

    #[test]
    fn a_change_is_told_with_its_place_and_levels() {
        let mut right = 0;
        for seed in 1..=200 {
            let mut values = autoregressive(seed, 0.3, 300);
            for value in &mut values[180..] {
                *value += 4.0;
            }
            let found = changes_of(&values);
            right += u32::from(
                matches!(found.as_slice(), [only] if only.at.abs_diff(180) <= 3 && (only.to - only.from - 4.0).abs() < 0.7),
            );
        }
        assert!(right >= 180, "{right} of 200");
    }

    #[test]
    fn what_moves_slowly_has_no_levels_and_a_step_in_it_is_seen() {
        let slow = |at: usize| 250.0 + 0.1 * at as f64 + 8.0 * libm::sin(at as f64 / 40.0);
        let mut noise = Noise::new(9);
        let mut values: Vec<f64> = (0..300).map(|at| slow(at) + 0.05 * noise.gaussian()).collect();
        assert_eq!(changes_of(&values), []);
        for value in &mut values[200..] {
            *value += 60.0;
        }
        let [step] = changes_of(&values)[..] else { panic!("{:?}", changes_of(&values)) };
        assert_eq!(step.at, 200);
    }

    #[test]
    fn levels_without_noise_are_exact_and_a_spike_is_an_outlier() {
        let mut values = vec![3.0; 60];
        values[20..40].fill(5.0);
        values[50] = 90.0;
        values[55] = f64::NAN;
        let told = Description::of(&values).unwrap();
        assert_eq!(
            told.changes,
            [LevelChange { at: 20, from: 3.0, to: 5.0 }, LevelChange { at: 40, from: 5.0, to: 3.0 }]
        );
        assert_eq!((told.count, told.outliers, told.max), (59, 1, 90.0));
    }

    #[test]
    fn what_is_all_the_same_has_no_z_score() {
        let told = Description::of(&[7.0; 30]).unwrap();
        assert_eq!((told.z_score, told.robust_z_score, told.ewma), (None, None, None));
        assert_eq!((told.mean, told.deviation, told.outliers), (7.0, 0.0, 0));
        assert!(told.changes.is_empty());
    }

    #[test]
    fn the_newest_value_is_held_against_those_before_it() {
        let mut values = autoregressive(5, 0.0, 200);
        values.push(6.0);
        let told = Description::of(&values).unwrap();
        let (z_score, robust) = (told.z_score.unwrap(), told.robust_z_score.unwrap());
        assert!((5.0..7.0).contains(&z_score) && (4.5..7.5).contains(&robust), "{z_score} {robust}");
        for value in &mut values[160..] {
            *value += 2.0;
        }
        assert!(Description::of(&values).unwrap().ewma.unwrap() > 1.0, "the level has been off for a while");
    }

    proptest! {
        #[test]
        fn anything_is_described_in_order(values in prop::collection::vec(prop_oneof![Just(f64::NAN), -1e9..1e9], 0..400)) {
            if let Some(told) = Description::of(&values) {
                prop_assert!(told.changes.len() <= MAX_CHANGES);
                prop_assert!(told.changes.windows(2).all(|pair| pair[0].at < pair[1].at));
                prop_assert!(told.min <= told.median && told.median <= told.max);
                prop_assert!(told.count >= FEWEST);
            }
        }
    }
}
