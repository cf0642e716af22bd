//! Whether what was done helped, by the rules of `remedy::verification`. What did harm is taken back: the inverse is recorded as an
//! action of our own, which a policy of our own approves at once.
//!
//! Simulated time passes only while sim-engine says so, and what users got is known from the telemetry of the last minutes: after a
//! restart harm is told from what comes, or not at all.

use std::collections::HashMap;
use std::time::Duration;

use proto::ops::v1::{ActionEffect, PreviewRequest, PreviewResponse};
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, SimulationState};
use remedy::action::rollback_id;
use remedy::foresight::FUTURES;
use remedy::verification::{self, Deed, HORIZON_S, Standing, Users, WINDOW_S, Worse};
use remedy::{Expectation, Remedy};
use store::actions::{self, ActionRow, Proposal, Ruling, Status};
use store::{PgConnection, StoreError, incidents, predictions};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::api::control;
use crate::app::App;
use crate::consume::incidents::judge_effective;
use crate::convert;
use crate::hub::Hub;
use crate::proposal::version_of;
use crate::record::{self, Change};

/// How often it looks: harm is to be taken back within a simulated minute, at ten times the speed as well.
const PERIOD: Duration = Duration::from_millis(500);
/// Name of the policy that approves what takes harm back.
pub(crate) const POLICY: &str = "roll-back";

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    let mut rounds = tokio::time::interval(PERIOD);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = HashMap::new();
    while app.shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        match round(&app, &mut asked).await {
            Ok(0) => {}
            Ok(actions) => {
                app.relay.wake();
                tracing::info!(actions, "actions judged");
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "verdicts wait for the database");
            }
        }
    }
}

/// Ticks at which suspicions were looked into last, by action.
type Asked = HashMap<Uuid, u64>;

async fn round(app: &App, asked: &mut Asked) -> Result<usize, StoreError> {
    let (mut judged, mut open) = (0, Vec::new());
    for (_, hub) in app.hubs.all() {
        let Some(state) = hub.state() else { continue };
        let rows = {
            let mut conn = app.store.acquire().await?;
            actions::unjudged(&mut conn, &state.simulation_id).await?
        };
        for row in rows.into_iter().filter(|row| row.run_id.to_string() == state.run_id) {
            open.push(row.id);
            judged += usize::from(consider(app, &hub, &state, row, asked).await?);
        }
    }
    asked.retain(|id, _| open.contains(id));
    Ok(judged)
}

/// Judges an action if it can be told by now; whether it was.
async fn consider(
    app: &App,
    hub: &Hub,
    state: &SimulationState,
    row: ActionRow,
    asked: &mut Asked,
) -> Result<bool, StoreError> {
    let (incident, predicted) = {
        let mut conn = app.store.acquire().await?;
        (incidents::get(&mut conn, row.incident_id).await?, predictions::get(&mut conn, row.id).await?)
    };
    let deed = Deed {
        executed_tick: u64::try_from(row.executed_at_tick).unwrap_or_default(),
        completed_tick: u64::try_from(row.completed_at_tick).ok(),
        takes_back: convert::takes_back(&row),
        resolved: incident.as_ref().is_some_and(|incident| incident.resolved),
    };
    if let Some(worse) = hub.users().worsened(&deed, state.tick, state.tick_ms)
        && row.rolls_back.is_none()
        && asked.get(&row.id).is_none_or(|at| verification::asks_again(*at, state.tick, state.tick_ms))
    {
        asked.insert(row.id, state.tick);
        let nothing = predicted.map(|known| Users {
            error_pct: known.nothing.error_pct.high,
            p99_ms: known.nothing.p99_ms.high,
        });
        if let Some(harm) = harm(app, &row, worse, nothing).await {
            return record_harm(app, state, row, harm).await;
        }
    }
    let mut tx = app.store.begin().await?;
    let change = match verification::standing(&deed, state.tick, state.tick_ms) {
        Standing::Open => None,
        Standing::Effective if deed.takes_back => quiet(&mut tx, &row).await?,
        Standing::Effective => {
            let resolution = incident.map(|incident| incident.resolution).unwrap_or_default();
            judge_effective(&mut tx, &row, &resolution).await?
        }
        Standing::Ineffective => {
            let outcome = format!("the incident was still open {WINDOW_S:.0} simulated seconds after it");
            judge(&mut tx, &row, ActionEffect::Ineffective, outcome).await?
        }
    };
    let Some(change) = change else { return Ok(false) };
    record::changes(&mut tx, &[change], None).await?;
    tx.commit().await?;
    Ok(true)
}

/// What took something back was right when nobody is worse off for it.
async fn quiet(conn: &mut PgConnection, row: &ActionRow) -> Result<Option<Change>, StoreError> {
    let outcome = "users were no worse off a minute after it".to_owned();
    judge(conn, row, ActionEffect::Effective, outcome).await
}

