//! The set of incidents of a run does not depend on when the detector was killed.

use std::collections::{BTreeMap, BTreeSet};

use detect::{
    Aggregate, Detector, Incident, Keepsake, Limits, Matchers, Operator, Place, Rule, RuleSet, Silence,
    SilenceKind, Silences, Transition,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::cloud::{INTERVAL_MS, Reading, TICKS_PER_SAMPLE, detector_with, queue_rule, time_at};

/// Two rules of one family with different windows, one of another family, and one that waits and asks twice: everything a restart could get wrong.
pub(crate) fn rules() -> Vec<Rule> {
    let high = queue_rule(Aggregate::Avg, Operator::Gt, 8);
    let mut critical = queue_rule(Aggregate::Max, Operator::Gt, 6);
    critical.name = "queue_very_deep".into();
    critical.threshold = 16.0;
    critical.clear_threshold = 12.0;
    critical.severity = detect::Severity::Critical;
    let mut falling = queue_rule(Aggregate::Rate, Operator::Lt, 10);
    falling.name = "queue_falls".into();
    falling.family = "trend".into();
    falling.threshold = -1.0;
    falling.clear_threshold = -0.5;
    let mut lasting = queue_rule(Aggregate::Min, Operator::Gt, 3);
    lasting.name = "queue_stays_deep".into();
    lasting.family = "lasting".into();
    lasting.for_s = 12;
    lasting.also.push(detect::Condition {
        metric: "queue_depth".into(),
        aggregate: Aggregate::Avg,
        operator: Operator::Gt,
        threshold: 12.0,
        window_s: 7,
    });
    vec![high, critical, falling, lasting]
}

/// What happens to the stream at one step.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Sample(Vec<Option<f32>>),
    Gap(u64),
    Again,
    Late,
    NewRun,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        // Calm, in the band of hysteresis, breached: mostly extremes, or nothing would ever open and resolve.
        10 => prop::sample::select(vec![0.1_f32, 3.3, 9.1, 14.7, 19.9]).prop_map(Some),
        1 => Just(Some(f32::NAN)),
        1 => Just(None),
    ];
    prop_oneof![
        60 => prop::collection::vec(value, 2).prop_map(Step::Sample),
        1 => (1u64..15).prop_map(Step::Gap),
        3 => Just(Step::Again),
        3 => Just(Step::Late),
        1 => Just(Step::NewRun),
    ]
}

/// Values move slowly, or nothing would ever be clear for a whole window.
pub(crate) fn stream(steps: &[(Step, u8)]) -> Vec<Reading> {
    let (mut second, mut run) = (0, 0);
    let mut stream: Vec<Reading> = Vec::new();
    for (step, times) in steps {
        match step {
            Step::Sample(values) => {
                for _ in 0..*times {
                    let services =
                        ["a", "b"].into_iter().zip(values).filter_map(|(id, value)| value.map(|v| (id, v)));
                    let services: Vec<_> = services.collect();
                    let reading = Reading::of("queue_depth", second, &services).in_run(&format!("run-{run}"));
                    // The map comes with the first sample of a run and now and then.
                    let first = stream.last().is_none_or(|last| last.run != reading.run);
                    stream.push(if first || second % 60 == 0 {
                        // Replicas move.
                        reading.in_a_cloud(&[("a", 0), ("b", (second as usize / 60) % 2)])
                    } else {
                        reading
                    });
                    second += 1;
                }
            }
            Step::Gap(length) => second += length,
            Step::Again => stream.extend(stream.last().cloned()),
            Step::Late => {
                if let Some(late) = stream.len().checked_sub(4) {
                    stream.push(stream[late].clone());
                }
            }
            Step::NewRun => run += 1,
        }
    }
    stream
}

/// What the service does on start: runs, the incidents that it has to know, what statistics had learnt, then the history that determines the
/// state.
pub(crate) fn restarted(
    told: &[Transition],
    learnt: impl IntoIterator<Item = Keepsake>,
    past: &[Reading],
    rules: &RuleSet,
) -> Detector {
    let mut detector = Detector::new(rules, Limits::default());
    let Some(newest) = past.iter().max_by_key(|reading| reading.tick()) else { return detector };
    let over: BTreeSet<String> =
        past.iter().map(|reading| reading.run.clone()).filter(|over| *over != newest.run).collect();
    detector.restore_run("default", &newest.run, over);
    for incident in remembered(told, newest) {
        detector.restore(incident);
    }
    learnt.into_iter().for_each(|kept| detector.remember(kept));
    for reading in past.iter().filter(|reading| reading.run == newest.run) {
        let age_ms = (time_at(newest.tick()).micros - time_at(reading.tick()).micros) / 1_000;
        if age_ms <= detector.history_ms(INTERVAL_MS) {
            reading.with_sample(|sample| detector.warm(sample));
        }
    }
    detector
}

