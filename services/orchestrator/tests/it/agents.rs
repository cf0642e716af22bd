//! Agents of others: who they are, what they see, and what is refused of what they propose, by either door.

use bus::{Outgoing, subjects};
use futures::{StreamExt as _, stream};
use proto::ops::v1::{Action, Incident, IncidentTransition};
use proto::sim::v1::{EntityColumns, MetricColumn, MetricSnapshot};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::FakeEngine;
use crate::stack::{
    Answer, PATIENCE, RUN, Stack, incident, last_sequence, proposal, resolved, simulated, until,
};

const SERVICE: &str = "ops.v1.AgentService";

/// An agent with its token.
struct Agent<'a> {
    stack: &'a Stack,
    name: &'static str,
    token: String,
}

impl<'a> Agent<'a> {
    async fn register(stack: &'a Stack, name: &'static str) -> Self {
        let card = json!({ "name": name, "description": "a test", "version": "1.0" });
        let answer = stack.call(&format!("{SERVICE}/RegisterAgent"), card).await.ok();
        Self { stack, name, token: answer["token"].as_str().unwrap().to_owned() }
    }

    fn request(&self, method: &str, body: &Value) -> reqwest::RequestBuilder {
        let url = self.stack.url(&format!("/{SERVICE}/{method}"));
        self.stack.http.post(url).bearer_auth(&self.token).json(body)
    }

    async fn call(&self, method: &str, body: Value) -> Answer {
        let answer = self.request(method, &body).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json().await.unwrap());
        Answer { status, body }
    }

    async fn propose(&self, body: Value) -> Answer {
        self.call("Propose", body).await
    }

    /// A proposal as it would publish it itself.
    fn message(&self, incident: &Incident) -> Action {
        Action { proposed_by: self.name.to_owned(), ..proposal(incident) }
    }
}

