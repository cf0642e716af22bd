//! Starts the real thing: a nats-server, and sim-engine as a child process.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use backing::NatsServer;
use backing::process::{Process, ProcessSpec, Stopped};
use bus::{Bus, BusConfig};
use prost::Message as _;
use proto::ops::v1::AutomationState;
use proto::sim::v1::{MetricSnapshot, SimulationEvent, SimulationState};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Longest wait for something that takes a moment; the machine may be busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A nats-server with the streams, and what it takes to start engines on it.
pub(crate) struct Cloud {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) logs: tempfile::TempDir,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let nats = NatsServer::ephemeral().await.unwrap();
        let bus = Bus::connect(BusConfig::new(nats.url(), "test")).await.unwrap();
        bus.provision().await.unwrap();
        let cloud = Self { nats, bus, logs: tempfile::tempdir().unwrap() };
        // As the orchestrator does at its very first start.
        cloud.switch(AutomationState::Running, 0).await;
        cloud
    }

    /// An engine that stands still at tick 0 of a run with seed 7.
    pub(crate) fn engine(&self) -> EngineBuilder {
        let port = backing::free_port().unwrap();
        let scenarios = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let log = self.logs.path().join(format!("engine-{port}.log"));
        let spec = ProcessSpec::new("sim-engine", env!("CARGO_BIN_EXE_sim-engine"))
            .env("NATS_URL", self.nats.url())
            .env("ADDR", format!("127.0.0.1:{port}"))
            .env("SCENARIOS_DIR", scenarios)
            .env("SIMULATION_SEED", "7")
            .env("SIMULATION_PLAY", "false")
            // Checkpoints all the time: every kill is recovered from one, when there is one.
            .env("CHECKPOINT_AFTER_MS", "1")
            .log_file(&log);
        EngineBuilder { spec, port, log }
    }

    /// Every event in the stream, oldest first.
    pub(crate) async fn events(&self) -> Vec<SimulationEvent> {
        let messages = self.messages("SIM_EVENTS").await;
        messages.into_iter().map(|payload| SimulationEvent::decode(payload).unwrap()).collect()
    }

    /// Every sample in the stream, oldest first.
    pub(crate) async fn samples(&self) -> Vec<MetricSnapshot> {
        let messages = self.messages("SIM_METRICS").await;
        messages.into_iter().map(|payload| MetricSnapshot::decode(payload).unwrap()).collect()
    }

    pub(crate) async fn messages(&self, stream: &str) -> Vec<bytes::Bytes> {
        let mut stream = self.bus.jetstream().get_stream(stream).await.unwrap();
        let state = stream.info().await.unwrap().state.clone();
        let mut payloads = Vec::new();
        for sequence in state.first_sequence.max(1)..=state.last_sequence {
            if let Ok(message) = stream.get_raw_message(sequence).await {
                payloads.push(message.payload);
            }
        }
        payloads
    }
}

pub(crate) struct EngineBuilder {
    spec: ProcessSpec,
    port: u16,
    log: PathBuf,
}

impl EngineBuilder {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.spec = self.spec.env(name, value);
        self
    }

    pub(crate) fn playing(self, speed: &str) -> Self {
        self.env("SIMULATION_PLAY", "true").env("SIMULATION_SPEED", speed)
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(self) -> Engine {
        let mut engine = self.spawn().await;
        let started = Instant::now();
        while !engine.is_ready().await {
            if let Some(status) = engine.process.try_wait().unwrap() {
                panic!("sim-engine ended with {status}:\n{}", engine.log());
            }
            assert!(started.elapsed() < PATIENCE, "sim-engine is not ready:\n{}", engine.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        engine
    }

    /// Starts it and does not wait.
    pub(crate) async fn spawn(self) -> Engine {
        let process = Process::spawn(&self.spec).await.unwrap();
        Engine { spec: self.spec, process, port: self.port, log: self.log, http: reqwest::Client::new() }
    }

    /// Starts it and waits until it has ended by itself.
    pub(crate) async fn run_to_the_end(self) -> (ExitStatus, String) {
        let mut engine = self.spawn().await;
        let started = Instant::now();
        loop {
            if let Some(status) = engine.process.try_wait().unwrap() {
                return (status, engine.log());
            }
            assert!(started.elapsed() < PATIENCE, "sim-engine goes on:\n{}", engine.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A running engine. Killed when dropped.
pub(crate) struct Engine {
    spec: ProcessSpec,
    pub(crate) process: Process,
    port: u16,
    log: PathBuf,
    http: reqwest::Client,
}

impl Engine {
    async fn is_ready(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        self.http.get(url).send().await.is_ok_and(|response| response.status().is_success())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Calls a method over Connect with JSON: the answer, or code and message of the error.
    pub(crate) async fn try_call(&self, method: &str, request: Value) -> Result<Value, (String, String)> {
        self.try_call_of("sim.v1.ControlService", method, request).await
    }

    /// The same for a service.
    pub(crate) async fn try_call_of(
        &self,
        service: &str,
        method: &str,
        request: Value,
    ) -> Result<Value, (String, String)> {
        let response = self
            .http
            .post(self.url(&format!("/{service}/{method}")))
            .header("content-type", "application/json")
            .body(request.to_string())
            .send()
            .await
            .unwrap();
        let ok = response.status().is_success();
        let text = response.text().await.unwrap();
        let body: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method}: not JSON: {text}"));
        if ok {
            Ok(body)
        } else {
            let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            Err((field("code"), field("message")))
        }
    }

    pub(crate) async fn call(&self, method: &str, request: Value) -> Value {
        self.try_call(method, request)
            .await
            .unwrap_or_else(|error| panic!("{method}: {error:?}\n{}", self.log()))
    }

    pub(crate) async fn state(&self) -> SimulationState {
        state_of(&self.call("GetState", json!({})).await)
    }

    /// Waits until the state is as wanted.
    pub(crate) async fn wait_until(
        &self,
        what: &str,
        is_so: impl Fn(&SimulationState) -> bool,
    ) -> SimulationState {
        let started = Instant::now();
        loop {
            let state = self.state().await;
            if is_so(&state) {
                return state;
            }
            assert!(started.elapsed() < PATIENCE, "waited for {what}, but {state:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// kill -9, then the same engine once more.
    pub(crate) async fn kill_and_start_again(mut self) -> Engine {
        self.process.kill().await.unwrap();
        EngineBuilder { spec: self.spec.clone(), port: self.port, log: self.log.clone() }.start().await
    }

    /// SIGTERM: it stops by itself, cleanly and in time.
    pub(crate) async fn stop(mut self) {
        let stopped = self.process.stop(Duration::from_secs(10)).await.unwrap();
        assert!(
            matches!(stopped, Stopped::InTime(status) if status.success()),
            "{stopped:?}\n{}",
            self.log()
        );
    }
}

/// The state in an answer.
pub(crate) fn state_of(answer: &Value) -> SimulationState {
    serde_json::from_value(answer["state"].clone()).unwrap()
}
