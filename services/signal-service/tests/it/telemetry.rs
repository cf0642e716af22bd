//! A small made-up cloud: five services and two nodes, with trouble at known times.

use chrono::DateTime;
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};
use uuid::Uuid;

pub(crate) const SERVICES: [&str; 5] = ["cart", "catalog", "checkout", "gateway", "payment"];
const NODES: [&str; 2] = ["node-a1", "node-b1"];
const TICKS_PER_SAMPLE: u64 = 20;

/// One run of the cloud, from a start time on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) id: Uuid,
    pub(crate) start_s: i64,
}

pub(crate) fn run(number: u128) -> Run {
    let start_s = 1_760_000_000 + i64::try_from(number).unwrap() * 100_000;
    Run { id: Uuid::from_u128(0xfeed_0000 + number), start_s }
}

impl Run {
    /// The sample at this second of the run.
    pub(crate) fn at(&self, second: u64) -> MetricSnapshot {
        let second_f = second as f32;
        let calm = |value: f32| value + (second_f * 0.7) % 2.0 - 1.0;
        let checkout_errors = match second % 120 {
            20..35 => 7.0,
            35..50 => 40.0,
            // Not measured in the middle of the trouble.
            50..53 => f32::NAN,
            53..60 => 20.0,
            _ => 0.5,
        };
        let payment_latency = if (70..95).contains(&(second % 150)) { 900.0 } else { calm(40.0) };
        let node_cpu = if (second / 30) % 3 == 2 { 97.0 } else { calm(50.0) };
        let errors = SERVICES.map(|service| if service == "checkout" { checkout_errors } else { 0.1 });
        let latencies =
            SERVICES.map(|service| if service == "payment" { payment_latency } else { calm(25.0) });
        MetricSnapshot {
            simulation_id: "default".into(),
            run_id: self.id.to_string(),
            tick: second * TICKS_PER_SAMPLE,
            time: DateTime::from_timestamp(self.start_s + second.cast_signed(), 123_456_789).map(Into::into),
            shard: 0,
            shard_count: 1,
            sample_interval_ms: 1_000,
            services: Some(entities(
                &SERVICES,
                [
                    ("error_rate", errors.to_vec()),
                    ("latency_p99", latencies.to_vec()),
                    ("cpu_usage", vec![calm(30.0); 5]),
                ],
            )),
            nodes: Some(entities(
                &NODES,
                [("cpu_usage", vec![node_cpu, calm(20.0)]), ("memory_usage", vec![40.0; 2])],
            )),
            scenario: "test".into(),
            deleted: false,
            map: None,
        }
    }
}

fn entities<const N: usize>(ids: &[&str], columns: [(&str, Vec<f32>); N]) -> EntityColumns {
    EntityColumns {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        versions: vec![1; ids.len()],
        columns: columns
            .into_iter()
            .map(|(metric, values)| MetricColumn { metric: metric.into(), values })
            .collect(),
    }
}

/// Values that were measured: one row each.
pub(crate) fn rows(snapshot: &MetricSnapshot) -> i64 {
    let entities = snapshot.services.iter().chain(&snapshot.nodes);
    let values = entities.flat_map(|entities| &entities.columns).flat_map(|column| &column.values);
    i64::try_from(values.filter(|value| value.is_finite()).count()).unwrap()
}
