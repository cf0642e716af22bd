//! Approves what a policy approves, and keeps everybody told whose yes a waiting proposal takes: every second each one is judged by the
//! policies in force, with a look ahead where one of them asks for it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use proto::ops::v1::{ActionType, ApprovalMode, PlannedAction, PreviewRequest, PreviewResponse};
use remedy::RemedyKind;
use remedy::lifecycle::Answer;
use remedy::policy::{self, Facts, Hold, Predicted, Surroundings};
use rulebook::switch::Switch;
use store::actions::{self, ActionRow, Status};
use store::{StoreError, incidents};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::{InForce, facts as known};
use crate::api::control;
use crate::app::App;
use crate::decision::{self, Decision, Request};
use crate::hub::Hub;
use crate::record::{self, Change, Note};

/// Between two rounds: what a policy approves is approved about a second after it was proposed.
const PERIOD: Duration = Duration::from_secs(1);
/// A prediction counts for so long, wall clock; then the cloud is another one.
const PREDICTION_COUNTS_FOR: Duration = Duration::from_secs(10);
/// Predictions a round: each keeps a core of sim-engine busy for a second or two.
const PREDICTIONS_A_ROUND: usize = 1;

/// What is remembered of waiting proposals between rounds.
#[derive(Debug, Default)]
struct Memory {
    predictions: HashMap<Uuid, (Instant, Option<Predicted>)>,
    /// What kept each from being approved, last.
    holds: BTreeMap<Uuid, Hold>,
}

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    let mut rounds = tokio::time::interval(PERIOD);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut memory = Memory::default();
    while app.shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        if let Err(error) = round(&app, &mut memory).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "policies wait for the database");
        }
    }
}

async fn round(app: &App, memory: &mut Memory) -> Result<(), StoreError> {
    let waiting = {
        let mut conn = app.store.acquire().await?;
        actions::pending(&mut conn, None).await?
    };
    memory.predictions.retain(|id, _| waiting.iter().any(|row| row.id == *id));
    memory.holds.retain(|id, _| waiting.iter().any(|row| row.id == *id));
    if waiting.is_empty() {
        return Ok(());
    }
    let Some(in_force) = super::in_force(app).await else { return Ok(()) };
    let mut looks = PREDICTIONS_A_ROUND;
    for row in waiting {
        consider(app, memory, &in_force, row, &mut looks).await?;
    }
    Ok(())
}

async fn consider(
    app: &App,
    memory: &mut Memory,
    in_force: &InForce,
    row: ActionRow,
    looks: &mut usize,
) -> Result<(), StoreError> {
    if row.rolls_back.is_some() {
        let Some(facts) = of_row(app, &row).await? else { return Ok(()) };
        return approve(app, memory, &facts, &row).await;
    }
    // As it is as long as nobody has set any policy: nothing more is to be looked up.
    if in_force.is_none()
        && row.policy == policy::DEFAULT
        && row.approval_mode == i32::from(ApprovalMode::Ask)
    {
        return Ok(());
    }
    let Some(mut facts) = of_row(app, &row).await? else { return Ok(()) };
    let mut ruling = in_force.decide(&facts);
    let mut timely = true;
    if ruling.wants_prediction {
        (facts.predicted, timely) = memory.prediction(app, &row, looks).await;
        ruling = in_force.decide(&facts);
    }
    let ruled = super::stored(&ruling);
    let row = if (row.approval_mode, &row.policy) == (ruled.mode, &ruled.policy) {
        row
    } else {
        match rule_anew(app, &row, &ruled).await? {
            Some(row) => row,
            // Somebody was quicker.
            None => return Ok(()),
        }
    };
    if timely && row.approval_mode == i32::from(ApprovalMode::AutoApprove) {
        approve(app, memory, &facts, &row).await?;
    }
    Ok(())
}

/// What is known about a waiting proposal; `None` when its type is none of ours.
async fn of_row(app: &App, row: &ActionRow) -> Result<Option<Facts>, StoreError> {
    let Some(kind) = kind(row.action_type) else { return Ok(None) };
    let severity = {
        let mut conn = app.store.acquire().await?;
        incidents::get(&mut conn, row.incident_id).await?.map(|incident| incident.severity)
    };
    let topology = app.hubs.find(&row.simulation_id).and_then(|hub| hub.topology());
    let replicas = u32::try_from(row.replicas).unwrap_or_default();
    Ok(Some(known(kind, &row.target_id, replicas, severity, topology.as_deref())))
}

fn kind(action_type: i32) -> Option<RemedyKind> {
    ActionType::try_from(action_type).ok().and_then(wire::remedy_kind)
}

/// The policies have changed, or a prediction has come: another one applies.
async fn rule_anew(
    app: &App,
    row: &ActionRow,
    ruled: &actions::Ruling,
) -> Result<Option<ActionRow>, StoreError> {
    let mut tx = app.store.begin().await?;
    let Some(row) = actions::rule(&mut tx, row.id, row.version, ruled).await? else { return Ok(None) };
    let change = Change {
        from: Some(Status::Proposed),
        row: row.clone(),
        actor: record::PRODUCER.to_owned(),
        verb: "action.rule",
        reason: ruled.reason.clone(),
    };
    record::changes(&mut tx, &[change], None).await?;
    tx.commit().await?;
    app.relay.wake();
    Ok(Some(row))
}

