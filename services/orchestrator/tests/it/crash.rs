//! The program itself: killed at the worst moment, told to end, misconfigured.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use backing::process::{Process, ProcessSpec, Stopped};
use bus::{Outgoing, subjects};
use proto::ops::v1::ApplyActionCommand;
use serde_json::json;
use uuid::Uuid;

use crate::stack::{
    PATIENCE, Servers, call, client, hold_the_relay, incident, proposal, store_incident, stored, until,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_orchestrator");

async fn spawn(servers: &Servers, address: SocketAddr) -> Process {
    let spec = ProcessSpec::new("orchestrator", PROGRAM)
        .env("ADDR", address.to_string())
        .env("NATS_URL", servers.nats.url())
        .env("DB_HOST", "127.0.0.1")
        .env("DB_PORT", servers.postgres.port().to_string())
        .env("DB_NAME", servers.postgres.dbname())
        .env("DB_USER", servers.postgres.user())
        .env("DB_PASSWORD", servers.postgres.password());
    let child = Process::spawn(&spec).await.unwrap();
    let http = client();
    until("the child is ready", || async {
        let answer = http.get(format!("http://{address}/readyz")).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    child
}

#[tokio::test]
async fn killed_between_the_commit_and_the_publish_the_command_is_still_published_once() {
    let mut servers = Servers::start().await;
    let address = SocketAddr::from(([127, 0, 0, 1], backing::free_port().unwrap()));
    let mut child = spawn(&servers, address).await;
    let incident = incident(Uuid::new_v4());
    store_incident(&servers.store, &incident).await;
    let action = proposal(&incident);
    let message = Outgoing::message(subjects::OPS_ACTIONS, format!("{}:0", action.id), "default", &action);
    servers.bus.publish(&message).await.unwrap();
    let http = client();
    until("the proposal is recorded and its version is published", || async {
        let body = json!({ "actionId": action.id });
        let answer = call(&http, address, "ops.v1.ActionService/GetAction", body).await;
        let mut conn = servers.store.acquire().await.unwrap();
        let waiting = store::outbox::backlog(&mut conn, "orchestrator").await.unwrap();
        (answer.status.is_success() && waiting == 0).then_some(())
    })
    .await;

    // Another relay has the outbox: the kill falls between commit and publish.
    let held = hold_the_relay(&servers.store).await;
    let body = json!({ "actionId": action.id, "operator": "alice", "idempotencyKey": "k" });
    call(&http, address, "ops.v1.ActionService/ApproveAction", body.clone()).await.ok();
    child.kill().await.unwrap();
    drop(held);

    let mut child = spawn(&servers, address).await;
    let again = call(&client(), address, "ops.v1.ActionService/ApproveAction", body).await.ok();
    assert_eq!(again["action"]["status"], "ACTION_STATUS_APPROVED");
    until("the outbox is empty", || async {
        let mut conn = servers.store.acquire().await.unwrap();
        (store::outbox::backlog(&mut conn, "orchestrator").await.unwrap() == 0).then_some(())
    })
    .await;
    let commands: Vec<ApplyActionCommand> = stored(&servers.bus, bus::streams::OPS_COMMANDS).await;
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].action_id, action.id);
    assert!(
        matches!(child.stop(Duration::from_secs(5)).await, Ok(Stopped::InTime(status)) if status.success())
    );
    servers.nats.stop().await.unwrap();
}

#[test]
fn mistakes_in_the_environment_are_named_all_at_once() {
    let output = Command::new(PROGRAM)
        .env("ADDR", "nowhere")
        .env("DB_PORT", "many")
        .env("ACTION_TTL_S", "0")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    for name in ["ADDR", "DB_PORT", "ACTION_TTL_S"] {
        assert!(text.contains(name), "{text}");
    }
    let help = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("COMMAND_TTL_S"));
}

#[test]
fn a_taken_port_is_named_before_anything_is_waited_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let began = std::time::Instant::now();
    let output = Command::new(PROGRAM)
        .env("ADDR", taken.local_addr().unwrap().to_string())
        .env("NATS_URL", "nats://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = [output.stdout, output.stderr].concat();
    assert!(
        String::from_utf8_lossy(&text).contains("cannot listen on"),
        "{}",
        String::from_utf8_lossy(&text)
    );
    assert!(began.elapsed() < PATIENCE);
}
