//! What statistics tell does not depend on when signal-service was killed, either.

use chrono::DateTime;
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};

use crate::stack::Stack;
use crate::telemetry::{Run, run};

/// Simulated seconds between two samples.
const INTERVAL_S: u64 = 10;
/// Forty minutes: two quarters of an hour after which what was learnt is kept, and trouble in the last minutes.
const SAMPLES: u64 = 240;

/// A service that is well for half an hour, then slow for five minutes; and a disk that fills.
fn at(run: &Run, sample: u64) -> MetricSnapshot {
    let second = sample * INTERVAL_S;
    let unrest = (sample * 37 % 19) as f32;
    let latency = if (180..210).contains(&sample) { 320.0 } else { 100.0 } + unrest;
    let column = |metric: &str, value: f32| MetricColumn { metric: metric.into(), values: vec![value] };
    MetricSnapshot {
        simulation_id: "default".into(),
        run_id: run.id.to_string(),
        tick: second * 20,
        time: DateTime::from_timestamp(run.start_s + second.cast_signed(), 0).map(Into::into),
        shard_count: 1,
        sample_interval_ms: 10_000,
        services: Some(EntityColumns {
            ids: vec!["orders-db".into()],
            versions: vec![1],
            columns: vec![
                column("latency_p99", latency),
                column("disk_usage", 50.0 + 0.1 * sample as f32 + unrest / 100.0),
            ],
        }),
        ..MetricSnapshot::default()
    }
}

#[tokio::test]
async fn killing_the_service_changes_neither_anomalies_nor_forecasts() {
    let (undisturbed, mut disturbed) = tokio::join!(Stack::start(), Stack::start());
    let run = run(1);
    for sample in 0..SAMPLES {
        undisturbed.publish(&at(&run, sample)).await;
        disturbed.publish(&at(&run, sample)).await;
        // Before anything was kept, shortly after it was, and in the middle of the trouble.
        if [70, 92, 183].contains(&sample) {
            disturbed.until_stored(run.id, (sample * INTERVAL_S * 20).cast_signed()).await;
            disturbed.kill_service().await;
            disturbed.start_service().await;
        }
    }
    for stack in [&undisturbed, &disturbed] {
        stack.until_stored(run.id, ((SAMPLES - 1) * INTERVAL_S * 20).cast_signed()).await;
        assert_eq!(stack.count("select count(*) from anomalies where metric_name = 'latency_p99'").await, 1);
        assert!(stack.count("select count(*) from forecasts where metric_name = 'disk_usage'").await >= 9);
        assert!(stack.count("select tick from statistics_memory").await > 0);
    }
    let incidents = undisturbed.incidents().await;
    assert!(incidents.iter().any(|incident| incident.contains("anomaly")), "{incidents:#?}");
    assert_eq!(disturbed.incidents().await, incidents);
    for table in [
        "select md5(string_agg(a::text, '|' order by a::text)) from anomalies a",
        "select md5(string_agg(f::text, '|' order by f::text)) from forecasts f",
        "select md5(state::text) from statistics_memory",
    ] {
        assert_eq!(text(&disturbed, table).await, text(&undisturbed, table).await, "{table}");
    }
}

async fn text(stack: &Stack, query: &'static str) -> String {
    sqlx::query_scalar(query).fetch_one(&stack.sql).await.unwrap()
}
