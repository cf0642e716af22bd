//! What time does to actions: proposals expire, commands go unanswered.
//!
//! These deadlines are kept by the database's clock, so they hold while no orchestrator runs.

mod expiry;
mod paused;
mod unanswered;

use std::time::Duration;

use store::StoreError;
use tokio::time::MissedTickBehavior;

use crate::app::App;

/// How often each job looks. A second late is soon enough for deadlines of minutes.
const PERIOD: Duration = Duration::from_secs(1);

/// Runs the jobs until shutdown.
pub(crate) async fn run(app: App) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while app.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        report(&app, "call back what is paused", paused::run(&app).await);
        report(&app, "expire proposals", expiry::run(&app).await);
        report(&app, "give up unanswered commands", unanswered::run(&app).await);
    }
}

fn report(app: &App, job: &'static str, result: Result<usize, StoreError>) {
    match result {
        Ok(0) => {}
        Ok(actions) => {
            app.relay.wake();
            tracing::info!(job, actions, "actions moved on");
        }
        Err(error) => {
            // The next round tries again; readiness tells about the database meanwhile.
            tracing::warn!(job, error = &error as &dyn std::error::Error, "job postponed");
        }
    }
}
