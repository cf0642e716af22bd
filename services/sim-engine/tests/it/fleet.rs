//! Several simulations in one engine: each as if it were alone, and all of them back after kill -9.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use connectrpc_axum::pbjson_types::Timestamp;
use proto::sim::v1 as wire;
use proto::sim::v1::{Simulation, SimulationEventKind, SimulationStatus};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::{Cloud, Engine, PATIENCE, state_of};
use crate::orders::restart_order_of;

impl Engine {
    /// Calls a method of `sim.v1.SimulationService`.
    pub(crate) async fn try_fleet(&self, method: &str, request: Value) -> Result<Value, (String, String)> {
        self.try_call_of("sim.v1.SimulationService", method, request).await
    }

    pub(crate) async fn fleet(&self, method: &str, request: Value) -> Simulation {
        let answer = self.try_fleet(method, request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{method}: {error:?}\n{}", self.log()));
        serde_json::from_value(answer["simulation"].clone()).unwrap()
    }

    async fn simulations(&self) -> BTreeMap<String, Simulation> {
        let answer = self.try_fleet("List", json!({})).await.unwrap();
        let list: Vec<Simulation> = serde_json::from_value(answer["simulations"].clone()).unwrap();
        list.into_iter().map(|simulation| (simulation.id.clone(), simulation)).collect()
    }

    pub(crate) async fn step(&self, id: &str, ticks: u64) -> wire::SimulationState {
        state_of(&self.call("Step", json!({"simulationId": id, "ticks": ticks})).await)
    }

    async fn state_of(&self, id: &str) -> wire::SimulationState {
        state_of(&self.call("GetState", json!({"simulationId": id})).await)
    }

    pub(crate) async fn wait_for_tick(&self, id: &str, tick: u64) -> wire::SimulationState {
        let started = Instant::now();
        loop {
            // After a restart it is recomputed first.
            let state = self.try_call("GetState", json!({"simulationId": id})).await;
            if let Ok(state) = state.as_ref().map(state_of)
                && state.tick >= tick
            {
                return state;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "waited for tick {tick} of {id}, but {state:?}\n{}",
                self.log()
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// A simulation that stands at tick 0.
fn of_scenario(id: &str, scenario: &str, seed: u64) -> Value {
    json!({"simulationId": id, "scenario": scenario, "seed": seed.to_string()})
}

/// The telemetry hash of the same scenario, seed and commands without an engine; each command is applied before its tick.
fn headless(scenario: &str, seed: u64, ticks: u64, commands: &[(u64, sim::Command)]) -> String {
    let mut world = sim::World::new(scenario_of(scenario), seed);
    let mut events = Vec::new();
    while world.tick() < ticks {
        let tick = world.tick();
        for (_, command) in commands.iter().filter(|(at, _)| *at == tick) {
            world.apply(command).unwrap();
        }
        world.step(&mut events);
    }
    world.telemetry_hash().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn scenario_of(name: &str) -> std::sync::Arc<sim::Scenario> {
    let files: BTreeMap<String, String> = texts(name);
    sim::scenario::load(name, &files).unwrap()
}

/// The texts of a scenario of the repository.
fn texts(name: &str) -> BTreeMap<String, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    [format!("{name}.yaml"), "topologies/shop.yaml".to_owned()]
        .into_iter()
        .map(|path| (path.clone(), std::fs::read_to_string(root.join(path)).unwrap()))
        .collect()
}

fn ticks_of(samples: &[wire::MetricSnapshot], id: &str) -> Vec<u64> {
    samples.iter().filter(|sample| sample.simulation_id == id).map(|sample| sample.tick).collect()
}

fn every_second_to(ticks: u64) -> Vec<u64> {
    (1..=ticks / 20).map(|second| second * 20).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_simulation_computes_what_it_would_alone() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("3").start().await;
    engine.fleet("Create", of_scenario("slow", "cascade_failure", 7)).await;
    let fast = json!({"simulationId": "fast", "displayName": "Game day", "scenario": "high_load", "seed": "9", "speed": 200, "autostart": true});
    let created = engine.fleet("Create", fast.clone()).await;
    assert_eq!((created.display_name.as_str(), created.status()), ("Game day", SimulationStatus::Running));
    let spec = sim::FaultSpec::new(sim::FaultKind::CpuHog, sim::Target::service("checkout"));
    let spec = sim::FaultSpec { id: "hog".to_owned(), ..spec };
    engine.step("slow", 105).await;
    let target = json!({"kind": "TARGET_KIND_SERVICE", "id": "checkout"});
    let fault = json!({"simulationId": "slow", "fault": {"id": "hog", "kind": "cpu_hog", "target": target}});
    engine.call("InjectFault", fault).await;
    engine.step("slow", 395).await;
    let order = restart_order_of(&engine, "slow", "c1").await;
    cloud.order("c1", &order).await;
    cloud.orders_are_taken().await;
    let slow = engine.step("slow", 500).await;
    engine.wait_for_tick("fast", 2_000).await;
    let fast = engine.fleet("Pause", json!({"simulationId": "fast"})).await.state.unwrap();
    let default = state_of(&engine.call("Pause", json!({})).await);

    let injected = sim::Command::InjectFault(spec.checked().unwrap());
    let act = sim::Act {
        command_id: order.id.clone(),
        action_id: order.action_id.clone(),
        kind: sim::ActionKind::RestartService,
        target: order.target_id.clone(),
        target_version: order.target_version,
        replicas: 0,
    };
    let commands = [(105, injected), (500, sim::Command::Act(act))];
    assert_eq!(slow.telemetry_hash, headless("cascade_failure", 7, 1_000, &commands));
    assert_eq!(fast.telemetry_hash, headless("high_load", 9, fast.tick, &[]));
    assert_eq!(default.telemetry_hash, headless("normal", 7, default.tick, &[]));
    assert_eq!((fast.active_faults, default.active_faults), (0, 0), "a fault strikes one simulation");

    let samples = cloud.samples().await;
    for state in [&slow, &default] {
        assert_eq!(ticks_of(&samples, &state.simulation_id), every_second_to(state.tick));
    }
    let events = cloud.events().await;
    let struck: BTreeSet<_> = (events.iter())
        .filter(|event| {
            event.attributes.get("fault_id").is_some_and(|id| id == "hog") || !event.action_id.is_empty()
        })
        .map(|event| event.simulation_id.clone())
        .collect();
    assert_eq!(struck.into_iter().collect::<Vec<_>>(), ["slow"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_come_back_after_a_kill_exactly_as_they_were() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("20").start().await;
    engine.fleet("Create", of_scenario("a", "cascade_failure", 3)).await;
    engine.step("a", 150).await;
    let mut running = of_scenario("b", "normal", 4);
    running["speed"] = json!(50);
    running["autostart"] = json!(true);
    engine.fleet("Create", running).await;
    engine.fleet("Create", of_scenario("c", "normal", 5)).await;
    engine.step("c", 70).await;
    let stopped = engine.fleet("Stop", json!({"simulationId": "c"})).await;
    assert_eq!(stopped.status(), SimulationStatus::Stopped);
    let forked = engine.fleet("Fork", json!({"simulationId": "a", "forkId": "d"})).await;
    assert_eq!((forked.status(), forked.state.unwrap().tick), (SimulationStatus::Paused, 150));
    engine.wait_for_tick("b", 300).await;

    let engine = engine.kill_and_start_again().await;
    engine.wait_for_tick("b", 600).await;
    engine.call("Pause", json!({"simulationId": "b"})).await;
    engine.call("Pause", json!({})).await;
    let back = engine.simulations().await;
    let status: Vec<_> = back.values().map(|one| (one.id.as_str(), one.status())).collect();
    let (paused, stopped) = (SimulationStatus::Paused, SimulationStatus::Stopped);
    assert_eq!(status, [("a", paused), ("b", paused), ("c", stopped), ("d", paused), ("default", paused)]);
    assert_eq!(back["d"].forked_from.clone().unwrap().tick, 150);
    assert_eq!(back["c"].state.clone().unwrap().tick, 70);

    let started = engine.fleet("Start", json!({"simulationId": "c"})).await;
    assert_eq!(started.status(), SimulationStatus::Running);
    engine.wait_for_tick("c", 100).await;
    engine.call("Pause", json!({"simulationId": "c"})).await;
    engine.step("a", 250).await;
    engine.step("d", 250).await;
    let samples = cloud.samples().await;
    for (id, scenario, seed) in [
        ("a", "cascade_failure", 3),
        ("b", "normal", 4),
        ("c", "normal", 5),
        ("d", "cascade_failure", 3),
        ("default", "normal", 7),
    ] {
        let state = engine.state_of(id).await;
        assert_eq!(state.telemetry_hash, headless(scenario, seed, state.tick, &[]), "{id}");
        let told = every_second_to(state.tick).into_iter().filter(|tick| id != "d" || *tick > 150);
        assert_eq!(ticks_of(&samples, id), told.collect::<Vec<_>>(), "{id}");
    }
    let events = cloud.events().await;
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids.len(), events.len(), "no event is stored twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_goes_on_like_its_parent_until_it_is_treated_differently() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.fleet("Create", of_scenario("parent", "cascade_failure", 11)).await;
    engine.step("parent", 333).await;
    let target = json!({"kind": "TARGET_KIND_SERVICE", "id": "checkout"});
    let fault = |id: &str| json!({"simulationId": id, "fault": {"id": "leak", "kind": "memory_leak", "target": target}});
    engine.call("InjectFault", fault("parent")).await;
    let request = json!({"simulationId": "parent", "forkId": "fork", "displayName": "What if", "speed": 2});
    let forked = engine.fleet("Fork", request.clone()).await;
    assert_eq!(forked.forked_from.clone().unwrap().simulation_id, "parent");
    assert_eq!(engine.fleet("Fork", request).await, forked, "the same request again changes nothing");
    let mut hashes = BTreeSet::new();
    for id in ["parent", "fork"] {
        hashes.insert(engine.step(id, 600).await.telemetry_hash);
    }
    assert_eq!(hashes.len(), 1, "treated alike they stay alike");
    // A fork of the fork, recomputed from what it inherited.
    engine.fleet("Fork", json!({"simulationId": "fork", "forkId": "other"})).await;
    engine.call("ClearFault", json!({"simulationId": "fork", "faultId": "leak"})).await;
    let engine = engine.kill_and_start_again().await;
    let mut hashes = Vec::new();
    for id in ["parent", "other", "fork"] {
        engine.wait_for_tick(id, 933).await;
        hashes.push(engine.step(id, 1_200).await.telemetry_hash);
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2], "the parent does not notice what happens to a fork");
    let began: Vec<_> = (cloud.events().await.into_iter())
        .filter(|event| event.kind() == SimulationEventKind::RunStarted && event.simulation_id == "fork")
        .collect();
    assert_eq!(began.len(), 1, "{began:?}");
    assert_eq!(began[0].attributes["forked_from"], "parent");
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_is_idempotent_by_the_callers_id_and_bounded() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().env("SIMULATION_LIMIT", "3").start().await;
    let request = of_scenario("one", "normal", 1);
    let created = engine.fleet("Create", request.clone()).await;
    assert_eq!(created.status(), SimulationStatus::Created);
    assert_eq!(engine.fleet("Create", request.clone()).await, created);
    let cases = [
        (of_scenario("one", "normal", 2), "already_exists", "choose another id"),
        (of_scenario("default", "normal", 1), "already_exists", "choose another id"),
        (of_scenario("a.b", "normal", 1), "invalid_argument", "1 to 63"),
        (of_scenario("two", "nope", 1), "not_found", "cascade_failure"),
        (json!({"simulationId": "two"}), "invalid_argument", "ListScenarios"),
        (
            json!({"simulationId": "two", "scenario": "normal", "speed": 2000}),
            "invalid_argument",
            "0.1 to 1000",
        ),
        (
            json!({"simulationId": "two", "bundle": {"name": "mine", "files": {"mine.yaml": "no_such_field: 1"}}}),
            "invalid_argument",
            "mine.yaml:1",
        ),
        (
            json!({"simulationId": "two", "bundle": {"name": "../mine", "files": {}}}),
            "invalid_argument",
            "no name of a scenario",
        ),
        (
            json!({"simulationId": "two", "scenario": "normal", "displayName": "x".repeat(129)}),
            "invalid_argument",
            "at most 128",
        ),
    ];
    for (request, code, sentence) in cases {
        let error = engine.try_fleet("Create", request.clone()).await.unwrap_err();
        assert_eq!(error.0, code, "{request}: {error:?}");
        assert!(error.1.contains(sentence), "{request}: {error:?} should say {sentence:?}");
    }

    let mut files = texts("normal");
    let text = files.remove("normal.yaml").unwrap();
    files.insert("mine.yaml".to_owned(), text.replace("swing: 0.15", "swing: 0.25"));
    let bundle = json!({"simulationId": "two", "bundle": {"name": "mine", "files": files}});
    let mine = engine.fleet("Create", bundle).await;
    assert_eq!(mine.state.unwrap().scenario, "mine");
    let (code, message) = engine.try_fleet("Create", of_scenario("three", "normal", 1)).await.unwrap_err();
    assert_eq!(code, "resource_exhausted");
    assert!(message.contains("delete one") && message.contains("SIMULATION_LIMIT"), "{message}");

    // Also after a restart, when only the journal remembers who asked for what.
    let engine = engine.kill_and_start_again().await;
    assert_eq!(engine.fleet("Create", request).await.id, "one");
    assert_eq!(
        engine.try_fleet("Create", of_scenario("one", "normal", 2)).await.unwrap_err().0,
        "already_exists"
    );
    assert_eq!(engine.simulations().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_of_ones_own_is_looked_through_before_it_is_created() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let bundle = engine.call("GetScenario", json!({"name": "normal"})).await["bundle"].clone();
    assert_eq!(bundle, json!({"name": "normal", "files": texts("normal")}));
    let (code, message) = engine.try_call("GetScenario", json!({"name": "nope"})).await.unwrap_err();
    assert!(code == "not_found" && message.contains("cascade_failure"), "{code}: {message}");

    let sound = engine.try_fleet("Validate", json!({"bundle": bundle})).await.unwrap();
    assert!(sound["problems"].is_null(), "{sound}");
    let state = engine.call("GetTopology", json!({})).await;
    assert_eq!(
        sound["size"]["services"].as_u64().unwrap(),
        state["topology"]["services"].as_array().unwrap().len() as u64
    );

    let mut files = texts("normal");
    let text =
        files["normal.yaml"].replace("swing: 0.15", "swing: 7").replace("service: cdn", "service: nobody");
    files.insert("normal.yaml".to_owned(), text);
    let wrong = json!({"bundle": {"name": "normal", "files": files}});
    let answer = engine.try_fleet("Validate", wrong).await.unwrap();
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.len() > 1 && answer["size"].is_null(), "{answer}");
    for problem in problems {
        assert_eq!(problem["file"], "normal.yaml");
        assert!(
            problem["line"].as_u64() > Some(0) && !problem["message"].as_str().unwrap().is_empty(),
            "{problem}"
        );
    }
    assert_eq!(engine.simulations().await.len(), 1, "looking creates nothing");
    let (code, message) = engine.try_fleet("Validate", json!({})).await.unwrap_err();
    assert!(code == "invalid_argument" && message.contains("bundle"), "{code}: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_simulations_together_have_a_bounded_number_of_replicas() {
    let cloud = Cloud::start().await;
    let probe = cloud.engine().start().await;
    let replicas = probe.simulations().await["default"].replicas;
    probe.stop().await;
    let limit = (2 * replicas).to_string();
    let engine = cloud.engine().env("REPLICA_LIMIT", &limit).start().await;
    engine.fleet("Create", of_scenario("one", "normal", 1)).await;
    let (code, message) = engine.try_fleet("Create", of_scenario("two", "normal", 1)).await.unwrap_err();
    assert_eq!(code, "resource_exhausted");
    assert!(message.contains("REPLICA_LIMIT") && message.contains("stop or delete"), "{message}");
    let fork = json!({"simulationId": "one", "forkId": "two"});
    assert_eq!(engine.try_fleet("Fork", fork.clone()).await.unwrap_err().0, "resource_exhausted");
    engine.fleet("Stop", json!({})).await;
    engine.fleet("Fork", fork).await;
    let (code, _) = engine.try_fleet("Start", json!({})).await.unwrap_err();
    assert_eq!(code, "resource_exhausted", "a stopped one has to find room again");
    engine.try_fleet("Delete", json!({"simulationId": "two"})).await.unwrap();
    assert_eq!(engine.fleet("Start", json!({})).await.status(), SimulationStatus::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_simulation_leaves_nothing_and_its_id_begins_anew() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let (code, message) = engine.try_fleet("Delete", json!({"simulationId": "default"})).await.unwrap_err();
    assert_eq!(code, "failed_precondition");
    assert!(message.contains("Reset"), "{message}");
    assert_eq!(engine.try_fleet("Delete", json!({})).await.unwrap_err().0, "invalid_argument");

    let first = engine.fleet("Create", of_scenario("gone", "normal", 1)).await;
    let lived = engine.step("gone", 30_000).await;
    let order = restart_order_of(&engine, "gone", "late").await;
    engine.try_fleet("Delete", json!({"simulationId": "gone"})).await.unwrap();
    assert_eq!(engine.try_fleet("Get", json!({"simulationId": "gone"})).await.unwrap_err().0, "not_found");
    assert_eq!(engine.try_fleet("Delete", json!({"simulationId": "gone"})).await.unwrap_err().0, "not_found");
    cloud.order("late", &order).await;
    cloud.orders_are_taken().await;
    let events = cloud.events().await;
    let refused = events.iter().find(|event| event.action_id == order.action_id).unwrap();
    assert_eq!(refused.kind(), SimulationEventKind::ActionFailed);
    assert!(refused.message.contains("no simulation \"gone\""), "{}", refused.message);
    let told = |event: &&wire::SimulationEvent| event.kind() == SimulationEventKind::SimulationDeleted;
    assert_eq!(events.iter().filter(told).count(), 1);
    let samples = cloud.samples().await;
    let last = samples.iter().rfind(|sample| sample.simulation_id == "gone").unwrap();
    assert!(last.deleted && last.services.is_none(), "the last message says that nothing follows");

    let engine = engine.kill_and_start_again().await;
    assert_eq!(engine.simulations().await.len(), 1);
    let again = engine.fleet("Create", of_scenario("gone", "normal", 1)).await.state.unwrap();
    assert_ne!(again.run_id, first.state.unwrap().run_id);
    assert!(
        again.started_at.unwrap().seconds > lived.time.unwrap().seconds,
        "simulated time never goes backwards"
    );
    engine.step("gone", 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_recomputed_fails_alone_and_says_why() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().playing("5").start().await;
    engine.fleet("Create", of_scenario("well", "normal", 1)).await;
    engine.step("well", 100).await;
    engine.stop().await;
    // As an engine of another version might have left it.
    let entry = |simulation_id: &str, model_version| wire::JournalEntry {
        simulation_id: simulation_id.to_owned(),
        entry: Some(wire::journal_entry::Entry::RunStarted(wire::RunStarted {
            model_version,
            run_id: "00000000-0000-0000-0000-000000000001".to_owned(),
            tick_ms: 50,
            started_at: Some(Timestamp::default()),
            scenario: Some(wire::ScenarioBundle {
                name: "odd".to_owned(),
                files: BTreeMap::from([("odd.yaml".to_owned(), "no_such_field: 1".to_owned())]),
            }),
            ..Default::default()
        })),
        ..Default::default()
    };
    for (id, entry) in [("broken", entry("broken", sim::MODEL_VERSION)), ("older", entry("older", 1))] {
        let message = bus::Outgoing::message(format!("sim.journal.{id}"), id, id, &entry);
        cloud.bus.publish(&message).await.unwrap();
    }

    let mut unreadable =
        bus::Outgoing::message("sim.journal.garbage", "garbage", "garbage", &entry("garbage", 0));
    unreadable.payload = bytes::Bytes::from_static(b"\xff\xff\xff");
    cloud.bus.publish(&unreadable).await.unwrap();

    let engine = cloud.engine().start().await;
    engine.wait_for_tick("well", 100).await;
    let garbage = engine.simulations().await["garbage"].clone();
    assert_eq!(garbage.status(), SimulationStatus::Failed);
    assert!(garbage.failure.contains("journal"), "{}", garbage.failure);
    let started = Instant::now();
    let [broken, older] = loop {
        let there_are = engine.simulations().await;
        let both = ["broken", "older"].map(|id| there_are[id].clone());
        if both.iter().all(|one| one.status() == SimulationStatus::Failed) {
            break both;
        }
        assert!(started.elapsed() < PATIENCE, "{both:?}");
    };
    assert!(broken.failure.contains("odd"), "{}", broken.failure);
    let ours = format!("this is model version {}", sim::MODEL_VERSION);
    assert!(
        older.failure.contains("by model version 1") && older.failure.contains(&ours),
        "{}",
        older.failure
    );
    let (code, message) = engine.try_call("Play", json!({"simulationId": "broken"})).await.unwrap_err();
    assert_eq!(code, "failed_precondition");
    assert!(message.contains("has failed"), "{message}");
    assert_eq!(engine.step("well", 100).await.telemetry_hash, headless("normal", 1, 200, &[]));
    engine.wait_until("the default's clock", |state| state.playing && state.tick > 0).await;
    for id in ["broken", "older", "garbage"] {
        engine.try_fleet("Delete", json!({"simulationId": id})).await.unwrap();
    }
    assert_eq!(engine.kill_and_start_again().await.simulations().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_simulation_cannot_do_is_refused_with_what_to_do() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    engine.fleet("Create", of_scenario("a", "normal", 1)).await;
    engine.step("a", 40).await;
    let order = restart_order_of(&engine, "a", "c1").await;
    engine.fleet("Stop", json!({"simulationId": "a"})).await;
    assert_eq!(engine.fleet("Stop", json!({"simulationId": "a"})).await.state.unwrap().tick, 40);
    assert_eq!(engine.state_of("a").await.status(), SimulationStatus::Stopped);
    for method in ["Play", "Pause", "Step", "GetTopology", "Reset"] {
        let (code, message) = engine.try_call(method, json!({"simulationId": "a"})).await.unwrap_err();
        assert_eq!(
            (code.as_str(), message.contains("sim start a")),
            ("failed_precondition", true),
            "{method}: {message}"
        );
    }
    assert_eq!(
        engine.try_fleet("Resume", json!({"simulationId": "a"})).await.unwrap_err().0,
        "failed_precondition"
    );
    assert_eq!(
        engine.try_fleet("Fork", json!({"simulationId": "a", "forkId": "b"})).await.unwrap_err().0,
        "failed_precondition"
    );
    cloud.order("c1", &order).await;
    cloud.orders_are_taken().await;
    let refused = cloud.events().await.into_iter().find(|event| event.action_id == order.action_id).unwrap();
    assert!(refused.message.contains("is stopped"), "{}", refused.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_for_simulations_is_served_both_ways_and_lists_come_in_pages() {
    let cloud = Cloud::start().await;
    let engine = cloud.engine().start().await;
    let pool = prost_reflect::DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let service = pool.get_service_by_name("sim.v1.SimulationService").unwrap();
    for method in service.methods() {
        let method = method.name().to_owned();
        if let Err((code, message)) = engine.try_fleet(&method, json!({"simulationId": "none"})).await {
            assert!(["not_found", "invalid_argument"].contains(&code.as_str()), "{method}: {code} {message}");
        }
        let request = wire::SimulationServiceGetRequest { simulation_id: "none".to_owned() };
        let payload = prost::Message::encode_to_vec(&request);
        let subject = format!("sim.control.simulation.{method}");
        let reply = cloud.bus.client().request(subject, payload.into()).await.unwrap();
        let headers = reply.headers.unwrap_or_default();
        let code = headers.get("Nats-Service-Error-Code").map(|code| code.as_str().to_owned());
        assert!(code.as_deref().is_none_or(|code| ["3", "5"].contains(&code)), "{method}: {code:?}");
    }
    for id in ["a", "b", "c"] {
        engine.fleet("Create", of_scenario(id, "normal", 1)).await;
    }
    let page = engine.try_fleet("List", json!({"limit": 2})).await.unwrap();
    assert_eq!((&page["simulations"][1]["id"], &page["nextPageToken"]), (&json!("b"), &json!("b")));
    let page = engine.try_fleet("List", json!({"limit": 2, "pageToken": "b"})).await.unwrap();
    assert_eq!((&page["simulations"][1]["id"], page["nextPageToken"].as_str()), (&json!("default"), None));
}
