//! Proposals that nobody decided on in time.

use store::StoreError;
use store::actions::{self, Status};

use crate::app::App;
use crate::record::{self, Change};

pub(super) async fn run(app: &App) -> Result<usize, StoreError> {
    let mut tx = app.store.begin().await?;
    let changes: Vec<Change> = actions::expire_due(&mut tx)
        .await?
        .into_iter()
        .map(|row| Change {
            from: Some(Status::Proposed),
            actor: record::PRODUCER.to_owned(),
            verb: "action.expire",
            reason: row.decision_reason.clone(),
            row,
        })
        .collect();
    if changes.is_empty() {
        return Ok(0);
    }
    record::changes(&mut tx, &changes, None).await?;
    tx.commit().await?;
    Ok(changes.len())
}
