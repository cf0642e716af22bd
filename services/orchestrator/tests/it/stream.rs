//! `GET /api/stream` over real connections.

use std::time::Duration;

use bus::{Outgoing, subjects};
use proto::sim::v1::{MetricSnapshot, SimulationEvent, SimulationEventKind as Kind, SimulationState};
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::events::EventSource;
use crate::stack::{RUN, Stack, incident, proposal, simulated, until};

async fn happen(stack: &Stack, message: &str) {
    let event = SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick: 1,
        kind: Kind::ReplicaReady.into(),
        message: message.to_owned(),
        ..SimulationEvent::default()
    };
    stack.publish_event(&event).await;
}

#[tokio::test]
async fn a_page_gets_a_snapshot_and_then_everything_that_happens() {
    let stack = Stack::start().await;
    let engine = FakeEngine::start(&stack.bus).await;
    let waiting = stack.proposed().await;
    engine.say(true).await;
    stack.until_shown(&waiting).await;

    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    assert_eq!(page.headers["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-cache, no-transform");
    assert_eq!(page.headers["x-accel-buffering"], "no");
    let snapshot = page.next().await.unwrap();
    assert_eq!(snapshot.name, "snapshot");
    assert_eq!(snapshot.data["pendingActions"][0]["id"], waiting.id);
    assert_eq!(snapshot.data["openIncidents"][0]["id"], waiting.incident_id);

    happen(&stack, "a replica is ready").await;
    assert_eq!(page.next_named("event").await.data["message"], "a replica is ready");
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    assert_eq!(page.next_named("incident").await.data["id"], incident.id);
    let action = proposal(&incident);
    stack.publish_action(&action).await;
    let told = page.next_named("action").await;
    assert_eq!(
        (told.data["id"].as_str(), told.data["version"].as_str()),
        (Some(action.id.as_str()), Some("1"))
    );
    let snapshot = MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick: 20,
        time: Some(simulated(20)),
        shard_count: 1,
        ..MetricSnapshot::default()
    };
    let message = Outgoing::message(subjects::SIM_METRICS, "20".to_owned(), "default", &snapshot);
    stack.bus.publish(&message).await.unwrap();
    assert_eq!(page.next_named("metrics").await.data["tick"], "20");
    let heartbeat = page.next_named("heartbeat").await;
    assert!(heartbeat.id.is_none() && heartbeat.data["serverTime"].is_string());
    assert_eq!(heartbeat.data["state"]["playing"], true);
    let acknowledge = json!({ "incidentId": incident.id, "operator": "alice" });
    stack.call("ops.v1.IncidentService/Acknowledge", acknowledge).await.ok();
    let told = page.next_named("incident").await.data;
    assert_eq!(told["acknowledgedBy"], "alice");
    assert!(told["acknowledgedAt"].is_string(), "{told}");
    let note = json!({ "incidentId": incident.id, "text": "On it.", "operator": "alice" });
    let written = stack.call("ops.v1.IncidentService/AddNote", note).await.ok()["note"].clone();
    assert_eq!(page.next_named("note").await.data, written);
    let remove = json!({ "noteId": written["id"], "operator": "alice" });
    stack.call("ops.v1.IncidentService/RemoveNote", remove).await.ok();
    assert_eq!(page.next_named("note").await.data["removed"], true);

    until("the snapshot holds the topology", || async {
        let mut page = EventSource::open(stack.orchestrator.address, None).await;
        let snapshot = page.next().await.unwrap();
        (snapshot.data["topology"]["services"][0]["id"] == "checkout").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_page_that_reconnects_continues_without_gap_or_duplicate() {
    let stack = Stack::start().await;
    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    let mut last = page.next().await.unwrap().id.unwrap();
    let mut seen = Vec::new();
    for round in 0..6 {
        for number in 0..10 {
            happen(&stack, &format!("{round}/{number}")).await;
        }
        // Cut off in the middle of what there is, every time.
        for _ in 0..7 {
            let event = page.next_named("event").await;
            seen.push(event.data["message"].as_str().unwrap().to_owned());
            last = event.id.unwrap();
        }
        drop(page);
        page = EventSource::open(stack.orchestrator.address, Some(&last)).await;
    }
    while seen.len() < 60 {
        let event = page.next().await.unwrap();
        assert!(["event", "heartbeat"].contains(&event.name.as_str()), "no snapshot on a resume: {event:?}");
        if event.name == "event" {
            seen.push(event.data["message"].as_str().unwrap().to_owned());
        }
    }
    let expected: Vec<String> =
        (0..6).flat_map(|round| (0..10).map(move |number| format!("{round}/{number}"))).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_id_from_before_a_restart_leads_to_a_resync() {
    let mut stack = Stack::start().await;
    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    happen(&stack, "before").await;
    let last = page.next_named("event").await.id.unwrap();
    stack.restart_orchestrator().await;
    assert!(until_ended(&mut page).await, "the old stream ended with the process");

    for id in [last.as_str(), "nonsense", "1-1"] {
        let mut page = EventSource::open(stack.orchestrator.address, Some(id)).await;
        let resync = page.next().await.unwrap();
        assert_eq!(resync.name, "resync", "{id}");
        assert!(resync.data["reason"].as_str().unwrap().contains("snapshot"));
        assert_eq!(page.next().await.unwrap().name, "snapshot");
    }
}

async fn until_ended(page: &mut EventSource) -> bool {
    while page.next().await.is_some() {}
    true
}

#[tokio::test]
async fn fifty_pages_get_the_same_bytes() {
    let stack = Stack::start().await;
    let mut pages = Vec::new();
    for _ in 0..50 {
        let mut page = EventSource::open(stack.orchestrator.address, None).await;
        assert_eq!(page.next().await.unwrap().name, "snapshot");
        pages.push(page);
    }
    for number in 0..5 {
        happen(&stack, &format!("{number}")).await;
    }
    let mut told = Vec::new();
    for page in &mut pages {
        let mut texts = String::new();
        for _ in 0..5 {
            texts.push_str(&page.next_named("event").await.text);
        }
        told.push(texts);
    }
    assert!(told.iter().all(|texts| *texts == told[0]));
}

#[tokio::test]
async fn a_page_that_never_reads_does_not_delay_the_others() {
    let stack = Stack::start().await;
    let mut stuck = tokio::net::TcpStream::connect(stack.orchestrator.address).await.unwrap();
    stuck.write_all(b"GET /api/stream HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut first = [0; 64];
    stuck.read_exact(&mut first).await.unwrap();
    let mut page = EventSource::open(stack.orchestrator.address, None).await;
    assert_eq!(page.next().await.unwrap().name, "snapshot");

    // Far more than the sockets and the ring hold together.
    let filler = "x".repeat(60_000);
    let mut slowest = Duration::ZERO;
    for number in 0..300 {
        let began = tokio::time::Instant::now();
        happen(&stack, &format!("{number} {filler}")).await;
        let event = page.next_named("event").await;
        assert!(event.data["message"].as_str().unwrap().starts_with(&format!("{number} ")));
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "slowest delivery {slowest:?}");

    // When it reads at last it is told that it missed something.
    let mut text = Vec::new();
    let found = tokio::time::timeout(crate::stack::PATIENCE, async {
        let mut chunk = vec![0; 1 << 20];
        loop {
            let read = stuck.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the stream ended");
            text.extend_from_slice(&chunk[..read]);
            if text.windows(13).any(|window| window == b"event: resync") {
                return;
            }
        }
    });
    found.await.expect("a resync for the slow page");
}

#[tokio::test]
async fn open_streams_do_not_hold_up_the_end() {
    let mut stack = Stack::start().await;
    let mut pages = Vec::new();
    for _ in 0..10 {
        pages.push(EventSource::open(stack.orchestrator.address, None).await);
    }
    let took = stack.orchestrator.stop().await;
    assert!(took < Duration::from_secs(5), "the end took {took:?}");
    for page in &mut pages {
        assert_eq!(page.status, StatusCode::OK);
        assert!(until_ended(page).await);
    }
}

#[tokio::test]
async fn nothing_of_one_simulation_shows_in_the_stream_of_another() {
    let stack = Stack::start().await;
    let address = stack.orchestrator.address;
    assert_eq!(EventSource::of("other", address, None).await.status, StatusCode::NOT_FOUND);
    let heard = SimulationState {
        simulation_id: "other".to_owned(),
        run_id: Uuid::from_u128(9).to_string(),
        tick: 77,
        ..SimulationState::default()
    };
    let beat = || async {
        let payload = prost::Message::encode_to_vec(&heard);
        stack.bus.client().publish(subjects::SIM_STATE, payload.into()).await.unwrap();
    };
    let mut other = until("the simulation was heard of", || async {
        beat().await;
        let page = EventSource::of("other", address, None).await;
        (page.status == StatusCode::OK).then_some(page)
    })
    .await;
    let mut default = EventSource::open(address, None).await;
    let snapshot = other.next().await.unwrap();
    assert_eq!((snapshot.name.as_str(), &snapshot.data["state"]["tick"]), ("snapshot", &json!("77")));
    assert_eq!(default.next().await.unwrap().data["state"], serde_json::Value::Null);

    for (simulation, message) in [("other", "theirs"), ("default", "ours"), ("other", "theirs again")] {
        let event = SimulationEvent {
            id: Uuid::new_v4().to_string(),
            simulation_id: simulation.to_owned(),
            run_id: heard.run_id.clone(),
            kind: Kind::ReplicaReady.into(),
            message: message.to_owned(),
            ..SimulationEvent::default()
        };
        stack.publish_event(&event).await;
    }
    let mut of_theirs = incident(Uuid::new_v4());
    of_theirs.simulation_id = "other".to_owned();
    stack.publish_incident(&of_theirs).await;
    assert_eq!(other.next_named("event").await.data["message"], "theirs");
    let id = other.next_named("event").await.id.unwrap();
    assert_eq!(other.next_named("incident").await.data["id"], of_theirs.id);
    assert_eq!(default.next_named("event").await.data["message"], "ours");
    happen(&stack, "ours again").await;
    loop {
        let next = default.next().await.unwrap();
        assert!(["heartbeat", "event"].contains(&next.name.as_str()), "{next:?}");
        if next.name == "event" {
            assert_eq!(next.data["message"], "ours again");
            break;
        }
    }
    let mut wrong = EventSource::open(address, Some(&id)).await;
    assert_eq!(wrong.next().await.unwrap().name, "resync", "an id of one stream is none of another");

    let deleted = SimulationEvent {
        id: Uuid::new_v4().to_string(),
        simulation_id: "other".to_owned(),
        run_id: heard.run_id.clone(),
        kind: Kind::SimulationDeleted.into(),
        ..SimulationEvent::default()
    };
    stack.publish_event(&deleted).await;
    assert!(until_ended(&mut other).await, "the stream ends with its simulation");
    beat().await;
    assert_eq!(EventSource::of("other", address, None).await.status, StatusCode::NOT_FOUND);
}