/// Up to four silences that begin and end while the stream lasts, of services, nodes, zones and families.
fn silences() -> impl Strategy<Value = Vec<Silence>> {
    let place = prop::sample::select(vec![
        Place::Service("a".into()),
        Place::Service("b".into()),
        Place::Node("n0".into()),
        Place::Zone("zone-1".into()),
    ]);
    let matchers = prop_oneof![
        3 => place.prop_map(|place| Matchers { places: [place].into(), ..Matchers::default() }),
        1 => Just(Matchers { families: ["trend".to_owned()].into(), ..Matchers::default() }),
    ];
    let one =
        (matchers, any::<bool>(), 0u64..400, 1u64..200).prop_map(|(matchers, maintenance, from, length)| {
            Silence {
                id: Uuid::nil(),
                version: from,
                kind: if maintenance { SilenceKind::Maintenance } else { SilenceKind::Silence },
                simulation: "default".into(),
                matchers,
                starts_at: time_at(TICKS_PER_SAMPLE * from),
                ends_at: time_at(TICKS_PER_SAMPLE * (from + length)),
            }
        });
    prop::collection::vec(one, 0..5).prop_map(|mut silences| {
        for (number, silence) in (1..).zip(&mut silences) {
            silence.id = Uuid::from_u128(number);
        }
        silences
    })
}

/// What the database would give: the newest state of each incident of the run that is open or was not long ago, and its lead.
fn remembered(told: &[Transition], newest: &Reading) -> Vec<Incident> {
    let incidents: BTreeMap<_, _> =
        told.iter().map(|t| (t.incident.id, &t.incident)).filter(|(_, i)| i.run == newest.run).collect();
    let since = time_at(newest.tick()).micros - Detector::memory_ms() * 1_000;
    let recent =
        |i: &Incident| i.resolved_at.is_none_or(|over| over.micros >= since) || i.detected_at.micros >= since;
    let kept: BTreeSet<_> =
        incidents.values().filter(|i| recent(i)).flat_map(|i| [Some(i.id), i.symptom_of]).flatten().collect();
    let mut remembered: Vec<Incident> = kept.iter().map(|id| incidents[id].clone()).collect();
    remembered.sort_by_key(|i| (i.detected_at, i.symptom_of.is_some(), i.id));
    remembered
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn killing_the_detector_changes_nothing(
        steps in prop::collection::vec((step(), 1u8..24), 5..40),
        kills in prop::collection::vec(0.0f64..1.0, 1..20),
        silences in prop::collection::vec((0.0f64..1.0, silences()), 0..4),
    ) {
        let stream = stream(&steps);
        let silences: BTreeMap<usize, Silences> = silences
            .into_iter()
            .map(|(at, silences)| ((at * stream.len() as f64) as usize, Silences::new(silences)))
            .collect();
        let mut undisturbed = detector_with(rules());
        let mut expected: Vec<Transition> = Vec::new();
        for (index, reading) in stream.iter().enumerate() {
            if let Some(others) = silences.get(&index) {
                expected.extend(undisturbed.silence(others.clone()));
            }
            expected.extend(reading.observe(&mut undisturbed));
        }

        let mut kills: Vec<usize> = kills.iter().map(|at| (at * stream.len() as f64) as usize).collect();
        kills.sort_unstable();
        let mut detector = detector_with(rules());
        let (mut told, mut learnt): (Vec<Transition>, BTreeMap<u32, Keepsake>) = (Vec::new(), BTreeMap::new());
        for (index, reading) in stream.iter().enumerate() {
            while kills.first() == Some(&index) {
                kills.remove(0);
                detector = restarted(&told, learnt.values().cloned(), &stream[..index], &RuleSet::new(rules()).unwrap());
                let in_force = silences.range(..index).next_back().map(|(_, silences)| silences.clone());
                prop_assert_eq!(detector.silence(in_force.unwrap_or_default()), vec![]);
            }
            if let Some(others) = silences.get(&index) {
                told.extend(detector.silence(others.clone()));
            }
            told.extend(reading.observe(&mut detector));
            learnt.extend(detector.take_keepsakes().into_iter().map(|kept| (kept.shard, kept)));
        }
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn the_property_is_not_vacuous() {
    let steps: Vec<(Step, u8)> = [(20.0, 8), (14.0, 8), (0.0, 8), (13.0, 8), (19.0, 8), (0.0, 8), (0.0, 8)]
        .map(|(value, times)| (Step::Sample(vec![Some(value), None]), 2 * times))
        .to_vec();
    let mut detector = detector_with(rules());
    let told: Vec<_> = stream(&steps).iter().flat_map(|r| r.observe(&mut detector)).map(|t| t.kind).collect();
    assert!(told.len() >= 6, "{told:?}");
}