async fn judge(
    conn: &mut PgConnection,
    row: &ActionRow,
    effect: ActionEffect,
    outcome: String,
) -> Result<Option<Change>, StoreError> {
    let judged = actions::judge(conn, row.id, effect.into(), &outcome).await?;
    Ok(judged.map(|row| Change {
        from: Some(Status::Succeeded),
        row,
        actor: record::PRODUCER.to_owned(),
        verb: "action.effect",
        reason: outcome,
    }))
}

/// Harm that an action did.
struct Harm {
    worse: Worse,
    /// What takes it back, and the present version of its target; `None` for what cannot be.
    inverse: Option<(Remedy, u64)>,
}

/// Whether the action is to blame that users are worse off.
async fn harm(app: &App, row: &ActionRow, worse: Worse, nothing: Option<Users>) -> Option<Harm> {
    let Some(inverse) = convert::remedy(row)?.inverse() else {
        let blame = verification::is_worse_than_expected(&worse, nothing?);
        return blame.then_some(Harm { worse, inverse: None });
    };
    let taking_back = expectation(app, &row.simulation_id, &inverse).await?;
    if !verification::is_to_blame(&taking_back) {
        return None;
    }
    let request = GetTopologyRequest { simulation_id: row.simulation_id.clone() };
    let answer: GetTopologyResponse = control::call(app, "GetTopology", &request).await.ok()?;
    let version = version_of(&answer.topology?, inverse.kind(), inverse.target().id())?;
    if version == 0 {
        return None;
    }
    Some(Harm { worse, inverse: Some((inverse, version)) })
}

/// What is expected of a remedy now.
async fn expectation(app: &App, simulation_id: &str, remedy: &Remedy) -> Option<Expectation> {
    let request = PreviewRequest {
        simulation_id: simulation_id.to_owned(),
        actions: vec![wire::planned(remedy)],
        futures: FUTURES,
        horizon_s: HORIZON_S,
    };
    let answer: Result<PreviewResponse, _> = control::call(app, "Preview", &request).await;
    let answer = answer.inspect_err(|error| {
        tracing::info!(why = error.message(), "a suspicion of harm cannot be looked into now");
    });
    wire::expectations(std::slice::from_ref(remedy), &answer.ok()?.preview?)?.pop()
}

/// Judges, and records what takes the harm back; both or neither.
async fn record_harm(
    app: &App,
    state: &SimulationState,
    row: ActionRow,
    Harm { worse, inverse }: Harm,
) -> Result<bool, StoreError> {
    let mut tx = app.store.begin().await?;
    let Some(change) = judge(&mut tx, &row, ActionEffect::Harmful, worse.to_string()).await? else {
        return Ok(false);
    };
    let mut changes = vec![change];
    if let Some((remedy, version)) = inverse {
        let proposal = proposal(state, &row, &remedy, version, &worse);
        let ruling = Ruling {
            mode: proto::ops::v1::ApprovalMode::AutoApprove.into(),
            policy: POLICY.to_owned(),
            reason: "What did harm is taken back without asking: whoever approved it wanted it to help."
                .to_owned(),
            approvals_needed: 1,
        };
        if actions::record_proposed(&mut tx, &proposal, &ruling, app.limits.action_ttl).await?
            && let Some(row) = actions::get(&mut tx, proposal.id).await?
        {
            changes.push(Change {
                from: None,
                actor: record::PRODUCER.to_owned(),
                verb: "action.propose",
                reason: row.reason.clone(),
                row,
            });
        }
    }
    record::changes(&mut tx, &changes, None).await?;
    tx.commit().await?;
    tracing::warn!(action_id = %row.id, target = row.target_id, %worse, rolled_back = changes.len() > 1, "an action did harm");
    Ok(true)
}

fn proposal(
    state: &SimulationState,
    row: &ActionRow,
    remedy: &Remedy,
    version: u64,
    worse: &Worse,
) -> Proposal {
    let time = state.time.and_then(|time| time.try_into().ok());
    Proposal {
        id: rollback_id(row.id),
        simulation_id: row.simulation_id.clone(),
        run_id: row.run_id,
        incident_id: row.incident_id,
        action_type: wire::action_type(remedy.kind()).into(),
        target_id: remedy.target().id().to_owned(),
        target_version: version.cast_signed(),
        replicas: remedy.replicas().cast_signed(),
        reason: format!("Takes {} of {} back: {worse}.", convert::type_name(row.action_type), row.target_id),
        proposed_at_tick: state.tick.cast_signed(),
        proposed_at: time.unwrap_or(row.proposed_at),
        proposed_by: record::PRODUCER.to_owned(),
        attempt: row.attempt,
        rolls_back: Some(row.id),
    }
}
