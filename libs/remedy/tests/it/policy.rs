//! Whose yes a proposal takes.

use remedy::policy::{
    Demand, Facts, Hold, Match, Mode, Policy, PolicySet, Predicted, Surroundings, Zone, decide, permit,
};
use remedy::{RemedyKind, Severity};

fn facts() -> Facts {
    Facts {
        kind: RemedyKind::ScaleUp,
        target: "checkout".to_owned(),
        severity: Some(Severity::HIGH),
        blast_pct: Some(5.0),
        predicted: None,
    }
}

fn policy(name: &str, mode: Mode, matches: Match) -> Policy {
    Policy { name: name.to_owned(), matches, mode, expiry_s: None }
}

fn auto(matches: Match) -> Policy {
    policy("auto", Mode::AutoApprove, Match { kinds: vec![RemedyKind::ScaleUp], ..matches })
}

fn set(policies: Vec<Policy>) -> PolicySet {
    PolicySet::new(policies).unwrap()
}

fn mode(policies: Vec<Policy>, facts: &Facts) -> Mode {
    decide(&set(policies), facts).mode
}

#[test]
fn the_first_that_matches_wins_and_nothing_means_that_somebody_is_asked() {
    let two =
        policy("drains", Mode::TwoPerson, Match { kinds: vec![RemedyKind::DrainNode], ..Match::default() });
    let rules = vec![two, auto(Match::default()), policy("rest", Mode::TwoPerson, Match::default())];
    let ruling = decide(&set(rules.clone()), &facts());
    assert_eq!((ruling.mode, ruling.policy.as_str()), (Mode::AutoApprove, "auto"));
    assert!(ruling.reason.contains("SCALE_UP of checkout, severity 3, touches 5 %"), "{}", ruling.reason);
    assert_eq!(mode(rules.clone(), &Facts { kind: RemedyKind::DrainNode, ..facts() }), Mode::TwoPerson);
    assert_eq!(decide(&set(rules), &Facts { kind: RemedyKind::RestartService, ..facts() }).policy, "rest");
    let ruling = decide(&PolicySet::default(), &facts());
    assert_eq!((ruling.mode, ruling.policy.as_str()), (Mode::Ask, "default"));
}

#[test]
fn each_condition_keeps_a_policy_from_what_it_does_not_mean() {
    let cases: [(&str, Match, Facts); 5] = [
        ("targets", Match { targets: vec!["cart".into()], ..Match::default() }, facts()),
        ("least", Match { min_severity: Some(Severity::CRITICAL), ..Match::default() }, facts()),
        ("most", Match { max_severity: Some(Severity::WARNING), ..Match::default() }, facts()),
        ("reach", Match { max_blast_pct: Some(4.0), ..Match::default() }, facts()),
        ("kinds", Match::default(), Facts { kind: RemedyKind::ScaleDown, ..facts() }),
    ];
    for (what, matches, facts) in cases {
        assert_eq!(mode(vec![auto(matches)], &facts), Mode::Ask, "{what}");
    }
    let all = Match {
        targets: vec!["checkout".into()],
        min_severity: Some(Severity::HIGH),
        max_severity: Some(Severity::HIGH),
        max_blast_pct: Some(5.0),
        ..Match::default()
    };
    assert_eq!(mode(vec![auto(all)], &facts()), Mode::AutoApprove);
}

#[test]
fn what_is_not_known_never_approves_and_always_asks() {
    let unknown = Facts { severity: None, blast_pct: None, ..facts() };
    let severe = Match { min_severity: Some(Severity::CRITICAL), ..Match::default() };
    let small = Match { max_blast_pct: Some(100.0), ..Match::default() };
    for matches in [severe.clone(), small] {
        assert_eq!(mode(vec![auto(matches)], &unknown), Mode::Ask);
    }
    let rules = vec![policy("severe", Mode::TwoPerson, severe), auto(Match::default())];
    assert_eq!(mode(rules, &unknown), Mode::TwoPerson);
}

