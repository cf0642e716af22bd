//! What users get, read from a sample.

use proto::sim::v1::{MetricSnapshot, Topology};
use remedy::verification::Experience;

/// Takes in what was measured at the doors.
pub(super) fn see(users: &mut Experience, snapshot: &MetricSnapshot, topology: &Topology) {
    let Some(services) = &snapshot.services else { return };
    let column = |name: &str| services.columns.iter().find(|column| column.metric == name);
    let columns = ["request_rate", "error_rate", "latency_p99"].map(column);
    for (row, id) in services.ids.iter().enumerate() {
        if topology.services.iter().any(|service| service.door && service.id == *id) {
            let [rate, error, p99] = columns.map(|column| {
                let value = column.and_then(|column| column.values.get(row));
                value.map_or(f64::NAN, |value| f64::from(*value))
            });
            users.see(snapshot.tick, rate, error, p99);
        }
    }
}
