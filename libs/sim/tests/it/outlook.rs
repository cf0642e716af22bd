//! What a prediction may know: the present, and nothing of what the scenario has in store.

use sim::EventKind;

use crate::small;
use crate::stage::Stage;

const SERVICES: &str = "  - {id: web, profile: web_server, replicas: 2, entry: true, calls: [{to: db}]}\n  - {id: db, profile: postgresql, replicas: 1}\n";

/// A leak from second 20 on; what comes after second 60 differs.
fn stage(traffic: &str, later: &str) -> Stage {
    small::cloud_with(
        SERVICES,
        &format!(
            "traffic: [{{service: web, noise: 0.05, {traffic}}}]\ntimeline:\n  - {{at_s: 20, inject: {{id: leak, kind: memory_leak, target: {{service: web}}{later}"
        ),
    )
}

fn calm() -> Stage {
    stage("constant: {rps: 60}", "}}\n")
}

fn eventful() -> Stage {
    let later = ", duration_s: 60}}\n  - {at_s: 70, inject: {kind: service_crash, target: {service: db}}}\n";
    stage("spike: {base_rps: 60, peak_rps: 600, start_s: 65, duration_s: 300}", later)
}

#[test]
fn worlds_with_one_past_have_one_outlook_whatever_is_to_come() {
    let hashes = |mut stage: Stage| {
        let mut ahead = stage.run_s(60).clone();
        ahead.world = stage.world.outlook(0.0);
        [ahead, stage].map(|mut stage| stage.run_s(120).world.telemetry_hash())
    };
    let ([calm_outlook, calm], [eventful_outlook, eventful]) = (hashes(calm()), hashes(eventful()));
    assert_eq!(calm_outlook, eventful_outlook);
    assert_eq!(calm_outlook, calm, "where nothing comes, the outlook is what comes");
    assert_ne!(eventful_outlook, eventful);
}

#[test]
fn nothing_begins_and_nothing_ends_in_an_outlook() {
    let mut stage = eventful();
    stage.run_s(60);
    stage.events.clear();
    stage.world = stage.world.outlook(0.0);
    stage.run_s(300);
    let told = |kind| stage.events.iter().filter(|event| event.kind == kind).count();
    assert_eq!((told(EventKind::FaultStarted), told(EventKind::FaultEnded)), (0, 0));
    assert_eq!(stage.world.faults().len(), 1, "the leak that is there goes on");
}
