//! What one step leaves behind, in one transaction: inbox mark, memory, decisions, and proposals in the outbox.

use chrono::{DateTime, Utc};
use prost::{Message as _, Name as _};
use proto::ops::v1::Action;
use remedy::track_record::{Lesson, Trials};
use remedy::{Decision, Memory, Output, Proposal, RemedyKind, Verdict, memory::IncidentMemory};
use store::{
    PgConnection, Store, StoreError,
    agent::{self, AgentCooldown, AgentDecision, AgentState},
    outbox::{self, OutboxMessage},
};
use uuid::Uuid;

use crate::convert::{self, Scope};

/// Name under which this service writes to the outbox.
pub(crate) const PRODUCER: &str = "agent-service";

/// What could not be stored or read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PersistError {
    /// The database.
    #[error("the agent's tables cannot be used")]
    Store(#[from] StoreError),
    /// A stored document is not one of ours.
    #[error(
        "the stored state of incident {incident} cannot be read; delete its row in agent_state to start over"
    )]
    Document {
        /// Incident.
        incident: Uuid,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl PersistError {
    /// Whether trying again may help.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Document { .. } => false,
        }
    }
}

/// What to write.
pub(crate) struct Step<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) tick: u64,
    pub(crate) output: &'a Output,
    pub(crate) before: &'a Memory,
    pub(crate) after: &'a Memory,
    /// A tick with its simulated time, for the times of others.
    pub(crate) anchor: (u64, DateTime<Utc>),
    pub(crate) tick_ms: u32,
}

impl Step<'_> {
    /// Writes everything but the inbox mark.
    pub(crate) async fn write(&self, conn: &mut PgConnection) -> Result<(), PersistError> {
        let changes = self.after.changes_since(self.before);
        for (incident, memory) in changes.incidents {
            match memory {
                Some(memory) => self.save(conn, incident, &memory).await?,
                None => agent::remove_state(conn, incident).await?,
            }
        }
        for (key, until) in changes.cooldowns {
            // One that has run out stays in its row and means nothing.
            let Some(until) = until else { continue };
            let cooldown = AgentCooldown {
                simulation_id: self.scope.simulation_id.clone(),
                key: cooldown_key(self.scope.run_id, &key),
                until_tick: signed(until),
            };
            agent::set_cooldown(conn, &cooldown).await?;
        }
        for decision in &self.output.decisions {
            agent::record_decision(conn, &decision_row(decision)).await?;
        }
        if let Some(Lesson { ailment, kind, helped }) = &self.output.lesson {
            agent::learn(conn, ailment, kind.name(), *helped).await?;
        }
        let messages: Vec<OutboxMessage> =
            self.output.proposals.iter().map(|proposal| self.message(proposal)).collect();
        outbox::enqueue_all(conn, PRODUCER, &messages.iter().collect::<Vec<_>>()).await?;
        Ok(())
    }

    async fn save(
        &self,
        conn: &mut PgConnection,
        incident_id: Uuid,
        memory: &IncidentMemory,
    ) -> Result<(), PersistError> {
        let state = serde_json::to_value(memory)
            .map_err(|source| PersistError::Document { incident: incident_id, source })?;
        let row = AgentState {
            incident_id,
            simulation_id: self.scope.simulation_id.clone(),
            run_id: self.scope.run_id,
            state,
            updated_tick: signed(self.tick),
        };
        Ok(agent::save_state(conn, &row).await?)
    }

    fn message(&self, proposal: &Proposal) -> OutboxMessage {
        let scope =
            Scope { time: convert::time_of(proposal.tick, self.anchor, self.tick_ms), ..self.scope.clone() };
        OutboxMessage {
            id: format!("{}:0", proposal.action_id),
            subject: bus::subjects::OPS_ACTIONS.to_owned(),
            message_type: Action::full_name(),
            simulation_id: scope.simulation_id.clone(),
            traceparent: proposal.traceparent.clone(),
            payload: convert::proposal(proposal, &scope).encode_to_vec(),
        }
    }
}

/// Reads back what is known about a run.
pub(crate) async fn load(store: &Store, scope: &Scope) -> Result<Memory, PersistError> {
    let mut tx = store.begin().await?;
    let mut memory = Memory::default();
    for row in agent::states(&mut tx, &scope.simulation_id, Some(scope.run_id)).await? {
        let known = serde_json::from_value(row.state)
            .map_err(|source| PersistError::Document { incident: row.incident_id, source })?;
        memory.incidents.insert(row.incident_id, known);
    }
    let of_run = cooldown_key(scope.run_id, "");
    for row in agent::cooldowns(&mut tx, &scope.simulation_id).await? {
        if let Some(key) = row.key.strip_prefix(&of_run) {
            memory.cooldowns.insert(key.to_owned(), u64::try_from(row.until_tick).unwrap_or(0));
        }
    }
    for row in agent::track_record(&mut tx).await? {
        // A kind of a newer version says nothing to this one.
        let Some(kind) = RemedyKind::named(&row.action_type) else { continue };
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let trials = Trials { helped: count(row.helped), tried: count(row.tried) };
        memory.record.add(&row.ailment, kind, trials);
    }
    tx.commit().await?;
    Ok(memory)
}

/// Forgets the cooldowns of earlier runs.
pub(crate) async fn forget_cooldowns(store: &Store, simulation_id: &str) -> Result<(), PersistError> {
    let mut tx = store.begin().await?;
    agent::clear_cooldowns(&mut tx, simulation_id).await?;
    Ok(tx.commit().await?)
}

/// Ticks mean nothing outside their run.
fn cooldown_key(run_id: Uuid, key: &str) -> String {
    format!("{run_id}/{key}")
}

fn decision_row(decision: &Decision) -> AgentDecision {
    let verdict = match decision.verdict {
        Verdict::Refused(rule) => format!("{}/{}", decision.verdict.name(), rule.name()),
        _ => decision.verdict.name().to_owned(),
    };
    AgentDecision {
        incident_id: decision.incident_id,
        tick: signed(decision.tick),
        action_id: decision.action_id,
        decision: verdict,
        reason: decision.reason.clone(),
    }
}

fn signed(tick: u64) -> i64 {
    i64::try_from(tick).unwrap_or(i64::MAX)
}
