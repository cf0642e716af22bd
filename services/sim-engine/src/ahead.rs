//! Looking ahead: previews are computed beside the simulation, from a fork of it, one at a time.

use std::sync::Arc;

use preview::{Plan, Planned};
use proto::ops::v1::{Preview, PreviewRequest};
use sim::Workers;
use tokio::sync::Semaphore;

use crate::convert;
use crate::refusal::Refusal;
use crate::request::{Present, SimulationHandle};
use crate::scenarios::off_runtime;

/// Most actions of a preview, and so most options besides doing nothing.
const MAX_ACTIONS: usize = 8;
/// Most replicas × ticks that may be computed: some ten seconds of one core.
const MAX_REPLICA_TICKS: u64 = 150_000_000;
/// Fewest futures that tell anything about chance.
const FEWEST: u32 = 2;

/// Computes previews.
#[derive(Clone)]
pub(crate) struct Ahead {
    workers: Workers,
    /// Of several callers one has the machine; the others wait.
    turn: Arc<Semaphore>,
}

impl Ahead {
    /// One thread for every core.
    pub(crate) fn new() -> Self {
        let cores =
            std::thread::available_parallelism().map_or(1, usize::from).min(sim::workers::MAX_WORKERS);
        // Without threads of its own it computes on the one that asks.
        let workers = Workers::new(cores).unwrap_or_default();
        Self { workers, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Looks ahead in a simulation.
    pub(crate) async fn preview(
        &self,
        simulation: &SimulationHandle,
        request: PreviewRequest,
    ) -> Result<Preview, Refusal> {
        let PreviewRequest { simulation_id: _, actions, futures, horizon_s } = request;
        if actions.len() > MAX_ACTIONS {
            return Err(Refusal::invalid(format!(
                "{} actions are too many for one preview: pass at most {MAX_ACTIONS}",
                actions.len()
            )));
        }
        let actions: Vec<Planned> =
            actions.into_iter().map(convert::preview::planned).collect::<Result<_, _>>()?;
        let _turn =
            self.turn.acquire().await.map_err(|_| Refusal::unavailable("sim-engine is shutting down"))?;
        let Present { world, run_id, time } = simulation.present().await?;
        let replicas: usize = world.topology().services.iter().map(|service| service.replicas.len()).sum();
        let plan = plan(futures, horizon_s, replicas as u64, actions.len() as u64 + 1)?;
        let workers = self.workers.clone();
        let computed = off_runtime(move || preview::preview(&world, &actions, plan, &workers)).await?;
        Ok(Preview {
            simulation_id: simulation.id().to_owned(),
            run_id,
            time: Some(time.into()),
            ..convert::preview::preview(computed)
        })
    }
}

/// The plan that was asked for; where it was left open, one that the cloud's size allows.
fn plan(futures: u32, horizon_s: u32, replicas: u64, options: u64) -> Result<Plan, Refusal> {
    let usual = Plan::default();
    let horizon_s = if horizon_s == 0 { usual.horizon_s() } else { horizon_s };
    let cost = |futures: u32| {
        let ticks = u64::from(horizon_s) * 1_000 / u64::from(sim::TICK_MS);
        replicas.max(1) * ticks * options * u64::from(futures)
    };
    let futures = match futures {
        0 => (FEWEST..=usual.seeds())
            .rev()
            .find(|futures| cost(*futures) <= MAX_REPLICA_TICKS)
            .unwrap_or(FEWEST),
        asked => asked,
    };
    let plan = Plan::new(futures, horizon_s).map_err(|error| Refusal::invalid(error.to_string()))?;
    if cost(futures) > MAX_REPLICA_TICKS {
        return Err(Refusal::invalid(format!(
            "{options} options × {futures} futures × {horizon_s} s of a cloud of {replicas} replicas take too long: ask for fewer actions, fewer futures or a shorter horizon_s"
        )));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_left_open_fits_the_cloud() {
        let futures = |replicas| plan(0, 0, replicas, 6).map(Plan::seeds);
        assert_eq!(futures(300), Ok(8));
        assert_eq!(futures(1_000), Ok(4));
        assert!(futures(100_000).unwrap_err().message.contains("fewer futures"));
        assert_eq!(plan(0, 60, 10_000, 2).map(Plan::seeds), Ok(6));
        assert!(plan(64, 1_800, 300, 6).is_err() && plan(1, 0, 10, 1).is_err());
    }
}
