//! `agent_state`, `agent_decisions`, `agent_cooldowns`: what agent-service knows, and decided.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What the remediation core knows about one incident.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AgentState {
    /// Incident.
    pub incident_id: Uuid,
    /// Its simulation.
    pub simulation_id: String,
    /// Its run.
    pub run_id: Uuid,
    /// The core's own document.
    pub state: Value,
    /// Tick of the last change.
    pub updated_tick: i64,
}

/// A decision, to act or not to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentDecision {
    /// Incident.
    pub incident_id: Uuid,
    /// Tick it was decided at.
    pub tick: i64,
    /// The proposed action, if any.
    pub action_id: Option<Uuid>,
    /// What was decided, for example `propose` or `wait`.
    pub decision: String,
    /// Why, in words and numbers.
    pub reason: String,
}

/// Something that must not be done again yet.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentCooldown {
    /// Simulation.
    pub simulation_id: String,
    /// The core's name for it.
    pub key: String,
    /// First tick at which it may be done again.
    pub until_tick: i64,
}

/// Every state of a simulation; with a run, of that run only.
pub async fn states(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Option<Uuid>,
) -> Result<Vec<AgentState>, StoreError> {
    sqlx::query_as(
        "select incident_id, simulation_id, run_id, state, updated_tick from agent_state
         where simulation_id = $1 and ($2::uuid is null or run_id = $2) order by incident_id",
    )
    .bind(simulation_id)
    .bind(run_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the agent's state"))
}

/// The state of one incident.
pub async fn state(conn: &mut PgConnection, incident_id: Uuid) -> Result<Option<AgentState>, StoreError> {
    sqlx::query_as(
        "select incident_id, simulation_id, run_id, state, updated_tick from agent_state where incident_id = $1",
    )
    .bind(incident_id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the agent's state of an incident"))
}

/// Writes the state of one incident.
pub async fn save_state(conn: &mut PgConnection, state: &AgentState) -> Result<(), StoreError> {
    sqlx::query(
        "insert into agent_state (incident_id, simulation_id, run_id, state, updated_tick)
         values ($1, $2, $3, $4, $5)
         on conflict (incident_id) do update
            set state = excluded.state, updated_tick = excluded.updated_tick, updated_at = clock_timestamp()",
    )
    .bind(state.incident_id)
    .bind(&state.simulation_id)
    .bind(state.run_id)
    .bind(&state.state)
    .bind(state.updated_tick)
    .execute(conn)
    .await
    .map_err(StoreError::query("save the agent's state"))?;
    Ok(())
}

/// Forgets an incident that is over.
pub async fn remove_state(conn: &mut PgConnection, incident_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("delete from agent_state where incident_id = $1")
        .bind(incident_id)
        .execute(conn)
        .await
        .map_err(StoreError::query("forget the agent's state"))?;
    Ok(())
}

/// Records a decision. `false` when the incident was decided on at that tick before: the first decision stands.
pub async fn record_decision(conn: &mut PgConnection, decision: &AgentDecision) -> Result<bool, StoreError> {
    let recorded = sqlx::query(
        "insert into agent_decisions (incident_id, tick, action_id, decision, reason)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(decision.incident_id)
    .bind(decision.tick)
    .bind(decision.action_id)
    .bind(&decision.decision)
    .bind(&decision.reason)
    .execute(conn)
    .await
    .map_err(StoreError::query("record the agent's decision"))?;
    Ok(recorded.rows_affected() == 1)
}

/// Every decision on an incident, oldest first.
pub async fn decisions(conn: &mut PgConnection, incident_id: Uuid) -> Result<Vec<AgentDecision>, StoreError> {
    sqlx::query_as(
        "select incident_id, tick, action_id, decision, reason from agent_decisions
         where incident_id = $1 order by tick",
    )
    .bind(incident_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the agent's decisions"))
}

/// Starts or prolongs a cooldown; never shortens one.
pub async fn set_cooldown(conn: &mut PgConnection, cooldown: &AgentCooldown) -> Result<(), StoreError> {
    sqlx::query(
        "insert into agent_cooldowns as c (simulation_id, key, until_tick) values ($1, $2, $3)
         on conflict (simulation_id, key) do update set until_tick = greatest(c.until_tick, excluded.until_tick)",
    )
    .bind(&cooldown.simulation_id)
    .bind(&cooldown.key)
    .bind(cooldown.until_tick)
    .execute(conn)
    .await
    .map_err(StoreError::query("set a cooldown"))?;
    Ok(())
}

/// A line of the track record.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Trials {
    /// What was to be cured.
    pub ailment: String,
    /// What was done, for example `SCALE_UP`.
    pub action_type: String,
    /// Times it helped.
    pub helped: i64,
    /// Times it was tried.
    pub tried: i64,
}

/// Adds a verdict to the track record.
pub async fn learn(
    conn: &mut PgConnection,
    ailment: &str,
    action_type: &str,
    helped: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into agent_track_record as t (ailment, action_type, helped, tried) values ($1, $2, $3::int, 1)
         on conflict (ailment, action_type) do update set helped = t.helped + excluded.helped, tried = t.tried + 1",
    )
    .bind(ailment)
    .bind(action_type)
    .bind(helped)
    .execute(conn)
    .await
    .map_err(StoreError::query("add to the track record"))?;
    Ok(())
}

/// The track record.
pub async fn track_record(conn: &mut PgConnection) -> Result<Vec<Trials>, StoreError> {
    sqlx::query_as("select ailment, action_type, helped, tried from agent_track_record order by 1, 2")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read the track record"))
}

/// Every cooldown of a simulation.
pub async fn cooldowns(
    conn: &mut PgConnection,
    simulation_id: &str,
) -> Result<Vec<AgentCooldown>, StoreError> {
    sqlx::query_as(
        "select simulation_id, key, until_tick from agent_cooldowns where simulation_id = $1 order by key",
    )
    .bind(simulation_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the cooldowns"))
}

/// Forgets the cooldowns of a simulation: a new run counts its ticks from 0.
pub async fn clear_cooldowns(conn: &mut PgConnection, simulation_id: &str) -> Result<(), StoreError> {
    sqlx::query("delete from agent_cooldowns where simulation_id = $1")
        .bind(simulation_id)
        .execute(conn)
        .await
        .map_err(StoreError::query("clear the cooldowns"))?;
    Ok(())
}