fn scale_up(incident: &Incident) -> Value {
    json!({
        "incidentId": incident.id, "type": "ACTION_TYPE_SCALE_UP", "targetId": "checkout", "replicas": 2,
        "reason": "CPU 93 %"
    })
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

async fn open_incident(stack: &Stack) -> Incident {
    let incident = incident(Uuid::new_v4());
    stack.publish_incident(&incident).await;
    incident
}

async fn dead_letters(stack: &Stack) -> u64 {
    last_sequence(&stack.bus, bus::streams::DLQ).await
}

async fn count(stack: &Stack, verb: &str, actor: &str) -> i64 {
    let mut conn = stack.store.acquire().await.unwrap();
    sqlx::query_scalar("select count(*) from audit where action = $1 and actor = $2")
        .bind(verb)
        .bind(actor)
        .fetch_one(&mut *conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_name_is_given_once_and_its_token_is_shown_once() {
    let stack = Stack::start().await;
    let register = format!("{SERVICE}/RegisterAgent");
    let mut agent = Agent::register(&stack, "healer").await;
    let again = json!({ "name": "healer", "description": "somebody else" });

    assert!(stack.call(&register, again.clone()).await.error("already_exists").contains("its token"));
    for taken in ["agent-service", "orchestrator", "unregistered"] {
        let card = json!({ "name": taken, "description": "an impostor" });
        stack.call(&register, card).await.error("already_exists");
    }
    for bad in ["", "Healer", "a b", "*", "a/b"] {
        let card = json!({ "name": bad, "description": "d" });
        stack.call(&register, card).await.error("invalid_argument");
    }

    let old = agent.token.clone();
    agent.token = agent.call("RegisterAgent", again).await.ok()["token"].as_str().unwrap().to_owned();
    assert_ne!(agent.token, old);
    agent.call("Observe", json!({})).await.ok();
    let replaced = Agent { stack: &stack, name: "healer", token: old };
    replaced.call("Observe", json!({})).await.error("unauthenticated");

    let listed = stack.call(&format!("{SERVICE}/ListAgents"), json!({})).await.ok();
    let names: Vec<&str> =
        listed["agents"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["agent-service", "healer"]);
    assert_eq!(listed["agents"][1]["description"], "somebody else");
    assert!(!listed.to_string().contains(&agent.token), "a token is never told again");
    assert_eq!(stack.audit("agents/healer").await, ["agent.register", "agent.renew"]);
}

#[tokio::test]
async fn a_retired_agent_may_do_nothing_and_its_name_stays_its_own() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let (agent, other) = (Agent::register(&stack, "healer").await, Agent::register(&stack, "other").await);
    let incident = open_incident(&stack).await;

    other.call("RetireAgent", json!({ "name": "healer" })).await.error("permission_denied");
    let retire = format!("{SERVICE}/RetireAgent");
    let wish = json!({ "name": "healer", "operator": "ana", "reason": "harmful" });
    let ended = stack.call(&retire, wish).await.ok();
    assert_eq!(ended["agent"]["retiredBy"], "ana");
    stack.call(&retire, json!({ "name": "healer", "operator": "ben" })).await.ok();
    stack
        .call(&retire, json!({ "name": "agent-service", "operator": "ana" }))
        .await
        .error("failed_precondition");
    stack.call(&retire, json!({ "name": "nobody", "operator": "ana" })).await.error("not_found");

    agent.propose(scale_up(&incident)).await.error("unauthenticated");
    let by_bus = agent.message(&incident);
    stack.publish_action(&by_bus).await;
    until("it is refused on the bus, too", || async { (dead_letters(&stack).await == 1).then_some(()) })
        .await;
    assert_eq!(stack.audit(&by_bus.id).await, ["action.propose.refused"]);
    let card = json!({ "name": "healer", "description": "d" });
    assert!(agent.call("RegisterAgent", card).await.error("already_exists").contains("ana"));
    assert_eq!(stack.audit("agents/healer").await, ["agent.register", "agent.retire"]);
}

#[tokio::test]
async fn an_agent_observes_what_an_operator_could_see_and_nothing_more() {
    let stack = Stack::start().await;
    let engine = FakeEngine::start(&stack.bus).await;
    let agent = Agent::register(&stack, "healer").await;
    stack.call(&format!("{SERVICE}/Observe"), json!({})).await.error("unauthenticated");
    let incident = open_incident(&stack).await;
    engine.say(true).await;
    let column = |metric: &str, value| MetricColumn { metric: metric.to_owned(), values: vec![value] };
    let snapshot = MetricSnapshot {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        tick: 1_000,
        time: Some(simulated(1_000)),
        shard_count: 1,
        scenario: "cascade_failure".to_owned(),
        services: Some(EntityColumns {
            ids: vec!["checkout".to_owned()],
            versions: vec![3],
            columns: vec![column("cpu_usage", 93.5), column("queue_depth", f32::NAN)],
        }),
        ..MetricSnapshot::default()
    };
    let message = Outgoing::message(subjects::SIM_METRICS, format!("{RUN}:1000:0"), "default", &snapshot);
    stack.bus.publish(&message).await.unwrap();

    let seen = until("the sample, the topology and the incident are there", || async {
        let seen = agent.call("Observe", json!({})).await.ok()["observation"].clone();
        let complete = seen["services"]["checkout"].is_object() && seen["topology"]["services"].is_array();
        (complete && seen["incidents"][0]["id"] == incident.id).then_some(seen)
    })
    .await;

    assert_eq!(seen["runId"], RUN.to_string());
    assert_eq!(
        seen["services"]["checkout"]["values"],
        json!({ "cpu_usage": 93.5 }),
        "not measured is not there"
    );
    assert_eq!(seen["topology"]["services"][0]["version"], "3");
    let text = seen.to_string().to_lowercase();
    for hidden in ["cascade", "scenario", "seed", "faults", "shop"] {
        assert!(!text.contains(hidden), "{hidden} is nothing that an operator sees of a real cloud: {text}");
    }
}

#[tokio::test]
async fn what_a_proposal_leaves_out_comes_from_the_present_and_it_is_recorded_once() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let agent = Agent::register(&stack, "healer").await;
    let incident = open_incident(&stack).await;
    let wish = with(scale_up(&incident), "idempotencyKey", "k-1");

    let action = agent.propose(wish.clone()).await.ok()["action"].clone();

    assert_eq!(action["status"], "ACTION_STATUS_PROPOSED");
    assert_eq!((&action["version"], &action["targetVersion"]), (&json!("1"), &json!("3")));
    assert_eq!((&action["proposedBy"], &action["proposedAtTick"]), (&json!("healer"), &json!("1000")));
    assert_eq!(action["runId"], RUN.to_string());

    assert_eq!(agent.propose(wish.clone()).await.ok()["action"], action, "the same key, the same answer");
    assert_eq!(
        agent.propose(scale_up(&incident)).await.ok()["action"]["id"],
        action["id"],
        "what is under way"
    );
    let other_body = with(wish, "replicas", 3);
    assert!(agent.propose(other_body).await.error("invalid_argument").contains("idempotency_key"));
    let id = action["id"].as_str().unwrap();
    assert_eq!(stack.audit(id).await, ["action.propose"]);
    let told = until("it is told to everyone", || async {
        let all: Vec<Action> = stack.stored(bus::streams::OPS_ACTIONS).await;
        (!all.is_empty()).then_some(all)
    })
    .await;
    assert_eq!(told.iter().map(|told| (told.id.as_str(), told.version)).collect::<Vec<_>>(), [(id, 1)]);

    // Decided against, it may be proposed again: as another attempt.
    let no = json!({ "actionId": id, "operator": "ana", "reason": "not now" });
    stack.call("ops.v1.ActionService/RejectAction", no).await.ok();
    let second = agent.propose(scale_up(&incident)).await.ok()["action"].clone();
    assert_eq!(second["attempt"], 2);
    assert_ne!(second["id"], action["id"]);
}

#[tokio::test]
async fn proposals_that_make_no_sense_are_refused_with_what_to_do_and_audited_under_the_name_of_their_agent()
{
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let agent = Agent::register(&stack, "healer").await;
    let open = open_incident(&stack).await;
    let over = incident(Uuid::new_v4());
    stack.publish_incident(&resolved(&over)).await;
    let earlier_run = Incident { run_id: Uuid::new_v4().to_string(), ..incident(Uuid::new_v4()) };
    stack.publish_incident(&earlier_run).await;
    let unknown = incident(Uuid::new_v4());

    let good = scale_up(&open);
    let refusals = [
        (with(good.clone(), "targetId", ""), "invalid_argument", "wildcard targets are refused"),
        (with(good.clone(), "targetId", "*"), "invalid_argument", "wildcard targets are refused"),
        (
            with(good.clone(), "targetId", "x".repeat(10_000)),
            "invalid_argument",
            "exactly one service or node",
        ),
        (with(good.clone(), "targetId", "no-such"), "not_found", "is no service of the running topology"),
        (with(good.clone(), "type", "ACTION_TYPE_DRAIN_NODE"), "invalid_argument", "replicas is 2"),
        (with(good.clone(), "type", 0), "invalid_argument", "type 0 is unknown"),
        (with(good.clone(), "replicas", 101), "invalid_argument", "1 to 100"),
        (with(good.clone(), "reason", "x".repeat(2_001)), "invalid_argument", "reason must be 1 to 2000"),
        (with(good.clone(), "incidentId", "x"), "invalid_argument", "incident_id must be a UUID"),
        (with(good.clone(), "tick", "5000"), "invalid_argument", "has not come yet"),
        (with(good.clone(), "expectedTargetVersion", "2"), "failed_precondition", "at version 3, not 2"),
        (with(good.clone(), "idempotencyKey", "x".repeat(129)), "invalid_argument", "at most 128 bytes"),
        (scale_up(&unknown), "not_found", "is unknown"),
        (scale_up(&over), "failed_precondition", "is over (metric clear for 10 s)"),
        (scale_up(&earlier_run), "failed_precondition", "a run that has ended"),
    ];
    let number = i64::try_from(refusals.len()).unwrap();
    for (body, code, told) in refusals {
        let message = agent.propose(body.clone()).await.error(code);
        assert!(message.contains(told), "{body}: {message}");
    }
    assert_eq!(count(&stack, "action.propose.refused", "healer").await, number);

    let stranger = Agent { token: "mca_0000".to_owned(), ..Agent::register(&stack, "other").await };
    stranger.propose(good).await.error("unauthenticated");
    assert_eq!(count(&stack, "action.propose.refused", "unregistered").await, 1);
    let pending = stack.call("ops.v1.ActionService/ListPendingActions", json!({})).await.ok();
    assert!(pending["actions"].is_null(), "{pending}");
}

#[tokio::test]
async fn proposals_that_contradict_what_is_under_way_are_refused_by_either_door() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let (agent, other) = (Agent::register(&stack, "healer").await, Agent::register(&stack, "other").await);
    let (first, second) = (open_incident(&stack).await, open_incident(&stack).await);
    let live = agent.propose(scale_up(&first)).await.ok()["action"].clone();
    let id = live["id"].as_str().unwrap();

    let restart = json!({
        "incidentId": first.id, "type": "ACTION_TYPE_RESTART_SERVICE", "targetId": "checkout", "reason": "why not"
    });
    let down = with(scale_up(&second), "type", "ACTION_TYPE_SCALE_DOWN");
    for contradiction in [restart, down, with(scale_up(&first), "replicas", 7)] {
        let message = other.propose(contradiction).await.error("failed_precondition");
        assert!(message.contains(id) && message.contains("proposed by healer"), "{message}");
    }
    let by_bus = other.message(&first);
    stack.publish_action(&by_bus).await;
    until("it is refused on the bus, too", || async { (dead_letters(&stack).await == 1).then_some(()) })
        .await;
    assert_eq!(stack.audit(&by_bus.id).await, ["action.propose.refused"]);

    // Of another incident on the same target, and of the agent that ships, which keeps to its own rules.
    other.propose(scale_up(&second)).await.ok();
    let built_in = proposal(&first);
    stack.publish_action(&built_in).await;
    stack.until_status(&built_in.id, "ACTION_STATUS_PROPOSED").await;
}

