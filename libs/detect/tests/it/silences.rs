//! Silences and maintenance windows: who is silenced, from when to when, and by what.

use std::collections::BTreeMap;

use detect::{
    Aggregate, Detector, MAX_SILENCE_S, Matchers, Operator, Place, Silence, SilenceKind, Silences,
    TargetKind, Transition, TransitionKind,
};
use uuid::Uuid;

use crate::cloud::{Reading, TICKS_PER_SAMPLE, detector_with, queue_rule, time_at};

const DEEP: f32 = 20.0;
const CALM: f32 = 1.0;

fn at(second: u64) -> detect::SimTime {
    time_at(second * TICKS_PER_SAMPLE)
}

fn silence(number: u128, place: Place, seconds: std::ops::Range<u64>) -> Silence {
    Silence {
        id: Uuid::from_u128(number),
        version: 1,
        kind: SilenceKind::Silence,
        simulation: "default".into(),
        matchers: Matchers { places: [place].into(), ..Matchers::default() },
        starts_at: at(seconds.start),
        ends_at: at(seconds.end),
    }
}

fn service(id: &str) -> Place {
    Place::Service(id.to_owned())
}

/// One sample of `a`, which calls `b`; they run on the nodes with these numbers.
fn see(detector: &mut Detector, second: u64, values: [f32; 2], nodes: [usize; 2]) -> Vec<Transition> {
    let reading = Reading::of("queue_depth", second, &[("a", values[0]), ("b", values[1])]);
    reading.in_a_cloud(&[("a", nodes[0]), ("b", nodes[1])]).observe(detector)
}

/// From second 0 to `until`, both services deep in trouble on `n0` and `n1`: (second, service, kind, silenced by) of what was told,
/// without what leads tell of their groups.
fn trouble(
    detector: &mut Detector,
    seconds: std::ops::Range<u64>,
) -> Vec<(u64, String, TransitionKind, Option<u128>)> {
    let mut by: BTreeMap<String, Option<u128>> = BTreeMap::new();
    let mut told = Vec::new();
    for second in seconds {
        for Transition { kind, incident } in see(detector, second, [DEEP, DEEP], [0, 1]) {
            let silenced = incident.silenced.map(|silenced| silenced.by.as_u128());
            let before = by.insert(incident.target.id.clone(), silenced);
            if kind != TransitionKind::Updated || before.is_some_and(|before| before != silenced) {
                told.push((second, incident.target.id, kind, silenced));
            }
        }
    }
    told
}

fn detector(silences: Vec<Silence>) -> Detector {
    let mut detector = detector_with(vec![queue_rule(Aggregate::Avg, Operator::Gt, 5)]);
    assert!(detector.silence(Silences::new(silences)).is_empty(), "nothing is open yet");
    detector
}

#[test]
fn an_incident_is_silenced_from_its_opening_and_its_symptom_only_when_it_is_meant_itself() {
    let mut detector = detector(vec![silence(7, service("a"), 0..60)]);
    let told = trouble(&mut detector, 0..10);
    let opened = |id: &str, by| (4, id.to_owned(), TransitionKind::Opened, by);
    assert_eq!(told, [opened("a", Some(7)), opened("b", None)]);
    let lead =
        |id: &str| detector.open_incidents().find(|incident| incident.target.id == id).unwrap().symptom_of;
    assert_eq!((lead("a"), lead("b").is_some()), (None, true));
}

#[test]
fn what_begins_or_ends_while_an_incident_is_open_is_told_once() {
    let mut detector = detector(vec![silence(7, service("a"), 8..12)]);
    let told = trouble(&mut detector, 0..20);
    let of_a: Vec<_> =
        told.iter().filter(|(_, id, ..)| id == "a").map(|(second, _, _, by)| (*second, *by)).collect();
    assert_eq!(of_a, [(4, None), (8, Some(7)), (12, None)]);
}

#[test]
fn a_silence_that_is_removed_or_added_is_told_at_once_while_time_stands_still() {
    let mut detector = detector(vec![silence(7, service("a"), 0..60)]);
    trouble(&mut detector, 0..10);
    let revision = |detector: &Detector| {
        let a = detector.open_incidents().find(|incident| incident.target.id == "a").unwrap();
        (a.revision, a.silenced.map(|silenced| silenced.by.as_u128()))
    };
    let (before, _) = revision(&detector);
    let told = detector.silence(Silences::default());
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind, told[0].incident.silenced), (TransitionKind::Updated, None));
    assert_eq!(told[0].incident.updated_at, at(9));
    let again = vec![silence(8, service("a"), 0..60)];
    assert_eq!(detector.silence(Silences::new(again.clone())).len(), 1);
    assert_eq!(revision(&detector), (before + 2, Some(8)));
    assert!(detector.silence(Silences::new(again)).is_empty(), "the same again changes nothing");
}