#[test]
fn a_demanded_effect_has_to_be_predicted_and_good_enough() {
    let demand = Demand { max_harms: Some(0.0), min_helps: Some(0.9), min_bad_pct_less: Some(1.0) };
    let rules = set(vec![auto(Match { effect: Some(demand), ..Match::default() })]);
    let ruling = decide(&rules, &facts());
    assert_eq!((ruling.mode, ruling.wants_prediction), (Mode::Ask, true));
    let good = Predicted { harms: 0.0, helps: 1.0, bad_pct_less: 4.2 };
    let with = |predicted| decide(&rules, &Facts { predicted: Some(predicted), ..facts() });
    assert_eq!(with(good).mode, Mode::AutoApprove);
    for bad in [
        Predicted { harms: 0.125, ..good },
        Predicted { helps: 0.875, ..good },
        Predicted { bad_pct_less: 0.9, ..good },
        Predicted { bad_pct_less: f64::NAN, ..good },
    ] {
        let ruling = with(bad);
        assert_eq!((ruling.mode, ruling.wants_prediction), (Mode::Ask, false), "{bad:?}");
    }
    let other = Facts { kind: RemedyKind::DrainNode, ..facts() };
    assert!(!decide(&rules, &other).wants_prediction, "nothing is computed for what it does not mean");
}

#[test]
fn every_mistake_is_told_at_once() {
    let impossible = Match {
        targets: vec!["*".into()],
        min_severity: Some(Severity(4)),
        max_severity: Some(Severity(2)),
        max_blast_pct: Some(f64::NAN),
        effect: Some(Demand::default()),
        ..Match::default()
    };
    let wrong = vec![
        Policy { expiry_s: Some(1), ..policy("Default", Mode::AutoApprove, impossible) },
        policy("twice", Mode::Ask, Match::default()),
        policy("twice", Mode::Ask, Match::default()),
    ];
    let told = PolicySet::new(wrong).unwrap_err().to_string();
    for part in [
        "lower-case letters",
        "10 to 86400 s, it is 1",
        "must name the types of actions",
        "no wildcards",
        "no severity is at least 4 and at most 2",
        "0 to 100 %, it is NaN",
        "does not say which",
        "two policies are called \"twice\"",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let many = (0..101).map(|n| policy(&format!("p{n}"), Mode::Ask, Match::default())).collect();
    assert!(PolicySet::new(many).unwrap_err().to_string().contains("at most 100"));
}

#[test]
fn a_policy_approves_only_on_fresh_telemetry_while_everybody_is_heard_and_in_one_zone() {
    let node = |node: &str, zone: &str, out| Zone { node: node.to_owned(), zone: zone.to_owned(), out };
    let calm = Surroundings {
        sample_age_s: Some(1.0),
        silent: Vec::new(),
        zones: Some(vec![node("a1", "a", false), node("b1", "b", false)]),
    };
    let drain = Facts { kind: RemedyKind::DrainNode, target: "a1".to_owned(), ..facts() };
    assert_eq!(permit(&facts(), &calm), Ok(()));
    assert_eq!(permit(&drain, &calm), Ok(()));
    for age in [None, Some(10.1), Some(f64::NAN)] {
        let stale = Surroundings { sample_age_s: age, ..calm.clone() };
        assert_eq!(permit(&facts(), &stale), Err(Hold::StaleTelemetry), "{age:?}");
    }
    let silent = Surroundings { silent: vec!["agent-service".into()], ..calm.clone() };
    assert_eq!(permit(&facts(), &silent), Err(Hold::Silent("agent-service".into())));

    let out =
        |b1| Surroundings { zones: Some(vec![node("a1", "a", true), node("b1", "b", b1)]), ..calm.clone() };
    let second = Hold::SecondZone { node: "b1".into(), zone: "b".into() };
    assert_eq!(permit(&drain, &out(true)), Err(second));
    assert_eq!(permit(&drain, &out(false)), Ok(()), "the same zone goes on");
    assert_eq!(permit(&facts(), &out(true)), Ok(()), "a service stands in several zones");
    let nowhere = Facts { target: "a9".to_owned(), ..drain.clone() };
    assert_eq!(permit(&nowhere, &calm), Err(Hold::UnknownZone));
    assert_eq!(permit(&drain, &Surroundings { zones: None, ..calm }), Err(Hold::UnknownZone));
}