#[tokio::test]
async fn an_agent_may_propose_on_the_bus_once_it_is_registered() {
    let stack = Stack::start().await;
    let incident = open_incident(&stack).await;
    let stranger = Action { proposed_by: "healer".to_owned(), ..proposal(&incident) };
    stack.publish_action(&stranger).await;
    let odd = Action { proposed_by: "Ro\0bert'; --".to_owned(), ..proposal(&incident) };
    stack.publish_action(&odd).await;
    until("both are refused", || async { (dead_letters(&stack).await == 2).then_some(()) }).await;
    for refused in [stranger, odd] {
        let mut conn = stack.store.acquire().await.unwrap();
        let entries = store::audit::of_subject(&mut conn, &refused.id).await.unwrap();
        assert!(entries[0].reason.contains("RegisterAgent"), "{}", entries[0].reason);
    }

    let agent = Agent::register(&stack, "healer").await;
    let action = agent.message(&incident);
    stack.publish_action(&action).await;
    let recorded = stack.until_status(&action.id, "ACTION_STATUS_PROPOSED").await;
    assert_eq!(recorded["proposedBy"], "healer");

    let forged = Action { replicas: 50, ..action.clone() };
    let message =
        Outgoing::message(subjects::OPS_ACTIONS, format!("{}:forged", action.id), "default", &forged);
    stack.bus.publish(&message).await.unwrap();
    until("the duplicate with another body is refused", || async {
        (dead_letters(&stack).await == 3).then_some(())
    })
    .await;
    assert_eq!(stack.audit(&action.id).await, ["action.propose", "action.propose.refused"]);
}

