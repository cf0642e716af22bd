//! Rules tried on stored telemetry, slice by slice of simulated time, beside the present ones.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use connectrpc_axum::{Code, ConnectError};
use detect::{Backtest, Comparison, Limits, RuleSet};
use futures::TryStreamExt as _;
use store::metrics::{self, SampleQuery};
use store::{PgConnection, StoreError};

use super::sample::{Assembled, Assembly};
use crate::app::App;
use crate::error;
use crate::rules;

/// Longest time that is looked at, simulated: what is kept by default.
const LONGEST: TimeDelta = TimeDelta::hours(48);
/// Time that is looked at when the caller names no `from`.
const USUAL: TimeDelta = TimeDelta::hours(1);
/// Simulated time that is read at once: the database sorts it, a row at a time is held here.
const SLICE: TimeDelta = TimeDelta::minutes(10);
/// Stored values that are read at most: two days of a shop, a quarter of an hour of a cloud of a thousand services.
const MAX_VALUES: u64 = 10_000_000;
/// Wall-clock time that a test may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two samples when none was heard since the start, ms.
const USUAL_INTERVAL_MS: u32 = 1_000;
/// What every service and every node always has: with it a target whose other metrics were not measured is still there.
const PRESENCE: [&str; 2] = ["replicas", "up"];

/// What to try on what.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) candidates: RuleSet,
    pub(crate) simulation_id: String,
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) comparison: Comparison,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

/// Why a trial has no outcome.
enum Stopped {
    Refused(ConnectError),
    Database(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Database(error)
    }
}

/// Tries rules.
pub(crate) async fn run(app: &App, trial: &Trial) -> Result<Outcome, ConnectError> {
    let Ok(_permit) = app.trials.try_acquire() else {
        return Err(ConnectError::new(
            Code::ResourceExhausted,
            "Other rules are being tested already. Try again when they are done.",
        ));
    };
    match tokio::time::timeout(PATIENCE, compute(app, trial)).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(Stopped::Refused(refused))) => Err(refused),
        Ok(Err(Stopped::Database(failure))) => Err(error::database("read the stored telemetry", &failure)),
        Err(_elapsed) => Err(ConnectError::new(
            Code::DeadlineExceeded,
            format!(
                "The test took longer than {PATIENCE:?}. Look at a shorter time: bring from and to closer together."
            ),
        )),
    }
}

async fn compute(app: &App, trial: &Trial) -> Result<Outcome, Stopped> {
    let present = rules::read(app).await.map_err(Stopped::Refused)?.in_force().set;
    let test = Backtest::new(&present, &trial.candidates, Limits::default());
    let mut test = test.map_err(|mistakes| Stopped::Refused(error::invalid(format!("{mistakes}."))))?;
    let mut conn = app.store.acquire().await?;
    let (from, to) = span(&mut conn, trial).await?;
    let interval_ms = app
        .hubs
        .find(&trial.simulation_id)
        .and_then(|hub| hub.latest().first().map(|sample| sample.sample_interval_ms))
        .filter(|interval_ms| *interval_ms > 0)
        .unwrap_or(USUAL_INTERVAL_MS);
    let mut metrics: Vec<String> = test.metrics().into_iter().collect();
    metrics.extend(PRESENCE.map(str::to_owned));
    metrics.sort_unstable();
    metrics.dedup();

    let mut assembly = Assembly::new(&metrics, interval_ms);
    let mut values = 0_u64;
    let mut begin = from - TimeDelta::milliseconds(test.history_ms(interval_ms));
    let end = to + TimeDelta::microseconds(1);
    while begin < end {
        let until = end.min(begin + SLICE);
        let what = SampleQuery {
            simulation_id: trial.simulation_id.clone(),
            metrics: metrics.clone(),
            from: begin,
            until,
        };
        let mut stored = std::pin::pin!(metrics::samples(&mut conn, &what));
        while let Some(value) = stored.try_next().await? {
            values += 1;
            if values > MAX_VALUES {
                return Err(Stopped::Refused(too_much()));
            }
            if let Some(sample) = assembly.add(&value) {
                judge(&mut test, &sample, from)?;
            }
        }
        begin = until;
    }
    if let Some(sample) = assembly.finish() {
        judge(&mut test, &sample, from)?;
    }
    Ok(Outcome { comparison: test.finish(), from, to })
}

async fn span(conn: &mut PgConnection, trial: &Trial) -> Result<(DateTime<Utc>, DateTime<Utc>), Stopped> {
    let to = match trial.to {
        Some(to) => to,
        None => metrics::latest_time(conn, &trial.simulation_id).await?.ok_or_else(|| {
            Stopped::Refused(error::not_found(format!(
                "No telemetry of the simulation {:?} is stored. Let it run (`microcloud sim play`), then test again.",
                trial.simulation_id
            )))
        })?,
    };
    let from = trial.from.unwrap_or(to - USUAL);
    if from > to {
        return Err(Stopped::Refused(error::invalid(
            "from lies after to; both are simulated times. Swap them.",
        )));
    }
    if to - from > LONGEST {
        return Err(Stopped::Refused(error::invalid(format!(
            "A test looks at {} simulated hours at most. Bring from and to closer together.",
            LONGEST.num_hours()
        ))));
    }
    Ok((from, to))
}

fn judge(test: &mut Backtest, sample: &Assembled, from: DateTime<Utc>) -> Result<(), Stopped> {
    let Some(columns) = sample.sample() else { return Ok(()) };
    if sample.time < from {
        test.warm(&columns);
        return Ok(());
    }
    if test.observe(&columns) {
        return Ok(());
    }
    Err(Stopped::Refused(ConnectError::new(
        Code::ResourceExhausted,
        format!(
            "These rules tell of more than {} incidents in this time. Raise the threshold, or look at a shorter time.",
            detect::MAX_TOLD
        ),
    )))
}

fn too_much() -> ConnectError {
    ConnectError::new(
        Code::ResourceExhausted,
        format!(
            "The test would read more than {MAX_VALUES} stored values. Look at a shorter time: bring from and to closer together."
        ),
    )
}
