//! Answers on `sim.control` in sim-engine's place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bus::{Bus, CallError, Calls, code, subjects};
use bytes::Bytes;
use prost::Message as _;
use proto::ops::v1::{Band, Preview, PreviewOption, PreviewRequest, PreviewResponse};
use proto::sim::v1::{
    GetStateRequest, GetStateResponse, GetTopologyRequest, GetTopologyResponse, PauseRequest, PauseResponse,
    PlayRequest, PlayResponse, Service, SetSpeedRequest, SetSpeedResponse, SimulationState, Topology,
};
use tokio_util::sync::CancellationToken;

use crate::stack::{RUN, simulated};

pub struct FakeEngine {
    bus: Bus,
    playing: Arc<AtomicBool>,
    _stop: tokio_util::sync::DropGuard,
}

pub fn state(playing: bool) -> SimulationState {
    SimulationState {
        simulation_id: "default".to_owned(),
        run_id: RUN.to_string(),
        scenario: "normal".to_owned(),
        seed: 42,
        tick: 1_000,
        time: Some(simulated(1_000)),
        tick_ms: 50,
        playing,
        speed: 1.0,
        ..SimulationState::default()
    }
}

const METHODS: &[&str] = &["GetState", "GetTopology", "Play", "Pause", "SetSpeed", "Preview"];

impl FakeEngine {
    pub async fn start(bus: &Bus) -> Self {
        let playing = Arc::new(AtomicBool::new(false));
        let stop = CancellationToken::new();
        let (answers, token, connection) = (Answers(playing.clone()), stop.clone(), bus.clone());
        tokio::spawn(async move {
            connection
                .serve_calls("sim-engine", "0.1.0", subjects::SIM_CONTROL, METHODS, answers, token)
                .await
                .unwrap();
        });
        let engine = Self { bus: bus.clone(), playing, _stop: stop.drop_guard() };
        crate::stack::until("the fake engine answers", || async {
            let asked = GetStateRequest::default();
            let answer: Result<GetStateResponse, CallError> =
                bus.call("sim.control.GetState", &asked, std::time::Duration::from_secs(1)).await;
            answer.is_ok().then_some(())
        })
        .await;
        engine
    }

    /// A heartbeat.
    pub async fn say(&self, playing: bool) {
        self.playing.store(playing, Ordering::Relaxed);
        self.bus.client().publish(subjects::SIM_STATE, state(playing).encode_to_vec().into()).await.unwrap();
    }
}

#[derive(Clone)]
struct Answers(Arc<AtomicBool>);

impl Calls for Answers {
    async fn call(&self, method: &str, payload: Bytes) -> Result<Bytes, CallError> {
        let now = |playing| Some(state(playing));
        Ok(match method {
            "GetState" => {
                GetStateRequest::decode(payload).unwrap();
                GetStateResponse { state: now(self.0.load(Ordering::Relaxed)) }.encode_to_vec()
            }
            "GetTopology" => {
                GetTopologyRequest::decode(payload).unwrap();
                let services =
                    vec![Service { id: "checkout".to_owned(), version: 3, door: true, ..Service::default() }];
                let topology = Topology { name: "shop".to_owned(), services, ..Topology::default() };
                GetTopologyResponse { topology: Some(topology), tick: 1_000 }.encode_to_vec()
            }
            "Preview" => {
                // As many options as were asked for, and doing nothing; what would come of them is not this engine's trade: three in four help.
                let PreviewRequest { simulation_id, actions, futures, horizon_s } =
                    PreviewRequest::decode(payload).unwrap();
                let options = std::iter::once(None).chain(actions.into_iter().map(Some));
                let told = |(place, action)| PreviewOption {
                    action,
                    rank: place,
                    helps: 0.75,
                    bad_pct: Some(Band::default()),
                    ..PreviewOption::default()
                };
                let options = (1..).zip(options).map(told).collect();
                let horizon_s = if horizon_s == 0 { 300 } else { horizon_s };
                let (run_id, tick) = (RUN.to_string(), 1_000);
                let time = Some(simulated(tick));
                let preview = Preview { simulation_id, run_id, tick, time, horizon_s, futures, options };
                PreviewResponse { preview: Some(preview) }.encode_to_vec()
            }
            "Play" => {
                PlayRequest::decode(payload).unwrap();
                PlayResponse { state: now(true) }.encode_to_vec()
            }
            "Pause" => {
                PauseRequest::decode(payload).unwrap();
                PauseResponse { state: now(false) }.encode_to_vec()
            }
            "SetSpeed" => {
                let request = SetSpeedRequest::decode(payload).unwrap();
                if !(0.1..=1_000.0).contains(&request.speed) {
                    let message = format!("speed must be 0.1 to 1000, not {}.", request.speed);
                    return Err(CallError::new(code::INVALID_ARGUMENT, message));
                }
                SetSpeedResponse { state: now(true) }.encode_to_vec()
            }
            other => return Err(CallError::new(code::UNIMPLEMENTED, format!("no {other}"))),
        }
        .into())
    }
}
