//! What was approved and has not left while automation is paused, whoever paused it and whatever was away at that moment.

use rulebook::switch::Switch;
use store::StoreError;
use store::actions::{self, Status};

use crate::app::App;
use crate::automation;

pub(super) async fn run(app: &App) -> Result<usize, StoreError> {
    automation::keep(app).await?;
    let approved = {
        let mut conn = app.store.acquire().await?;
        actions::in_status(&mut conn, None, &[Status::Approved]).await?
    };
    if approved.is_empty() {
        return Ok(0);
    }
    match Switch::look(&app.bus).await {
        // Nobody paused it: what is approved waits for NATS, and is refused by sim-engine when that was wrong.
        Switch::Unreadable => Ok(0),
        switch => automation::call_back(app, &switch).await,
    }
}
