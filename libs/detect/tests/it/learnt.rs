//! What statistics tell by themselves, and that killing the detector changes nothing of it.

use std::collections::BTreeMap;

use detect::{Detector, Findings, Incident, Keepsake, Limits, RuleSet, Severity, Transition, TransitionKind};
use proptest::prelude::*;

use crate::cloud::{Reading, detector_with};
use crate::restart::restarted;

/// A service's memory, second by second, with some unrest. No rule watches it.
fn reading(second: u64, value: f32) -> Reading {
    let unrest = (second * 37 % 19) as f32 / 20.0;
    Reading::of("memory_usage", second, &[("a", value + unrest), ("b", 40.0 + unrest)])
}

/// 25 minutes as usual, then what `after` says of every second.
fn stream(after_s: u64, after: impl Fn(u64) -> f32) -> Vec<Reading> {
    let usual = (0..1_500).map(|second| reading(second, 40.0));
    usual.chain((0..after_s).map(|second| reading(1_500 + second, after(second)))).collect()
}

fn told(stream: &[Reading]) -> (Vec<Transition>, Findings) {
    let mut detector = detector_with(Vec::new());
    let told = stream.iter().flat_map(|reading| reading.observe(&mut detector)).collect();
    (told, detector.take_findings())
}

fn of(transitions: &[Transition], kind: TransitionKind) -> Vec<&Incident> {
    transitions.iter().filter(|t| t.kind == kind).map(|t| &t.incident).collect()
}

#[test]
fn a_level_that_jumps_and_stays_is_an_anomaly_until_it_is_back() {
    let (transitions, findings) = told(&stream(400, |second| if second < 120 { 60.0 } else { 40.0 }));
    let opened = of(&transitions, TransitionKind::Opened);
    let [incident] = opened[..] else { panic!("{opened:#?}") };
    assert_eq!((incident.rule.as_str(), incident.family.as_str()), ("anomaly", "anomaly"));
    assert_eq!((incident.target.id.as_str(), incident.severity), ("a", Severity::Warning));
    assert_eq!(incident.title, "a: memory usage 60.6 %, usually 40.5 %");
    assert!((30..60).contains(&(incident.tick / 20 - 1_500)), "told after half a minute: {incident:#?}");
    let resolved = of(&transitions, TransitionKind::Resolved);
    assert_eq!(resolved.len(), 1);
    assert_eq!(resolved[0].resolution, "near usual again");
    let [anomaly] = &findings.anomalies[..] else { panic!("{findings:#?}") };
    assert!(anomaly.score > 0.999_999 && (anomaly.expected - 40.5).abs() < 0.5, "{anomaly:?}");
}

#[test]
fn users_who_stay_away_are_an_anomaly_and_a_rush_of_them_is_none() {
    let served = |after: f32| {
        (0..1_800).map(move |second| {
            let usual = 400.0 + (second * 37 % 19) as f32;
            Reading::of("request_rate", second, &[("a", if second < 1_500 { usual } else { usual * after })])
        })
    };
    let (transitions, findings) = told(&served(0.1).collect::<Vec<_>>());
    let opened = of(&transitions, TransitionKind::Opened);
    let [incident] = opened[..] else { panic!("{opened:#?}") };
    assert_eq!(incident.title, "a: request rate 41.3 req/s, usually 409 req/s");
    assert_eq!(findings.anomalies.len(), 1);
    for after in [0.5, 4.0] {
        let (transitions, _) = told(&served(after).collect::<Vec<_>>());
        assert!(transitions.is_empty(), "{after}: {transitions:#?}");
    }
}

#[test]
fn what_is_rare_and_small_or_large_and_short_is_told_to_nobody() {
    for after in [|_| 46.0, |second| if second < 15 { 70.0 } else { 40.0 }] {
        let (transitions, findings) = told(&stream(300, after));
        assert_eq!((transitions, findings.anomalies), (Vec::new(), Vec::new()));
    }
}

#[test]
fn a_rise_that_goes_on_is_told_before_the_limit_is_reached_and_sooner_becomes_more_severe() {
    // 45 minutes from half full, at 3 points a minute from the tenth minute on.
    let rise = |second: u64| 40.0 + 0.04 * second as f32;
    let (transitions, findings) = told(&stream(1_400, rise));
    let capacity =
        |kind| of(&transitions, kind).into_iter().filter(|i| i.family == "capacity").collect::<Vec<_>>();
    let opened = capacity(TransitionKind::Opened);
    let [incident] = opened[..] else { panic!("{opened:#?}") };
    assert!(incident.title.starts_with("a: memory usage reaches 100 % in "), "{incident:#?}");
    let left_s = (1_500 + 1_500) - incident.tick / 20;
    let forecast = findings.forecasts.iter().filter_map(|made| made.reached).collect::<Vec<_>>();
    println!("told {left_s} s before: {}; {} forecasts", incident.title, findings.forecasts.len());
    assert!(left_s > 420 && incident.observed < 80.0, "{incident:#?}");
    assert!(!forecast.is_empty());
    let raised = capacity(TransitionKind::Escalated);
    assert!(incident.severity == Severity::High || raised.iter().any(|i| i.severity == Severity::High));
}

