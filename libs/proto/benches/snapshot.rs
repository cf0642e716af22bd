//! What a snapshot costs on the wire: 20 000 values written to bytes and read again, and the bytes a value.

#![allow(clippy::print_stdout, clippy::expect_used, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use prost::Message as _;
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};

const METRICS: usize = 13;
const VALUES: usize = 20_000;
const ROUNDS: usize = 200;

fn snapshot() -> MetricSnapshot {
    let services = VALUES.div_ceil(METRICS);
    let column = |metric: usize| MetricColumn {
        metric: format!("metric_{metric}"),
        values: (0..services).map(|service| (service * METRICS + metric) as f32 * 0.37).collect(),
    };
    MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: "018f6b1a-8f1e-7000-8000-000000000001".to_owned(),
        tick: 12_000,
        services: Some(EntityColumns {
            ids: (0..services).map(|service| format!("service-{service}")).collect(),
            versions: vec![1; services],
            columns: (0..METRICS).map(column).collect(),
        }),
        ..MetricSnapshot::default()
    }
}

fn main() {
    let snapshot = snapshot();
    let mut bytes = Vec::new();
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let watch = Instant::now();
            bytes.clear();
            snapshot.encode(&mut bytes).expect("a vector takes all there is");
            let read = MetricSnapshot::decode(bytes.as_slice()).expect("what was just written");
            black_box(read);
            watch.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let milliseconds = seconds[ROUNDS / 2] * 1e3;
    println!(
        "snapshot: {VALUES} values encoded and decoded in {milliseconds:.3} ms, {:.1} bytes a value with ids",
        bytes.len() as f64 / VALUES as f64
    );
}