#[tokio::test]
async fn a_thousand_calls_at_once_are_a_burst_and_a_few_rows() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let (hasty, patient) = (Agent::register(&stack, "hasty").await, Agent::register(&stack, "patient").await);
    let incident = open_incident(&stack).await;
    let nonsense = with(scale_up(&incident), "targetId", "*");

    let calls =
        stream::iter(0..1_000).map(|_| hasty.request("Propose", &nonsense).send()).buffer_unordered(32);
    let answers: Vec<_> = calls.map(|answer| answer.unwrap()).collect().await;

    let limited: Vec<_> = answers.iter().filter(|a| a.status() == StatusCode::TOO_MANY_REQUESTS).collect();
    // One more is let in a second, however slow the machine is.
    assert!(limited.len() > 700, "{} of 1 000", limited.len());
    for answer in &limited {
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    until("the first of them is in the audit", || async {
        (count(&stack, "action.propose.limited", "hasty").await > 0).then_some(())
    })
    .await;
    let refused = count(&stack, "action.propose.refused", "hasty").await;
    assert_eq!(refused, i64::try_from(1_000 - limited.len()).unwrap(), "each that was let in");
    assert!(count(&stack, "action.propose.limited", "hasty").await <= 2, "the others by the minute");
    patient.propose(scale_up(&incident)).await.ok();
}

