//! A scenario that begins later: what happens, and what traffic does, is put off, so that detectors have seen what is usual.

use std::sync::Arc;

use sim::Scenario;
use sim::traffic::Shape;

/// The scenario with so many simulated seconds before it, in which traffic is as at its beginning and nothing happens. Rhythms, bursts and
/// traces go on as they do.
pub(super) fn put_off(scenario: &Arc<Scenario>, by_s: f64) -> Arc<Scenario> {
    if by_s <= 0.0 {
        return scenario.clone();
    }
    let mut later = Scenario::clone(scenario);
    for entry in &mut later.timeline {
        entry.at_s += by_s;
    }
    for shape in later.traffic.iter_mut().flat_map(|traffic| &mut traffic.shapes) {
        if let Shape::Ramp { start_s, .. } | Shape::Spike { start_s, .. } = shape {
            *start_s += by_s;
        }
    }
    later.truth.onset_s = later.truth.onset_s.map(|onset_s| onset_s + by_s);
    Arc::new(later)
}
