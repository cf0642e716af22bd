//! Writes the rules again when somebody deletes their bucket while the orchestrator runs.

use std::time::Duration;

use rulebook::{Book, Follower, Standing};

use crate::app::App;

/// What runs; built-in rules that nobody has touched follow it.
pub(crate) const RELEASE: &str = env!("CARGO_PKG_VERSION");
/// Between two attempts to write them.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps them until shutdown.
pub(crate) async fn run(app: App, follower: Follower<Book>) {
    let mut rules = app.rules.clone();
    let keep = async {
        while rules.changed().await.is_ok() {
            while rules.borrow_and_update().standing == Standing::Lost && !app.shutdown.is_cancelled() {
                let book = rules.borrow().book.clone();
                match rulebook::recover(&app.bus, &book, RELEASE).await {
                    Ok(rules) => {
                        tracing::warn!(
                            rules,
                            "the rules were written again after their bucket had been deleted"
                        );
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the rules cannot be written yet");
                        app.shutdown.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = follower.run() => {}
        () = keep => {}
    }
}
