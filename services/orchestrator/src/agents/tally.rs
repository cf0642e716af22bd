//! Refusals of proposals that came too fast. They are audited by the minute: a thousand a second must not write a thousand rows a second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use store::StoreError;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::identity;
use crate::app::App;
use crate::record::{self, Note};

/// Between two entries of an agent: its first refusal shows at once, what follows a minute later, in one.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// Between two looks for what has become due.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// When each agent was written last.
type Written = BTreeMap<String, Instant>;

/// What was refused of an agent since it was written last.
#[derive(Debug, Clone)]
struct Refused {
    proposals: u64,
    since: DateTime<Utc>,
    simulation_id: String,
    /// Why the last one was.
    why: String,
}

/// Refusals by agent: of registered ones, whose number is limited, and of all others together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    refused: Mutex<BTreeMap<String, Refused>>,
    more: Notify,
}

impl Tally {
    pub(super) fn add(&self, agent: &str, simulation_id: &str, why: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = refused.entry(agent.to_owned()).or_insert_with(|| Refused {
            proposals: 0,
            since: Utc::now(),
            simulation_id: record::printable(simulation_id),
            why: String::new(),
        });
        entry.proposals += 1;
        why.clone_into(&mut entry.why);
        drop(refused);
        self.more.notify_one();
    }

    /// Takes what is to be written, which is all but that of agents that were written a moment ago.
    fn take(&self, written: &Written) -> BTreeMap<String, Refused> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (later, due) =
            std::mem::take(&mut *refused).into_iter().partition(|(agent, _)| written.contains_key(agent));
        *refused = later;
        due
    }

    /// Puts back what could not be written, for the next look.
    fn restore(&self, unwritten: BTreeMap<String, Refused>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        for (agent, older) in unwritten {
            refused
                .entry(agent)
                .and_modify(|newer| {
                    newer.proposals += older.proposals;
                    newer.since = older.since;
                })
                .or_insert(older);
        }
    }
}

/// Writes the tally until shutdown, and all of it then.
pub(crate) async fn run(app: App) {
    let mut written = Written::new();
    loop {
        let look = tokio::time::timeout(LOOK_EVERY, app.agents.inner.tally.more.notified());
        let goes_on = app.shutdown.run_until_cancelled(look).await.is_some();
        written.retain(|_, at| goes_on && at.elapsed() < WRITE_EVERY);
        write(&app, &mut written).await;
        if !goes_on {
            return;
        }
        app.agents.inner.gate.tidy();
    }
}

async fn write(app: &App, written: &mut Written) {
    let tally = &app.agents.inner.tally;
    let refused = tally.take(written);
    if refused.is_empty() {
        return;
    }
    for (agent, Refused { proposals, why, .. }) in &refused {
        tracing::warn!(agent, proposals, reason = why, "proposals refused that came too fast");
    }
    match entries(app, &refused).await {
        Ok(()) => written.extend(refused.into_keys().map(|agent| (agent, Instant::now()))),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "refusals wait for the database");
            tally.restore(refused);
        }
    }
}

async fn entries(app: &App, refused: &BTreeMap<String, Refused>) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    for (agent, Refused { proposals, since, simulation_id, why }) in refused {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let note = Note {
            actor: agent.clone(),
            verb: "action.propose.limited",
            simulation_id: simulation_id.clone(),
            subject_id: identity::subject(agent),
            reason: format!("{proposals} refused since {since}; the last one: {why}"),
        };
        record::note(&mut tx, note, None).await?;
    }
    tx.commit().await
}