#[test]
fn a_rise_that_ends_is_no_longer_in_sight() {
    let (transitions, _) = told(&stream(1_500, |second| 40.0 + 0.04 * second.min(900) as f32));
    let resolved: Vec<_> =
        of(&transitions, TransitionKind::Resolved).into_iter().filter(|i| i.family == "capacity").collect();
    assert!(resolved.iter().any(|i| i.resolution == "limit no longer in sight"), "{transitions:#?}");
}

#[test]
fn beyond_the_limit_series_are_counted_and_not_judged() {
    let limits = Limits { scored_targets: 1, ..Limits::default() };
    let mut detector = Detector::new(&RuleSet::default(), limits);
    let jump = |second: u64| {
        Reading::of("memory_usage", second, &[("a", 40.0), ("b", if second < 1_500 { 40.0 } else { 70.0 })])
    };
    let told: Vec<_> = (0..1_800).flat_map(|second| jump(second).observe(&mut detector)).collect();
    assert_eq!((detector.not_scored(), told), (1, Vec::new()));
}

/// Everything that a service would keep.
#[derive(Default)]
struct Kept {
    told: Vec<Transition>,
    findings: Findings,
    keepsakes: BTreeMap<u32, Keepsake>,
}

impl Kept {
    fn observe(&mut self, detector: &mut Detector, reading: &Reading) {
        self.told.extend(reading.observe(detector));
        let Findings { anomalies, forecasts } = detector.take_findings();
        self.findings.anomalies.extend(anomalies);
        self.findings.forecasts.extend(forecasts);
        self.keepsakes.extend(detector.take_keepsakes().into_iter().map(|kept| (kept.shard, kept)));
    }
}

/// What a series does for a while: stays, jumps, rises, is unknown, or is not heard of.
#[derive(Debug, Clone)]
enum Phase {
    Level(f32),
    Rise(f32),
    Unknown,
    Gap,
    Other,
}

fn phase() -> impl Strategy<Value = (Phase, u64)> {
    let phase = prop_oneof![
        6 => prop::sample::select(vec![40.0_f32, 60.0, 75.0]).prop_map(Phase::Level),
        3 => (0.02_f32..0.1).prop_map(Phase::Rise),
        1 => Just(Phase::Unknown),
        1 => Just(Phase::Gap),
        1 => Just(Phase::Other),
    ];
    (phase, 5u64..900)
}

fn readings(phases: &[(Phase, u64)]) -> Vec<Reading> {
    let (mut second, mut value) = (1_500, 40.0_f32);
    let mut stream = stream(0, |_| 0.0);
    for (phase, lasts) in phases {
        for _ in 0..*lasts {
            match phase {
                Phase::Level(level) => value = *level,
                Phase::Rise(pace) => value = (value + pace).min(100.0),
                Phase::Unknown | Phase::Gap | Phase::Other => {}
            }
            let reading = match phase {
                Phase::Gap => None,
                Phase::Unknown => Some(reading(second, f32::NAN)),
                // The topology changes: `b` is gone and `c` is new.
                Phase::Other => Some(Reading::of("memory_usage", second, &[("a", value), ("c", 40.0)])),
                Phase::Level(_) | Phase::Rise(_) => Some(reading(second, value)),
            };
            stream.extend(reading);
            second += 1;
        }
    }
    stream
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn killing_the_detector_changes_nothing_of_what_statistics_tell(
        phases in prop::collection::vec(phase(), 1..8),
        kills in prop::collection::vec(0.0f64..1.0, 1..8),
    ) {
        let stream = readings(&phases);
        let (mut undisturbed, mut expected) = (detector_with(Vec::new()), Kept::default());
        for reading in &stream {
            expected.observe(&mut undisturbed, reading);
        }

        let mut kills: Vec<usize> = kills.iter().map(|at| (at * stream.len() as f64) as usize).collect();
        kills.sort_unstable();
        let (mut detector, mut kept) = (detector_with(Vec::new()), Kept::default());
        for (index, reading) in stream.iter().enumerate() {
            while kills.first() == Some(&index) {
                kills.remove(0);
                let written = kept.keepsakes.values().map(written_and_read);
                detector = restarted(&kept.told, written, &stream[..index], &RuleSet::default());
            }
            kept.observe(&mut detector, reading);
        }
        prop_assert!(kept.learnt() == expected.learnt(), "what was learnt is not the same to the last bit");
        prop_assert_eq!(kept.told, expected.told);
        prop_assert_eq!(kept.findings, expected.findings);
    }
}

impl Kept {
    fn learnt(&self) -> Vec<(u64, Vec<u8>)> {
        self.keepsakes.values().map(|kept| (kept.tick, written(kept))).collect()
    }
}

fn written(kept: &Keepsake) -> Vec<u8> {
    postcard::to_allocvec(&kept.memory).expect("written")
}

/// The way through the database.
fn written_and_read(kept: &Keepsake) -> Keepsake {
    Keepsake { memory: postcard::from_bytes(&written(kept)).expect("read"), ..kept.clone() }
}
