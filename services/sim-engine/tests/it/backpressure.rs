//! A consumer of telemetry that falls behind costs speed, never samples.

use bus::async_nats::jetstream::consumer::{AckPolicy, pull};
use futures::StreamExt as _;

use crate::engine::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_slows_down_with_its_consumer_and_recovers_with_it() {
    let cloud = Cloud::start().await;
    let stream = cloud.bus.jetstream().get_stream("SIM_METRICS").await.unwrap();
    let config = pull::Config {
        durable_name: Some("signal-service".to_owned()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: 10_000,
        ..Default::default()
    };
    let consumer = stream.get_or_create_consumer("signal-service", config).await.unwrap();
    let engine = cloud.engine().playing("1000").start().await;

    let slowed = engine
        .wait_until("less speed", |state| {
            state.telemetry_lag_messages > 250 && state.speed_limit_reason.contains("signal-service")
        })
        .await;
    assert!((slowed.speed - 1000.0).abs() < f64::EPSILON, "what was asked for stays");
    let held = engine.wait_until("a hold", |state| state.telemetry_lag_messages >= 900).await;
    // Between two looks at the consumer it may go on a little; not by much.
    let later = engine.wait_until("the same", |state| state.telemetry_lag_messages >= 900).await;
    assert!(later.telemetry_lag_messages < 2_000, "{later:?}");

    let mut taken = 0_u64;
    let mut messages = consumer.messages().await.unwrap();
    while taken < 5_000 {
        let message = messages.next().await.unwrap().unwrap();
        taken += 1;
        let sample =
            <proto::sim::v1::MetricSnapshot as prost::Message>::decode(message.payload.clone()).unwrap();
        assert_eq!(sample.tick, taken * 20, "nothing is dropped");
        message.ack().await.unwrap();
    }
    engine
        .wait_until("recovery", |state| {
            state.tick > held.tick + 20_000 && !state.speed_limit_reason.contains("NATS")
        })
        .await;
}