/// Approves in the policy's name, if everything else allows that now.
async fn approve(app: &App, memory: &mut Memory, facts: &Facts, row: &ActionRow) -> Result<(), StoreError> {
    // While automation is paused nobody approves, and nothing is to be said about it for each proposal.
    if !matches!(Switch::look(&app.bus).await, Switch::Running(_)) {
        return Ok(());
    }
    let around = surroundings(app, &row.simulation_id).await?;
    if let Err(hold) = policy::permit(facts, &around) {
        return held(app, memory, row, hold).await;
    }
    let decision = Decision {
        action_id: row.id,
        says: Answer::Approve { replicas: None },
        by: format!("policy {}", row.policy),
        reason: row.policy_reason.clone(),
        expected_version: u64::try_from(row.version).ok(),
        automatic: true,
    };
    let request =
        Request { decision, idempotency_key: String::new(), body_hash: Vec::new(), traceparent: None };
    match decision::decide(app, &request).await {
        Ok(_) => {
            app.metrics.automatic("approved");
            tracing::info!(action_id = %row.id, policy = row.policy, "approved by a policy");
        }
        Err(refusal) => {
            app.metrics.automatic("refused");
            tracing::info!(action_id = %row.id, policy = row.policy, why = refusal.message(), "not approved by its policy now");
        }
    }
    Ok(())
}

/// Notes once what keeps a proposal from being approved without a person.
async fn held(app: &App, memory: &mut Memory, row: &ActionRow, hold: Hold) -> Result<(), StoreError> {
    app.metrics.automatic(hold.name());
    if memory.holds.get(&row.id) == Some(&hold) {
        return Ok(());
    }
    let note = Note {
        actor: format!("policy {}", row.policy),
        verb: "action.approve.held",
        simulation_id: row.simulation_id.clone(),
        subject_id: row.id.to_string(),
        reason: format!("Not approved without a person: {hold}."),
    };
    tracing::info!(action_id = %row.id, policy = row.policy, %hold, "a person has to approve");
    let mut tx = app.store.begin().await?;
    record::note(&mut tx, note, None).await?;
    tx.commit().await?;
    memory.holds.insert(row.id, hold);
    Ok(())
}

async fn surroundings(app: &App, simulation_id: &str) -> Result<Surroundings, StoreError> {
    let about: Vec<String> = {
        let mut conn = app.store.acquire().await?;
        let under_way = [Status::Approved, Status::Executing];
        let rows = actions::in_status(&mut conn, Some(simulation_id), &under_way).await?;
        let drains = rows.into_iter().filter(|row| kind(row.action_type) == Some(RemedyKind::DrainNode));
        drains.map(|row| row.target_id).collect()
    };
    let hub = app.hubs.find(simulation_id);
    let topology = hub.as_ref().and_then(Hub::topology);
    let sample_age_s = hub.and_then(|hub| {
        let state = hub.state()?;
        let newest = hub.latest().iter().map(|sample| sample.tick).max()?;
        Some(state.tick.saturating_sub(newest) as f64 * f64::from(state.tick_ms) / 1_000.0)
    });
    Ok(Surroundings {
        sample_age_s,
        silent: app.watchdog.silent(),
        zones: topology.map(|topology| super::facts::zones(&topology, &about)),
    })
}

impl Memory {
    /// What was predicted for a proposal last, `None` when that is not known, and whether that is recent enough to approve on.
    async fn prediction(
        &mut self,
        app: &App,
        row: &ActionRow,
        looks: &mut usize,
    ) -> (Option<Predicted>, bool) {
        let last = self.predictions.get(&row.id).copied();
        match last {
            Some((at, predicted)) if at.elapsed() < PREDICTION_COUNTS_FOR => return (predicted, true),
            _ if *looks == 0 => return (last.and_then(|(_, predicted)| predicted), false),
            _ => *looks -= 1,
        }
        let proposed = PlannedAction {
            r#type: row.action_type,
            target_id: row.target_id.clone(),
            replicas: u32::try_from(row.replicas).unwrap_or_default(),
        };
        let request = PreviewRequest {
            simulation_id: row.simulation_id.clone(),
            actions: vec![proposed],
            ..PreviewRequest::default()
        };
        let answer: Result<PreviewResponse, _> = control::call(app, "Preview", &request).await;
        let predicted = match answer {
            Ok(answer) => answer.preview.as_ref().and_then(super::facts::predicted),
            Err(error) => {
                tracing::info!(action_id = %row.id, why = error.message(), "a proposal cannot be looked ahead at now");
                None
            }
        };
        self.predictions.insert(row.id, (Instant::now(), predicted));
        (predicted, true)
    }
}
