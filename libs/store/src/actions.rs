//! `actions`: proposals and their lives. Written by the orchestrator alone.
//!
//! Every change is one UPDATE with the expected state in its WHERE: of many who try, one finds the row as expected.

mod change;
mod decide;
pub mod gate;
mod live;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Page, StoreError};

pub use change::{Transition, expire_due, judge, supersede_pending, transition};
pub use decide::{Held, Ruling, Verdict, hold, rule, settle};
pub use live::{Live, last_attempt, live_by, live_count, live_on, lock_proposals};

/// Where an action stands; the numbers are those of the wire contract and of `actions.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// Waits for a decision.
    Proposed = 1,
    /// Approved; the command is on its way.
    Approved = 2,
    /// Took effect.
    Executing = 3,
    /// Its work is done.
    Succeeded = 4,
    /// Refused by sim-engine, or could not be finished.
    Failed = 5,
    /// An operator said no.
    Rejected = 6,
    /// Nobody decided in time.
    Expired = 7,
    /// Called back after approval.
    Cancelled = 8,
    /// No longer wanted.
    Superseded = 9,
}

impl Status {
    /// The number in the table.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// An action at its latest version. `proposed_at` is simulated, the other times are the database's wall clock.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ActionRow {
    /// Derived id.
    pub id: Uuid,
    /// Simulation it is meant for.
    pub simulation_id: String,
    /// Run it is meant for.
    pub run_id: Uuid,
    /// Incident it answers.
    pub incident_id: Uuid,
    /// What to do, as on the wire.
    pub action_type: i32,
    /// To whom.
    pub target_id: String,
    /// Version of the target that the agent looked at.
    pub target_version: i64,
    /// Replicas to add or remove.
    pub replicas: i32,
    /// Where it stands ([`Status`]).
    pub status: i32,
    /// Raised at every change.
    pub version: i64,
    /// Why it was proposed.
    pub reason: String,
    /// Tick of the proposal.
    pub proposed_at_tick: i64,
    /// Simulated time of the proposal.
    pub proposed_at: DateTime<Utc>,
    /// Agent.
    pub proposed_by: String,
    /// Which attempt for the incident, from 1.
    pub attempt: i32,
    /// When it can no longer be approved.
    pub expires_at: DateTime<Utc>,
    /// Who decided, or empty.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected, cancelled or superseded, or empty.
    pub decision_reason: String,
    /// Tick it took effect at; 0 before.
    pub executed_at_tick: i64,
    /// Tick its work was done at; 0 before.
    pub completed_at_tick: i64,
    /// What came of it, in words.
    pub outcome: String,
    /// 0 not judged, 1 effective, 2 ineffective, 3 harmful.
    pub effect: i32,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Whose yes it takes: 1 ask, 2 auto-approve, 3 two-person.
    pub approval_mode: i32,
    /// Name of the policy that says so.
    pub policy: String,
    /// Why that policy.
    pub policy_reason: String,
    /// Who has approved it so far.
    pub approvals: Json<Vec<Approval>>,
    /// How many different people have to.
    pub approvals_needed: i32,
    /// `replicas` as it was proposed; `None` when nobody changed it.
    pub proposed_replicas: Option<i32>,
    /// Who changed it, or empty.
    pub replicas_by: String,
    /// The action that did harm, and that it takes back.
    pub rolls_back: Option<Uuid>,
}

/// Somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A proposal as an agent makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Derived id.
    pub id: Uuid,
    /// Simulation it is meant for.
    pub simulation_id: String,
    /// Run it is meant for.
    pub run_id: Uuid,
    /// Incident it answers.
    pub incident_id: Uuid,
    /// What to do, as on the wire.
    pub action_type: i32,
    /// To whom.
    pub target_id: String,
    /// Version of the target that the agent looked at.
    pub target_version: i64,
    /// Replicas to add or remove.
    pub replicas: i32,
    /// Why.
    pub reason: String,
    /// Tick of the proposal.
    pub proposed_at_tick: i64,
    /// Simulated time of the proposal.
    pub proposed_at: DateTime<Utc>,
    /// Agent.
    pub proposed_by: String,
    /// Which attempt for the incident, from 1.
    pub attempt: i32,
    /// The action that did harm, and that it takes back.
    pub rolls_back: Option<Uuid>,
}

/// Which actions.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Only this simulation.
    pub simulation_id: Option<String>,
    /// Only for this incident.
    pub incident_id: Option<Uuid>,
    /// And for what was put down to it.
    pub with_symptoms: bool,
}

