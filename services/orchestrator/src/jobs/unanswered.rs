//! Commands whose time ran out without a word from sim-engine. It refuses them from then on, so nothing can still
//! happen, and an approval must not look as if something would.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use store::actions::{self, ActionRow, Status, Transition};
use store::{StoreError, outbox};

use crate::app::App;
use crate::consume;
use crate::position;
use crate::record::{self, Change};

/// Time for a report to arrive after the last moment at which a command may take effect.
const GRACE: Duration = Duration::from_secs(5);

pub(super) async fn run(app: &App) -> Result<usize, StoreError> {
    let overdue = {
        let mut conn = app.store.acquire().await?;
        let approved = actions::in_status(&mut conn, None, &[Status::Approved]).await?;
        let overdue: Vec<ActionRow> = approved.into_iter().filter(|row| is_overdue(app, row)).collect();
        if overdue.is_empty() {
            return Ok(0);
        }
        // A command that waits for NATS has not been refused yet; sim-engine will say so when it arrives.
        if outbox::backlog(&mut conn, record::PRODUCER).await? > 0 {
            return Ok(0);
        }
        overdue
    };
    // The report may be on the stream and unread, when we were down or slow. Then it has the word.
    if !position::is_caught_up(&app.bus, bus::streams::SIM_EVENTS, consume::EVENTS).await {
        return Ok(0);
    }
    let outcome = format!(
        "sim-engine reported nothing within {} s of the approval; the command is void",
        app.limits.command_ttl.as_secs()
    );
    let with = Transition { outcome: Some(outcome.clone()), ..Transition::default() };
    let mut tx = app.store.begin().await?;
    let mut changes = Vec::new();
    for row in overdue {
        let failed = actions::transition(&mut tx, row.id, &[Status::Approved], Status::Failed, &with).await?;
        changes.extend(failed.map(|row| Change {
            from: Some(Status::Approved),
            row,
            actor: record::PRODUCER.to_owned(),
            verb: "action.fail",
            reason: outcome.clone(),
        }));
    }
    record::changes(&mut tx, &changes, None).await?;
    tx.commit().await?;
    Ok(changes.len())
}

fn is_overdue(app: &App, row: &ActionRow) -> bool {
    let limit = TimeDelta::from_std(app.limits.command_ttl + GRACE).unwrap_or(TimeDelta::MAX);
    // sim-engine compares valid_until with its wall clock; this looks at ours, and leaves room for their difference.
    row.decided_at.is_some_and(|decided| Utc::now() - decided > limit)
}
