//! Incidents that belong together: leads, symptoms, and incidents that come and go.

use detect::{Detector, Incident, Transition, TransitionKind};

use crate::cloud::{Reading, detector};

const CHAIN: [&str; 3] = ["gateway", "orders", "db"];

/// Error rates of the chain and of a service that has nothing to do with it, for some seconds.
fn feed(detector: &mut Detector, seconds: std::ops::Range<u64>, rates: [f32; 4]) -> Vec<Transition> {
    let ids = ["gateway", "orders", "db", "mail"];
    let services: Vec<(&str, f32)> = ids.into_iter().zip(rates).collect();
    let mut told = Vec::new();
    for second in seconds {
        let mut reading = Reading::of("error_rate", second, &services);
        if second == 0 {
            reading = reading.in_a_chain(&["gateway", "orders", "db"]);
        }
        told.extend(reading.observe(detector));
    }
    told
}

fn opened(told: &[Transition]) -> Vec<&Incident> {
    told.iter().filter(|t| t.kind == TransitionKind::Opened).map(|t| &t.incident).collect()
}

fn last<'a>(told: &'a [Transition], id: &str) -> &'a Incident {
    told.iter().rev().map(|t| &t.incident).find(|i| i.target.id == id).unwrap()
}

#[test]
fn what_follows_along_the_calls_is_a_symptom_of_what_came_first() {
    let mut detector = detector();
    let mut told = feed(&mut detector, 0..15, [0.0, 0.0, 20.0, 0.0]);
    told.extend(feed(&mut detector, 15..40, [20.0, 20.0, 20.0, 0.0]));
    let opened = opened(&told);
    let lead = opened[0];
    assert_eq!((lead.target.id.as_str(), lead.symptom_of), ("db", None));
    assert_eq!(opened.len(), CHAIN.len());
    assert!(opened[1..].iter().all(|symptom| symptom.symptom_of == Some(lead.id)));
    let record = &last(&told, "db").record;
    assert_eq!((record.symptoms, record.open_symptoms), (2, 2));
}

#[test]
fn the_lead_hears_when_its_symptoms_are_over() {
    let mut detector = detector();
    let mut told = feed(&mut detector, 0..30, [20.0, 20.0, 20.0, 0.0]);
    told.extend(feed(&mut detector, 30..60, [0.0; 4]));
    let lead = opened(&told)[0].id;
    let told_of_lead: Vec<_> = told.iter().filter(|t| t.incident.id == lead).collect();
    let newest = &told_of_lead.last().unwrap().incident;
    assert!(newest.resolved_at.is_some());
    assert_eq!((newest.record.symptoms, newest.record.open_symptoms), (2, 0));
    let revisions: Vec<u64> = told_of_lead.iter().map(|t| t.incident.revision).collect();
    assert_eq!(revisions, (1..=revisions.len() as u64).collect::<Vec<_>>(), "each tells something, once");
}

#[test]
fn trouble_elsewhere_at_the_same_time_is_an_incident_of_its_own() {
    let told = feed(&mut detector(), 0..20, [0.0, 0.0, 20.0, 20.0]);
    assert!(opened(&told).iter().all(|incident| incident.symptom_of.is_none()));
    assert_eq!(opened(&told).len(), 2);
}

#[test]
fn what_comes_much_later_is_not_put_down_to_an_old_incident() {
    let mut detector = detector();
    feed(&mut detector, 0..400, [0.0, 0.0, 20.0, 0.0]);
    let told = feed(&mut detector, 400..420, [20.0, 0.0, 20.0, 0.0]);
    assert_eq!(opened(&told)[0].symptom_of, None);
}

#[test]
fn an_incident_that_comes_and_goes_is_held_open() {
    let mut detector = detector();
    let mut told = Vec::new();
    for turn in 0..8 {
        told.extend(feed(&mut detector, turn * 40..turn * 40 + 20, [0.0, 0.0, 20.0, 0.0]));
        told.extend(feed(&mut detector, turn * 40 + 20..turn * 40 + 40, [0.0; 4]));
    }
    let opened = opened(&told);
    assert_eq!(opened.len(), 3, "the third stays open");
    assert!(opened[2].description.contains("comes and goes"), "{}", opened[2].description);
    let told = feed(&mut detector, 320..400, [0.0; 4]);
    let over: Vec<_> = told.iter().filter(|t| t.kind == TransitionKind::Resolved).collect();
    assert_eq!(over.len(), 1, "and ends when it has been clear for a minute");
}
