//! Finished actions whose incident is still open: after the verification window they did not help.

use proto::ops::v1::ActionEffect;
use proto::sim::v1::SimulationState;
use store::actions::{self, ActionRow, Status};
use store::{PgConnection, StoreError, incidents};

use crate::app::App;
use crate::consume::incidents::judge_effective;
use crate::record::{self, Change};

/// How long an action may take to show an effect, simulated milliseconds.
const VERIFICATION_WINDOW_MS: u64 = 120_000;

pub(super) async fn run(app: &App) -> Result<usize, StoreError> {
    let mut judged = 0;
    for (_, hub) in app.hubs.all() {
        // Simulated time passes only while sim-engine says so.
        if let Some(state) = hub.state() {
            judged += judge_all(app, &state).await?;
        }
    }
    Ok(judged)
}

async fn judge_all(app: &App, state: &SimulationState) -> Result<usize, StoreError> {
    let mut tx = app.store.begin().await?;
    let mut changes = Vec::new();
    for row in actions::unjudged(&mut tx, &state.simulation_id).await? {
        if row.run_id.to_string() == state.run_id {
            changes.extend(judge(&mut tx, &row, state).await?);
        }
    }
    if changes.is_empty() {
        return Ok(0);
    }
    record::changes(&mut tx, &changes, None).await?;
    tx.commit().await?;
    Ok(changes.len())
}

async fn judge(
    conn: &mut PgConnection,
    row: &ActionRow,
    state: &SimulationState,
) -> Result<Option<Change>, StoreError> {
    let incident = incidents::get(conn, row.incident_id).await?;
    if let Some(incident) = incident.filter(|incident| incident.resolved) {
        return judge_effective(conn, row.id, &incident.resolution).await;
    }
    if !window_is_over(row, state) {
        return Ok(None);
    }
    let outcome =
        format!("the incident was still open {} simulated seconds after it", VERIFICATION_WINDOW_MS / 1_000);
    let judged = actions::judge(conn, row.id, ActionEffect::Ineffective.into(), &outcome).await?;
    Ok(judged.map(|row| Change {
        from: Some(Status::Succeeded),
        row,
        actor: record::PRODUCER.to_owned(),
        verb: "action.effect",
        reason: outcome,
    }))
}

fn window_is_over(row: &ActionRow, state: &SimulationState) -> bool {
    let completed = u64::try_from(row.completed_at_tick).unwrap_or(u64::MAX);
    let ticks = state.tick.saturating_sub(completed);
    ticks.saturating_mul(u64::from(state.tick_ms)) >= VERIFICATION_WINDOW_MS
}