#[tokio::test]
async fn a_thousand_messages_at_once_are_a_burst_and_hold_up_nobody() {
    let stack = Stack::start().await;
    let (hasty, patient) = (Agent::register(&stack, "hasty").await, Agent::register(&stack, "patient").await);
    let incident = open_incident(&stack).await;
    for number in 0..1_000 {
        let by = if number % 2 == 0 { hasty.name } else { "stranger" };
        let nonsense =
            Action { target_id: "*".to_owned(), proposed_by: by.to_owned(), ..proposal(&incident) };
        stack.publish_action(&nonsense).await;
    }
    let good = patient.message(&incident);
    stack.publish_action(&good).await;

    stack.until_status(&good.id, "ACTION_STATUS_PROPOSED").await;
    assert!(dead_letters(&stack).await < 300, "dead letters are kept for what people have to look at");
    for by in ["hasty", "unregistered"] {
        until("the tally is in the audit", || async {
            (count(&stack, "action.propose.limited", by).await > 0).then_some(())
        })
        .await;
    }
    let rows: i64 = {
        let mut conn = stack.store.acquire().await.unwrap();
        sqlx::query_scalar("select count(*) from audit").fetch_one(&mut *conn).await.unwrap()
    };
    assert!(rows < 300, "{rows}");
}

#[tokio::test]
async fn an_agent_has_a_limited_number_of_actions_under_way() {
    let stack = Stack::start().await;
    let _engine = FakeEngine::start(&stack.bus).await;
    let agent = Agent::register(&stack, "healer").await;
    for _ in 0..20 {
        agent.propose(scale_up(&open_incident(&stack).await)).await.ok();
    }
    let one_more = open_incident(&stack).await;
    let message = until("there is room in the minute, but not for one more", || async {
        let answer = agent.propose(scale_up(&one_more)).await;
        let message = answer.error("resource_exhausted");
        message.contains("under way").then_some(message)
    })
    .await;
    assert!(message.contains("20 is the limit"), "{message}");
}

#[tokio::test]
async fn an_agent_watches_incidents_and_its_own_actions_from_an_observation_on() {
    let stack = Stack::start().await;
    let engine = FakeEngine::start(&stack.bus).await;
    engine.say(true).await;
    let (agent, other) = (Agent::register(&stack, "healer").await, Agent::register(&stack, "other").await);
    let first = open_incident(&stack).await;
    until("the incident is known", || async {
        let seen = agent.call("Observe", json!({})).await.ok();
        (seen["observation"]["incidents"][0]["id"] == first.id).then_some(())
    })
    .await;

    let mut stream = watch(&agent).await;
    let text = told(&mut stream, "\"observation\"").await;
    assert!(text.contains(&first.id), "{text}");
    let second = open_incident(&stack).await;
    other.propose(scale_up(&second)).await.ok();
    let action = agent.propose(scale_up(&first)).await.ok()["action"]["id"].as_str().unwrap().to_owned();
    let text = told(&mut stream, "\"action\"").await;
    assert!(text.contains(&second.id) && text.contains(&action), "{text}");
    assert!(!text.contains("\"proposedBy\":\"other\""), "what others propose is not told: {text}");
    let escalated = Incident { revision: 2, transition: IncidentTransition::Escalated.into(), ..second };
    stack.publish_incident(&escalated).await;
    told(&mut stream, "\"revision\":\"2\"").await;

    let wish = json!({ "name": "healer", "operator": "ana" });
    stack.call(&format!("{SERVICE}/RetireAgent"), wish).await.ok();
    let text = told(&mut stream, "unauthenticated").await;
    assert!(text.contains("has been retired"), "{text}");
}

type Chunks = std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

async fn watch(agent: &Agent<'_>) -> Chunks {
    let body = b"{}";
    let mut envelope = vec![0];
    envelope.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    envelope.extend_from_slice(body);
    let url = agent.stack.url(&format!("/{SERVICE}/Watch"));
    let request = reqwest::Client::new().post(url).bearer_auth(&agent.token);
    let request = request.header("content-type", "application/connect+json").body(envelope);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    Box::pin(answer.bytes_stream())
}

/// Everything that is told until something is.
async fn told(stream: &mut Chunks, something: &str) -> String {
    let mut text = String::new();
    while !text.contains(something) {
        let chunk = tokio::time::timeout(PATIENCE, stream.next())
            .await
            .unwrap_or_else(|_| panic!("{something}: {text}"));
        text.push_str(&String::from_utf8_lossy(&chunk.expect("the stream goes on").unwrap()));
    }
    text
}
