use std::time::Duration;

use bus::async_nats;
use bus::{CallError, Calls, code, subjects};
use bytes::Bytes;
use futures::StreamExt as _;
use prost::Message as _;
use proto::common::v1::Target;

use crate::rig::{Rig, until};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Answers a target with its id in capitals, or refuses it.
#[derive(Clone)]
struct Capitals;

impl Calls for Capitals {
    async fn call(&self, method: &str, payload: Bytes) -> Result<Bytes, CallError> {
        if method == "Sleep" {
            std::future::pending::<()>().await;
        }
        let target = Target::decode(payload)
            .map_err(|error| CallError::new(code::INVALID_ARGUMENT, format!("not a target: {error}")))?;
        if target.id.is_empty() {
            return Err(CallError::new(code::NOT_FOUND, "there is no such target:\nname one"));
        }
        Ok(Target { id: target.id.to_uppercase(), ..target }.encode_to_vec().into())
    }
}

async fn serving(rig: &Rig) {
    let (bus, token) = (rig.bus.clone(), rig.token.clone());
    tokio::spawn(async move {
        bus.serve_calls("capitals", "1.0.0", subjects::SIM_CONTROL, &["Shout", "Sleep"], Capitals, token)
            .await
            .unwrap();
    });
    until("the service answers", async || call(rig, "Shout", "x", TIMEOUT).await.is_ok()).await;
}

async fn call(rig: &Rig, method: &str, id: &str, timeout: Duration) -> Result<Target, CallError> {
    let request = Target { kind: 1, id: id.to_owned() };
    rig.bus.call(&subjects::sim_control(method), &request, timeout).await
}

#[tokio::test]
async fn a_call_is_answered() {
    let rig = Rig::start().await;
    serving(&rig).await;
    assert_eq!(call(&rig, "Shout", "checkout", TIMEOUT).await.unwrap().id, "CHECKOUT");
}

#[tokio::test]
async fn many_calls_are_answered_at_once() {
    let rig = Rig::start().await;
    serving(&rig).await;
    // One that never ends must not keep the others waiting.
    let bus = rig.bus.clone();
    tokio::spawn(async move { bus.call_raw("sim.control.Sleep", Bytes::new(), TIMEOUT).await });
    let answers = futures::stream::iter(0..200)
        .map(|n| {
            let rig = &rig;
            async move { call(rig, "Shout", &format!("t{n}"), TIMEOUT).await.unwrap().id }
        })
        .buffered(100)
        .collect::<Vec<_>>()
        .await;
    assert_eq!(answers[199], "T199");
}

#[tokio::test]
async fn a_refusal_carries_its_code_and_sentence() {
    let rig = Rig::start().await;
    serving(&rig).await;
    let error = call(&rig, "Shout", "", TIMEOUT).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code::NOT_FOUND, "there is no such target: name one"));
    let garbage = rig.bus.call_raw("sim.control.Shout", vec![0xff; 4].into(), TIMEOUT).await.unwrap_err();
    assert_eq!(garbage.code, code::INVALID_ARGUMENT);
}

#[tokio::test]
async fn nobody_there_is_unavailable_at_once() {
    let rig = Rig::start().await;
    let error = call(&rig, "Shout", "x", Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.code, code::UNAVAILABLE);
}

#[tokio::test]
async fn silence_is_a_deadline() {
    let rig = Rig::start().await;
    serving(&rig).await;
    let error = call(&rig, "Sleep", "x", Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.code, code::DEADLINE_EXCEEDED);
}

#[tokio::test]
async fn calls_are_answered_again_after_a_restart_of_the_server() {
    let mut rig = Rig::start().await;
    serving(&rig).await;
    rig.server.kill().await.unwrap();
    rig.server.restart().await.unwrap();
    until("the service answers again", async || {
        call(&rig, "Shout", "x", Duration::from_secs(1)).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn the_service_is_listed_for_any_nats_client() {
    let rig = Rig::start().await;
    serving(&rig).await;
    let request = async_nats::Request::new().timeout(Some(TIMEOUT));
    let info = rig.bus.client().send_request("$SRV.INFO.capitals", request).await.unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info.payload).unwrap();
    let subjects: Vec<_> = info["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["subject"].as_str().unwrap())
        .collect();
    assert!(subjects.contains(&"sim.control.Shout"), "{info}");
}
