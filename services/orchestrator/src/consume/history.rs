//! `sim.events` once more, for the history: every event becomes a row, many in a statement. A reader of its own, so that what became of
//! actions never waits for it.

use std::time::Duration;

use bus::{Consumer, Delivery};
use chrono::{DateTime, Utc};
use proto::sim::v1::SimulationEvent;
use store::StoreError;
use store::events::{self, EventRow};
use uuid::Uuid;

use super::DATABASE_PAUSE;
use crate::app::App;

/// Events of one statement.
const BATCH: usize = 500;
/// How long an event may wait for others.
const GATHERED_FOR: Duration = Duration::from_millis(200);

/// Keeps events until shutdown.
pub(super) async fn run(app: App, mut consumer: Consumer) {
    while let Some(batch) = consumer.next_batch(BATCH, GATHERED_FOR).await {
        // What cannot be read goes to the dead letters by the reader that moves actions.
        let rows: Vec<EventRow> = batch.iter().filter_map(row).collect();
        if !kept(&app, &rows, &batch).await {
            return;
        }
        for delivery in &batch {
            delivery.ack().await;
        }
    }
}

/// Writes rows, however long the database is away; one that it refuses is left out. False at shutdown: the events come again.
async fn kept(app: &App, rows: &[EventRow], batch: &[Delivery]) -> bool {
    let mut parts = vec![rows];
    while let Some(part) = parts.pop() {
        let Err(error) = write(app, part).await else { continue };
        let refused = !error.is_transient();
        if refused && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
            continue;
        }
        if refused {
            tracing::error!(error = &error as &dyn std::error::Error, event = ?part.first(), "an event cannot be kept");
            continue;
        }
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            events = part.len(),
            "events wait for the database"
        );
        parts.push(part);
        for delivery in batch {
            delivery.in_progress().await;
        }
        if app.shutdown.run_until_cancelled(tokio::time::sleep(DATABASE_PAUSE)).await.is_none() {
            return false;
        }
    }
    true
}

async fn write(app: &App, rows: &[EventRow]) -> Result<(), StoreError> {
    let mut conn = app.store.acquire().await?;
    events::write(&mut conn, rows).await
}

/// The row of an event; `None` of one that cannot be read.
fn row(delivery: &Delivery) -> Option<EventRow> {
    let event: SimulationEvent = delivery.decode().ok()?;
    let target = event.target.unwrap_or_default();
    Some(EventRow {
        id: event.id.parse().ok()?,
        position: delivery.stream_sequence.cast_signed(),
        run_id: event.run_id.parse().ok()?,
        tick_id: event.tick.cast_signed(),
        time: DateTime::<Utc>::try_from(event.time?).ok()?,
        kind: event.kind,
        target_kind: target.kind,
        target_id: printable(target.id),
        message: printable(event.message),
        action_id: Uuid::try_parse(&event.action_id).ok(),
        command_id: Uuid::try_parse(&event.command_id).ok(),
        attributes: event
            .attributes
            .into_iter()
            .map(|(name, value)| (printable(name), printable(value)))
            .collect(),
        simulation_id: printable(event.simulation_id),
    })
}

/// What PostgreSQL takes as text.
fn printable(text: String) -> String {
    if text.contains('\0') { crate::record::without_nul(&text) } else { text }
}