#[test]
fn nodes_and_zones_take_what_runs_there_along_and_what_moves_away_meanwhile_stays_silenced() {
    for place in [Place::Node("n0".into()), Place::Zone("zone-0".into())] {
        let mut detector = detector(vec![silence(7, place, 0..60)]);
        let told = trouble(&mut detector, 0..5);
        let by: Vec<_> = told.iter().map(|(_, id, _, by)| (id.as_str(), *by)).collect();
        assert_eq!(by, [("a", Some(7)), ("b", None)]);
        let moved = see(&mut detector, 5, [DEEP, DEEP], [1, 0]);
        let by: Vec<_> =
            moved.iter().map(|t| (t.incident.target.id.as_str(), t.incident.silenced.is_some())).collect();
        assert_eq!(by, [("b", true)], "b runs there now; a was silenced when it opened");
    }
}

#[test]
fn maintenance_goes_before_a_silence_and_a_longer_one_before_a_shorter_one() {
    let short = silence(1, service("a"), 0..30);
    let long = silence(2, service("a"), 0..60);
    let maintenance = Silence { kind: SilenceKind::Maintenance, ..silence(3, service("a"), 10..20) };
    let mut detector = detector(vec![short, long, maintenance]);
    let told = trouble(&mut detector, 0..25);
    let of_a: Vec<_> =
        told.iter().filter(|(_, id, ..)| id == "a").map(|(second, _, _, by)| (*second, *by)).collect();
    assert_eq!(of_a, [(4, Some(2)), (10, Some(3)), (20, Some(2))]);
}

#[test]
fn every_part_of_a_matcher_must_hold() {
    let mut rule = queue_rule(Aggregate::Avg, Operator::Gt, 5);
    rule.labels = [("team".to_owned(), "shop".to_owned())].into();
    let is_silenced = |matchers: Matchers| {
        let mut detector = detector_with(vec![rule.clone()]);
        detector.silence(Silences::new([Silence { matchers, ..silence(1, service("a"), 0..60) }]));
        trouble(&mut detector, 0..5)[0].3.is_some()
    };
    let family = Matchers { families: ["queue".to_owned()].into(), ..Matchers::default() };
    assert!(is_silenced(family.clone()));
    assert!(is_silenced(Matchers { rules: ["queue_deep".to_owned()].into(), ..family.clone() }));
    assert!(!is_silenced(Matchers { rules: ["other".to_owned()].into(), ..family.clone() }));
    assert!(!is_silenced(Matchers { kinds: [TargetKind::Node].into(), ..family.clone() }));
    assert!(is_silenced(Matchers { labels: rule.labels.clone(), ..family.clone() }));
    let payments = [("team".to_owned(), "payments".to_owned())].into();
    assert!(!is_silenced(Matchers { labels: payments, ..family.clone() }));
    assert!(!is_silenced(Matchers { places: [service("b")].into(), ..family }));
}

#[test]
fn a_resolved_incident_keeps_what_silenced_it_and_a_new_run_is_silenced_when_its_time_comes() {
    let mut detector = detector(vec![silence(7, service("a"), 0..100)]);
    trouble(&mut detector, 0..10);
    let ended: Vec<_> =
        (10..30).flat_map(|second| see(&mut detector, second, [CALM, DEEP], [0, 1])).collect();
    let resolved = ended.iter().find(|told| told.kind == TransitionKind::Resolved).unwrap();
    assert_eq!(resolved.incident.silenced.unwrap().by, Uuid::from_u128(7));
    let again =
        |second| Reading::of("queue_depth", second, &[("a", DEEP)]).in_run("run-2").observe(&mut detector);
    let opened: Vec<_> = (0..5).flat_map(again).filter(|told| told.kind == TransitionKind::Opened).collect();
    assert!(opened[0].incident.silenced.is_some());
}

#[test]
fn a_silence_of_everything_of_no_time_or_without_names_is_refused_with_what_to_write() {
    let everything = Silence {
        matchers: Matchers { kinds: [TargetKind::Node].into(), ..Matchers::default() },
        ..silence(1, service("a"), 5..5)
    };
    let told = everything.check().unwrap_err().to_string();
    assert!(told.contains("every incident: name a rule"), "{told}");
    assert!(told.contains("ends before it begins"), "{told}");
    let too_long = silence(1, service(""), 0..MAX_SILENCE_S.unsigned_abs() + 1);
    let told = too_long.check().unwrap_err().to_string();
    assert!(told.contains("a week") && told.contains("\"\" is no name"), "{told}");
    assert_eq!(silence(1, service("a"), 0..MAX_SILENCE_S.unsigned_abs()).check(), Ok(()));
}
