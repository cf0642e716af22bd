use bus::async_nats::jetstream::stream::{DiscardPolicy, PersistenceMode};
use bus::streams;

use crate::rig::{Rig, incident};

#[tokio::test]
async fn provisioning_twice_changes_nothing() {
    let rig = Rig::start().await;
    rig.bus.publish(&incident("kept")).await.unwrap();
    let before = rig.bus.jetstream().get_stream(streams::OPS_INCIDENTS).await.unwrap().cached_info().clone();
    rig.bus.provision().await.unwrap();
    let after = rig.bus.jetstream().get_stream(streams::OPS_INCIDENTS).await.unwrap().cached_info().clone();
    assert_eq!(before.config, after.config);
    assert_eq!(before.created, after.created);
    assert_eq!(after.state.messages, 1);
}

#[tokio::test]
async fn the_server_took_the_settings_that_matter() {
    let rig = Rig::start().await;
    let config =
        async |name: &str| rig.bus.jetstream().get_stream(name).await.unwrap().cached_info().config.clone();
    let metrics = config(streams::SIM_METRICS).await;
    assert_eq!(metrics.persist_mode, Some(PersistenceMode::Async));
    assert_eq!((metrics.max_age.as_secs(), metrics.max_bytes), (3_600, 1 << 30));
    assert_eq!(metrics.discard, DiscardPolicy::Old);
    for name in [streams::OPS_INCIDENTS, streams::OPS_ACTIONS, streams::OPS_COMMANDS] {
        let ops = config(name).await;
        assert_ne!(ops.persist_mode, Some(PersistenceMode::Async), "{name}");
        assert_eq!(ops.discard, DiscardPolicy::New, "{name}");
        assert_eq!(ops.max_age.as_secs(), 30 * 24 * 3_600, "{name}");
        assert_eq!(ops.duplicate_window.as_secs(), 120, "{name}");
        assert!(ops.deny_delete && ops.deny_purge, "{name}");
    }
}

#[tokio::test]
async fn a_setting_that_somebody_changed_is_corrected() {
    let rig = Rig::start().await;
    let js = rig.bus.jetstream();
    let mut config = js.get_stream(streams::SIM_METRICS).await.unwrap().cached_info().config.clone();
    config.max_bytes = 1 << 20;
    js.update_stream(config).await.unwrap();
    rig.bus.provision().await.unwrap();
    let corrected = js.get_stream(streams::SIM_METRICS).await.unwrap().cached_info().config.max_bytes;
    assert_eq!(corrected, 1 << 30);
}

#[tokio::test]
async fn history_cannot_be_purged() {
    let rig = Rig::start().await;
    rig.bus.publish(&incident("kept")).await.unwrap();
    let stream = rig.bus.jetstream().get_stream(streams::OPS_INCIDENTS).await.unwrap();
    assert!(stream.purge().await.is_err());
    assert!(stream.delete_message(1).await.is_err());
    assert_eq!(rig.stored().await, 1);
}
