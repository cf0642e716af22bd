//! What the agent sees of sim-engine: telemetry, heartbeats, and the answer to `GetTopology`.

use bus::{Bus, CallError, Calls, Outgoing};
use bytes::Bytes;
use prost::Message as _;
use proto::sim::v1::{
    Edge, EntityColumns, GetTopologyResponse, MetricColumn, MetricSnapshot, Node, Replica, Service,
    SimulationState, Topology,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const TICKS_A_SECOND: u64 = 20;
const START_S: i64 = 1_790_000_000;
const SERVICES: [&str; 3] = ["gateway", "checkout", "checkout-db"];

/// gateway → checkout → checkout-db; the database has more to do than it can.
pub(crate) struct Engine {
    bus: Bus,
    pub(crate) run: Uuid,
    pub(crate) tick: u64,
    /// How far the heartbeat is ahead of the newest sample.
    pub(crate) ahead_ticks: u64,
    start_s: i64,
    token: CancellationToken,
}

#[derive(Clone)]
struct Control;

impl Calls for Control {
    async fn call(&self, method: &str, _payload: Bytes) -> Result<Bytes, CallError> {
        match method {
            "GetTopology" => {
                Ok(GetTopologyResponse { topology: Some(topology()), tick: 0 }.encode_to_vec().into())
            }
            other => Err(CallError::new(bus::code::UNIMPLEMENTED, format!("no {other} here"))),
        }
    }
}

impl Engine {
    pub(crate) fn start(bus: Bus) -> Self {
        let token = CancellationToken::new();
        let (serving, until) = (bus.clone(), token.clone());
        tokio::spawn(async move {
            serving.serve_calls("sim-engine", "0.1.0", "sim.control", &["GetTopology"], Control, until).await
        });
        Self { bus, run: Uuid::from_u128(7), tick: 200, ahead_ticks: 0, start_s: START_S, token }
    }

    /// A new run begins: ticks from 0, later in time.
    pub(crate) fn reset(&mut self) {
        self.start_s += i64::try_from(self.tick / TICKS_A_SECOND).unwrap() + 1;
        self.run = Uuid::from_u128(self.run.as_u128() + 1);
        self.tick = 0;
    }

    pub(crate) fn time(&self, tick: u64) -> pbjson_types::Timestamp {
        let ms = tick * 1_000 / TICKS_A_SECOND;
        pbjson_types::Timestamp {
            seconds: self.start_s + i64::try_from(ms / 1_000).unwrap(),
            nanos: i32::try_from(ms % 1_000).unwrap() * 1_000_000,
        }
    }

    /// A simulated second: a heartbeat and a sample.
    pub(crate) async fn second(&mut self) {
        self.tick += TICKS_A_SECOND;
        let at = self.tick + self.ahead_ticks;
        let state = SimulationState {
            simulation_id: "default".to_owned(),
            run_id: self.run.to_string(),
            tick: at,
            time: Some(self.time(at)),
            tick_ms: 50,
            playing: true,
            ..SimulationState::default()
        };
        self.bus.client().publish("sim.state", state.encode_to_vec().into()).await.unwrap();
        self.bus.client().flush().await.unwrap();
        let sample = self.sample();
        let id = format!("{}:{}:0", sample.run_id, sample.tick);
        self.bus.publish(&Outgoing::message("sim.metrics", id, "default", &sample)).await.unwrap();
    }

    fn sample(&self) -> MetricSnapshot {
        let column = |metric: &str, values: [f32; 3]| MetricColumn {
            metric: metric.to_owned(),
            values: values.into(),
        };
        MetricSnapshot {
            simulation_id: "default".to_owned(),
            run_id: self.run.to_string(),
            tick: self.tick,
            time: Some(self.time(self.tick)),
            shard: 0,
            shard_count: 1,
            sample_interval_ms: 1_000,
            services: Some(EntityColumns {
                ids: SERVICES.map(str::to_owned).into(),
                versions: vec![3, 3, 5],
                columns: vec![
                    column("cpu_usage", [30.0, 35.0, 98.0]),
                    column("memory_usage", [40.0, 40.0, 40.0]),
                    column("request_rate", [100.0, 100.0, 125.0]),
                    column("throughput", [90.0, 80.0, 100.0]),
                    column("error_rate", [11.0, 22.0, 14.0]),
                    column("latency_p99", [1_900.0, 1_840.0, 400.0]),
                    column("queue_depth", [0.0, 0.0, 1_240.0]),
                    column("replicas", [2.0, 2.0, 2.0]),
                ],
            }),
            nodes: Some(EntityColumns {
                ids: (0..3).map(|index| format!("node-{index}")).collect(),
                versions: vec![1, 1, 1],
                columns: vec![column("cpu_usage", [40.0, 40.0, 40.0])],
            }),
            scenario: "test".to_owned(),
            deleted: false,
            map: None,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

fn topology() -> Topology {
    let edge = |from: &str, to: &str| Edge {
        from_service_id: from.to_owned(),
        to_service_id: to.to_owned(),
        calls_per_request: 1.0,
        timeout_ms: 1_000.0,
        max_retries: 1,
    };
    let replica = |ordinal: u32, node: usize| Replica {
        ordinal,
        node_id: format!("node-{}", node % 3),
        state: "running".to_owned(),
    };
    Topology {
        name: "test".to_owned(),
        nodes: (0..3)
            .map(|index| Node {
                id: format!("node-{index}"),
                zone_id: format!("zone-{index}"),
                cpu_cores: 16.0,
                memory_gb: 64.0,
                network_mbps: 10_000.0,
                state: "ready".to_owned(),
                version: 1,
            })
            .collect(),
        services: SERVICES
            .iter()
            .enumerate()
            .map(|(index, id)| Service {
                id: (*id).to_owned(),
                profile: "microservice".to_owned(),
                desired_replicas: 2,
                replicas: vec![replica(0, index), replica(1, index + 1)],
                version: 3,
                health: "degraded".to_owned(),
                entry: index == 0,
                ..Service::default()
            })
            .collect(),
        edges: vec![edge("gateway", "checkout"), edge("checkout", "checkout-db")],
        ..Topology::default()
    }
}