/// Records a proposal as version 1, PROPOSED, expiring `valid_for` from the database's now. `false` when an action
/// with that id is there already, whatever became of it.
pub async fn record_proposed(
    conn: &mut PgConnection,
    proposal: &Proposal,
    ruling: &Ruling,
    valid_for: std::time::Duration,
) -> Result<bool, StoreError> {
    // A hypertable's unique key contains the time, so the id alone is kept unique by a lock and a look.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1::text, 0))")
        .bind(proposal.id)
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("lock a proposal's id"))?;
    let recorded = sqlx::query(
        "insert into actions
            (id, simulation_id, run_id, incident_id, action_type, target_id, target_version, replicas, status, version,
             reason, proposed_at_tick, proposed_at, proposed_by, attempt, expires_at,
             approval_mode, policy, policy_reason, approvals_needed, rolls_back)
         select $1, $2, $3, $4, $5, $6, $7, $8, 1, 1, $9, $10, $11, $12, $13,
                clock_timestamp() + make_interval(secs => $14), $15, $16, $17, $18, $19
         where not exists (select from actions where id = $1)
         on conflict do nothing",
    )
    .bind(proposal.id)
    .bind(&proposal.simulation_id)
    .bind(proposal.run_id)
    .bind(proposal.incident_id)
    .bind(proposal.action_type)
    .bind(&proposal.target_id)
    .bind(proposal.target_version)
    .bind(proposal.replicas)
    .bind(&proposal.reason)
    .bind(proposal.proposed_at_tick)
    .bind(proposal.proposed_at)
    .bind(&proposal.proposed_by)
    .bind(proposal.attempt)
    .bind(valid_for.as_secs_f64())
    .bind(ruling.mode)
    .bind(&ruling.policy)
    .bind(&ruling.reason)
    .bind(ruling.approvals_needed)
    .bind(proposal.rolls_back)
    .execute(conn)
    .await
    .map_err(StoreError::query("record a proposal"))?;
    Ok(recorded.rows_affected() == 1)
}

/// One action.
pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Option<ActionRow>, StoreError> {
    sqlx::query_as("select * from actions where id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read an action"))
}

/// Actions that wait for a decision and can still get one, oldest first, at most 1 000.
pub async fn pending(
    conn: &mut PgConnection,
    simulation_id: Option<&str>,
) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions
         where status = 1 and expires_at > clock_timestamp() and ($1::text is null or simulation_id = $1)
         order by proposed_at, id limit 1000",
    )
    .bind(simulation_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the pending actions"))
}

/// Actions in any of these states, oldest first, at most 1 000: what a restarted orchestrator has to look after.
pub async fn in_status(
    conn: &mut PgConnection,
    simulation_id: Option<&str>,
    states: &[Status],
) -> Result<Vec<ActionRow>, StoreError> {
    let codes: Vec<i32> = states.iter().map(|state| state.code()).collect();
    sqlx::query_as(
        "select * from actions
         where status = any($2) and ($1::text is null or simulation_id = $1)
         order by proposed_at, id limit 1000",
    )
    .bind(simulation_id)
    .bind(codes)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list actions by status"))
}

/// Proposals that wait for a decision and of which nothing is predicted yet, oldest first, at most 10.
pub async fn unpredicted(conn: &mut PgConnection) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions a
         where status = 1 and expires_at > clock_timestamp() and rolls_back is null
           and not exists (select from action_predictions p where p.action_id = a.id)
         order by proposed_at, id limit 100",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the proposals without a prediction"))
}

/// Actions of a run that took effect from one tick to another, with the tick, at most 3: more are no experiment.
pub async fn executed_between(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Uuid,
    (from, to): (i64, i64),
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    sqlx::query_as(
        "select id, executed_at_tick from actions
         where simulation_id = $1 and run_id = $2 and executed_at_tick between $3 and $4 limit 3",
    )
    .bind(simulation_id)
    .bind(run_id)
    .bind(from)
    .bind(to)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list what took effect"))
}

/// Everything that took effect in a run up to a tick, in order, at most 1 000, without what took harm back.
pub async fn deeds(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Uuid,
    until: i64,
) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions
         where simulation_id = $1 and run_id = $2 and executed_at_tick between 1 and $3 and rolls_back is null
         order by executed_at_tick, id limit 1000",
    )
    .bind(simulation_id)
    .bind(run_id)
    .bind(until)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list what took effect in a run"))
}

/// Succeeded actions whose effect nobody has judged yet, oldest first, at most 1 000.
pub async fn unjudged(conn: &mut PgConnection, simulation_id: &str) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as(
        "select * from actions where simulation_id = $1 and status = 4 and effect = 0
         order by proposed_at, id limit 1000",
    )
    .bind(simulation_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the actions without a verdict"))
}

/// Actions in any state, newest first.
pub async fn history(
    conn: &mut PgConnection,
    filter: &ActionFilter,
    page: Page,
) -> Result<Vec<ActionRow>, StoreError> {
    let (after_at, after_id) = page.bounds();
    sqlx::query_as(
        "select * from actions
         where ($1::text is null or simulation_id = $1)
           and ($2::uuid is null or incident_id = $2
                or ($3 and incident_id in (select id from incidents where symptom_of = $2)))
           and ($4::timestamptz is null or (proposed_at, id) < ($4, $5))
         order by proposed_at desc, id desc limit $6",
    )
    .bind(&filter.simulation_id)
    .bind(filter.incident_id)
    .bind(filter.with_symptoms)
    .bind(after_at)
    .bind(after_id)
    .bind(page.rows())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list actions"))
}

/// Every action for an incident, by attempt.
pub async fn for_incident(conn: &mut PgConnection, incident_id: Uuid) -> Result<Vec<ActionRow>, StoreError> {
    sqlx::query_as("select * from actions where incident_id = $1 order by attempt, proposed_at limit 1000")
        .bind(incident_id)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the actions for an incident"))
}
