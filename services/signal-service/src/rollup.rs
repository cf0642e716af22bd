//! Rolls telemetry up by minute and by hour, beside the ingest.

use std::time::Duration;

use ::service::metrics::Metrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use store::Store;
use store::rollup::Rolled;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Wall-clock time between two turns. What has not been rolled up yet is read from the rows, so this bounds work, not
/// correctness: at 1000 × real time a turn has 83 minutes of every series to do.
const EVERY: Duration = Duration::from_secs(5);
/// Rest after a turn, as a multiple of its time, when there is more to do: the ingest comes first.
const REST: u32 = 1;

/// What the job counts.
#[derive(Debug)]
pub(crate) struct Meters {
    minutes: Counter,
    hours: Counter,
    seconds: Histogram,
}

impl Meters {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let seconds = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
        let counter = |name, help| metrics.register(name, help, Counter::default());
        Self {
            minutes: counter("rollup_minutes", "Minutes of simulations that were rolled up"),
            hours: counter("rollup_hours", "Hours of simulations that were rolled up"),
            seconds: metrics.register(
                "rollup_seconds",
                "Time of a turn of the roll-up job",
                Histogram::new(seconds),
            ),
        }
    }

    fn rolled(&self, rolled: Rolled, took: Duration) {
        self.minutes.inc_by(rolled.minutes);
        self.hours.inc_by(rolled.hours);
        self.seconds.observe(took.as_secs_f64());
    }
}

/// Rolls up until the token is cancelled. A turn that fails is told and tried again.
pub(crate) async fn run(store: Store, meters: Meters, token: CancellationToken) {
    loop {
        let begun = Instant::now();
        let turn = token.run_until_cancelled(store.roll_up()).await;
        let took = begun.elapsed();
        let rest = match turn {
            Some(Ok(rolled)) => {
                meters.rolled(rolled, took);
                if rolled.more { took * REST } else { EVERY }
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "rolling up telemetry failed, the next turn tries again");
                EVERY
            }
            None => return,
        };
        if token.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
    }
}
