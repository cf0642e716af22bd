//! What is expected of a proposal, computed once when it is made and kept beside it; and, when its time has come, what came. The two
//! together are the calibration of the look ahead.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proto::ops::v1::{Band, BlastRadius, Preview, PreviewOption};
use proto::sim::v1::SimulationState;
use store::actions::{self, ActionRow};
use store::predictions::{self, Came, Expected, Prediction};
use store::{PgConnection, StoreError};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::app::App;
use crate::hub::Hub;
use crate::preview::{self, Reach};

/// Between two rounds.
const PERIOD: Duration = Duration::from_secs(1);
/// What cannot be looked ahead at, because its simulation stands still or is busy, is tried again after so long.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// What takes effect later than this after the prediction is another experiment, simulated seconds.
const SOON_S: u64 = 60;
/// The end that is predicted, simulated seconds: that of `Preview`.
const END_S: u64 = 60;

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    let mut rounds = tokio::time::interval(PERIOD);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut put_off = PutOff::default();
    while app.shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        if let Err(error) = round(&app, &mut put_off).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "predictions wait for the database");
        }
    }
}

/// The proposals that could not be looked ahead at, and since when: they do not hold up the others.
#[derive(Debug, Default)]
struct PutOff {
    since: HashMap<Uuid, Instant>,
}

impl PutOff {
    /// The oldest of those that wait that is not put off. What waits no longer is forgotten.
    fn next(&mut self, waiting: Vec<ActionRow>, now: Instant) -> Option<ActionRow> {
        let still = |id: &Uuid| waiting.iter().any(|row| row.id == *id);
        self.since.retain(|id, since| now.duration_since(*since) < TRY_AGAIN && still(id));
        waiting.into_iter().find(|row| !self.since.contains_key(&row.id))
    }
}

async fn round(app: &App, put_off: &mut PutOff) -> Result<(), StoreError> {
    let waiting = {
        let mut conn = app.store.acquire().await?;
        actions::unpredicted(&mut conn).await?
    };
    // One a round: it keeps a core of sim-engine busy for a second or two.
    if let Some(row) = put_off.next(waiting, Instant::now()) {
        let id = row.id;
        if !predict(app, row).await? {
            put_off.since.insert(id, Instant::now());
        }
    }
    for (_, hub) in app.hubs.all() {
        if let Some(state) = hub.state() {
            settle_due(app, &hub, &state).await?;
        }
    }
    Ok(())
}

/// Looks ahead at a proposal, and says whether that could be done.
async fn predict(app: &App, row: ActionRow) -> Result<bool, StoreError> {
    let id = row.id;
    let run_id = row.run_id;
    match preview::of_action(app, row, Reach::DEFAULT).await {
        Ok(preview) => {
            let hub = app.hubs.find(&preview.simulation_id);
            let Some(tick_ms) = hub.and_then(|hub| hub.state()).map(|state| state.tick_ms) else {
                return Ok(false);
            };
            let Some(prediction) = read((id, run_id), &preview, tick_ms) else { return Ok(false) };
            let mut conn = app.store.acquire().await?;
            predictions::keep(&mut conn, &prediction).await?;
            Ok(true)
        }
        Err(error) => {
            tracing::info!(action_id = %id, why = error.message(), "a proposal cannot be looked ahead at now");
            Ok(false)
        }
    }
}

/// What a preview says about the proposal, its second option, and about doing nothing. `None` when it is of another run.
fn read((action_id, run_id): (Uuid, Uuid), preview: &Preview, tick_ms: u32) -> Option<Prediction> {
    let [nothing, option, ..] = preview.options.as_slice() else { return None };
    if preview.run_id != run_id.to_string() {
        return None;
    }
    let made_at_tick = preview.tick.cast_signed();
    let ticks = u64::from(preview.horizon_s) * 1_000 / u64::from(tick_ms.max(1));
    Some(Prediction {
        action_id,
        simulation_id: preview.simulation_id.clone(),
        run_id,
        made_at_tick,
        made_at: preview.time?.try_into().ok()?,
        horizon_s: preview.horizon_s.cast_signed(),
        due_at_tick: made_at_tick.saturating_add_unsigned(ticks),
        futures: option.futures.cast_signed(),
        helps: option.helps,
        harms: option.harms,
        rank: option.rank.cast_signed(),
        options: i32::try_from(preview.options.len()).unwrap_or(i32::MAX),
        refused: option.refused.clone(),
        action: expected(option),
        nothing: expected(nothing),
        blast_pct: option.blast_radius.as_ref().and_then(share),
        came: Came::Pending,
        came_p99_ms: None,
        came_error_pct: None,
    })
}

/// Share of the replicas there are that is touched, %.
fn share(blast: &BlastRadius) -> Option<f64> {
    (blast.of_replicas > 0).then(|| f64::from(blast.replicas) / f64::from(blast.of_replicas) * 100.0)
}

fn expected(option: &PreviewOption) -> Expected {
    let unknown = Band { low: f64::NAN, mid: f64::NAN, high: f64::NAN };
    let band = |band: &Option<Band>| {
        let Band { low, mid, high } = band.unwrap_or(unknown);
        predictions::Band { low, mid, high }
    };
    Expected {
        p99_ms: band(&option.p99_ms),
        error_pct: band(&option.error_pct),
        bad_pct: option.bad_pct.map_or(f64::NAN, |band| band.mid),
    }
}

/// Holds what came against what was expected.
async fn settle_due(app: &App, hub: &Hub, state: &SimulationState) -> Result<(), StoreError> {
    let due = {
        let mut conn = app.store.acquire().await?;
        predictions::due(&mut conn, &state.simulation_id, state.tick.cast_signed()).await?
    };
    for prediction in due {
        let mut conn = app.store.acquire().await?;
        let (came, got) = what_came(&mut conn, hub, state, &prediction).await?;
        predictions::settle(&mut conn, prediction.action_id, came, got).await?;
    }
    Ok(())
}

async fn what_came(
    conn: &mut PgConnection,
    hub: &Hub,
    state: &SimulationState,
    prediction: &Prediction,
) -> Result<(Came, Option<(f64, f64)>), StoreError> {
    let not_comparable = (Came::NotComparable, None);
    if state.run_id != prediction.run_id.to_string() || !prediction.refused.is_empty() {
        return Ok(not_comparable);
    }
    let ticks = |seconds: u64| (seconds * 1_000 / u64::from(state.tick_ms.max(1))).cast_signed();
    let made = prediction.made_at_tick;
    // Everything that took effect while it was looked ahead at: alone, or not at all, it can be compared.
    let took_effect = actions::executed_between(
        conn,
        &prediction.simulation_id,
        prediction.run_id,
        (made, prediction.due_at_tick),
    )
    .await?;
    let came = match took_effect.as_slice() {
        [] => Came::NotActed,
        [(id, tick)] if *id == prediction.action_id && *tick <= made + ticks(SOON_S) => Came::Acted,
        _ => return Ok(not_comparable),
    };
    let due = prediction.due_at_tick;
    let end = (due - ticks(END_S)).max(0).cast_unsigned();
    let got = hub.users().mean(end, due.cast_unsigned());
    Ok(got.map_or(not_comparable, |users| (came, Some((users.p99_ms, users.error_pct)))))
}
