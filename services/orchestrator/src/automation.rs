//! The kill switch: pausing automation and letting it go on, and calling back what was approved and has not begun.
//!
//! It is kept in a bucket and asked for at the moment something is about to be done, so that a pause that was answered counts
//! everywhere at once, whatever is restarted. Pausing needs no database; calling back follows as soon as there is one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use connectrpc_axum::ConnectError;
use proto::ops::v1::{Automation, AutomationMode, AutomationState, GetAutomationResponse};
use rulebook::Change as Written;
use rulebook::switch::{KEY, Switch};
use serde_json::{Value, json};
use store::actions::{self, Status, Transition, gate};
use store::{StoreError, audit, outbox};
use uuid::Uuid;

use crate::app::App;
use crate::change::{self, Last, Subject};
use crate::decision;
use crate::error;
use crate::record::{self, Change};

/// How long the answer of a pause waits for the database to call commands back. The pause holds without.
const CALL_BACK_WITHIN: Duration = Duration::from_secs(2);
/// What the audit calls it.
const SUBJECT: &str = "automation/switch";

/// What is to become of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Pause,
    Resume,
}

impl Subject for Automation {
    const SERVICE: &'static str = "PolicyService";
    const CALLED: &'static str = "automation";

    fn version(&self) -> u64 {
        self.version
    }

    fn last(&self) -> Last<'_> {
        Last {
            verb: if self.state() == AutomationState::Running { "resumed" } else { "paused" },
            by: &self.changed_by,
            at: self.changed_at,
            reason: &self.reason,
        }
    }

    fn signed(self, changed_by: String, at: DateTime<Utc>, reason: String) -> Self {
        Self { changed_by, changed_at: Some(at.into()), reason, ..self }
    }

    /// Who paused it first, and why, is not written over by who pauses it again.
    fn says_the_same(&self, other: &Self) -> bool {
        self.state() == other.state()
    }

    fn simulation_id(&self) -> String {
        String::new()
    }

    fn state(&self) -> Value {
        json!({ "version": self.version, "state": Automation::state(self).as_str_name() })
    }

    fn ready(_app: &App) -> Result<(), ConnectError> {
        Ok(())
    }
}

impl change::Wish for Wish {
    type Subject = Automation;

    async fn on(
        &self,
        _app: &App,
        _key: &str,
        kept: Option<&Automation>,
    ) -> Result<Automation, ConnectError> {
        let state = match self {
            Self::Pause => AutomationState::Paused,
            Self::Resume => AutomationState::Running,
        };
        Ok(Automation { state: state.into(), ..kept.cloned().unwrap_or_default() })
    }
}

/// How things stand, for people.
pub(crate) async fn shown(app: &App) -> GetAutomationResponse {
    let kept = Switch::look(&app.bus).await;
    let (mode, explanation) = match kept.why_not() {
        Some(why) => (AutomationMode::Paused, why),
        None => match app.watchdog.why_manual() {
            Some(why) => (AutomationMode::Manual, why),
            None => (AutomationMode::Automatic, "Automation runs.".to_owned()),
        },
    };
    let automation = match kept {
        Switch::Running(automation) | Switch::Paused(automation) => Some(automation),
        Switch::Unset | Switch::Unreadable => None,
    };
    GetAutomationResponse { automation, mode: mode.into(), explanation }
}

/// The refusal of whatever a pause forbids.
pub(crate) fn refusal(switch: &Switch) -> ConnectError {
    let why = switch.why_not().unwrap_or_default();
    let why = why.trim_end_matches('.');
    match switch {
        Switch::Unreadable | Switch::Unset => error::unavailable(format!(
            "{why}. Nothing was approved; try again in a moment, and see GET /readyz."
        )),
        Switch::Paused(_) | Switch::Running(_) => error::precondition(format!(
            "{why}. Nothing can be approved until somebody resumes it (`microcloud automation resume --reason …`, or the dashboard)."
        )),
    }
}

/// Calls back what was approved before a pause and has not left, as far as the database allows in a moment; the job of that name
/// does the rest.
pub(crate) async fn call_back_now(app: &App, paused: &Automation) -> u32 {
    let switch = Switch::of(Some(paused.clone()));
    match tokio::time::timeout(CALL_BACK_WITHIN, call_back(app, &switch)).await {
        Ok(Ok(count)) => u32::try_from(count).unwrap_or(u32::MAX),
        Ok(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "commands are called back when the database is there"
            );
            0
        }
        Err(_elapsed) => {
            tracing::warn!("the database did not answer in time: commands are called back when it does");
            0
        }
    }
}

/// Cancels every approved action whose command has not left. Those that have left are refused by sim-engine, which says so.
pub(crate) async fn call_back(app: &App, switch: &Switch) -> Result<usize, StoreError> {
    let Some(why) = switch.why_not() else { return Ok(0) };
    let mut tx = app.store.begin().await?;
    gate::shut(&mut tx).await?;
    let with = Transition { decision_reason: Some(why.clone()), ..Transition::default() };
    let mut changes = Vec::new();
    for row in actions::in_status(&mut tx, None, &[Status::Approved]).await? {
        if !outbox::withdraw(&mut tx, record::PRODUCER, &decision::command_id(&row).to_string()).await? {
            continue;
        }
        let moved =
            actions::transition(&mut tx, row.id, &[Status::Approved], Status::Cancelled, &with).await?;
        changes.extend(moved.map(|row| Change {
            from: Some(Status::Approved),
            row,
            actor: record::PRODUCER.to_owned(),
            verb: "action.cancel",
            reason: why.clone(),
        }));
    }
    record::changes(&mut tx, &changes, None).await?;
    tx.commit().await?;
    app.relay.wake();
    Ok(changes.len())
}

/// Writes the switch where there is none: automation runs after the very first start. One that was there and is lost comes back
/// paused, because nobody knows how it stood.
pub(crate) async fn keep(app: &App) -> Result<(), StoreError> {
    if Switch::look(&app.bus).await != Switch::Unset {
        return Ok(());
    }
    let before = {
        let mut conn = app.store.acquire().await?;
        audit::last_of_subject(&mut conn, SUBJECT).await?
    };
    let (state, reason) = match before {
        None => (AutomationState::Running, "first start"),
        Some(_) => (AutomationState::Paused, "its bucket was lost: see what is going on, then resume"),
    };
    let switch = Automation {
        state: state.into(),
        version: 0,
        changed_by: "the orchestrator".to_owned(),
        changed_at: Some(Utc::now().into()),
        reason: reason.to_owned(),
    };
    let written =
        Written { value: switch, expected_version: 0, id: Uuid::new_v4().to_string(), traceparent: None };
    match rulebook::put(&app.bus, written).await {
        Ok(_) => tracing::info!(
            key = KEY,
            state = state.as_str_name(),
            reason,
            "the switch of automation was written"
        ),
        // Another orchestrator was faster, or NATS is away: the next round looks again.
        Err(error) => tracing::info!(%error, "the switch of automation was not written"),
    }
    Ok(())
}
