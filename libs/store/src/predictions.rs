//! `action_predictions`: what was expected of a proposal when it was made, and what came. Written by the orchestrator alone.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A band; NaN where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One future in ten is lower.
    pub low: f64,
    /// Half of them are.
    pub mid: f64,
    /// One in ten is higher.
    pub high: f64,
}

/// What is expected of an option.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// p99 of latency at the worst door in the last minute, ms.
    pub p99_ms: Band,
    /// Share of users' requests that fail in the last minute, %.
    pub error_pct: Band,
    /// Share of them that fail or are slow over the whole look ahead, %.
    pub bad_pct: f64,
}

/// What came, to be held against what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Came {
    /// It is not due yet.
    Pending = 0,
    /// It was done soon after it was proposed.
    Acted = 1,
    /// It was not done.
    NotActed = 2,
    /// Neither: it was done late, together with others, or nobody watched.
    NotComparable = 3,
}

/// A prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Of which action.
    pub action_id: Uuid,
    /// In which simulation.
    pub simulation_id: String,
    /// In which run.
    pub run_id: Uuid,
    /// First tick that lay ahead.
    pub made_at_tick: i64,
    /// Its simulated time.
    pub made_at: DateTime<Utc>,
    /// How far it looks, simulated seconds.
    pub horizon_s: i32,
    /// Last tick that it looks at.
    pub due_at_tick: i64,
    /// Futures that were computed.
    pub futures: i32,
    /// Share of the futures in which users are better off than with nothing done.
    pub helps: f64,
    /// Share in which they are worse off.
    pub harms: f64,
    /// Place among the options, from 1; 0 when it would have been refused.
    pub rank: i32,
    /// Options there were, doing nothing included.
    pub options: i32,
    /// Why the cloud would have refused it; empty when it would not.
    pub refused: String,
    /// Of the action.
    pub action: Expected,
    /// Of doing nothing.
    pub nothing: Expected,
    /// Share of the replicas there are that it touches, %.
    pub blast_pct: Option<f64>,
    /// What came.
    pub came: Came,
    /// p99 of latency at the worst door in the minute before it was due, ms.
    pub came_p99_ms: Option<f64>,
    /// Share of users' requests that failed in that minute, %.
    pub came_error_pct: Option<f64>,
}

impl<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> for Prediction {
    fn from_row(row: &'r sqlx::postgres::PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        let band = |name: &str| -> sqlx::Result<Band> {
            let at = |end: &str| row.try_get(format!("{name}_{end}").as_str());
            Ok(Band { low: at("low")?, mid: at("mid")?, high: at("high")? })
        };
        let expected = |of: &str| -> sqlx::Result<Expected> {
            Ok(Expected {
                p99_ms: band(&format!("{of}p99_ms"))?,
                error_pct: band(&format!("{of}error_pct"))?,
                bad_pct: row.try_get(format!("{of}bad_pct_mid").as_str())?,
            })
        };
        Ok(Self {
            action_id: row.try_get("action_id")?,
            simulation_id: row.try_get("simulation_id")?,
            run_id: row.try_get("run_id")?,
            made_at_tick: row.try_get("made_at_tick")?,
            made_at: row.try_get("made_at")?,
            horizon_s: row.try_get("horizon_s")?,
            due_at_tick: row.try_get("due_at_tick")?,
            futures: row.try_get("futures")?,
            helps: row.try_get("helps")?,
            harms: row.try_get("harms")?,
            rank: row.try_get("rank")?,
            options: row.try_get("options")?,
            refused: row.try_get("refused")?,
            action: expected("")?,
            nothing: expected("nothing_")?,
            blast_pct: row.try_get("blast_pct")?,
            came: match row.try_get::<i32, _>("came")? {
                0 => Came::Pending,
                1 => Came::Acted,
                2 => Came::NotActed,
                _ => Came::NotComparable,
            },
            came_p99_ms: row.try_get("came_p99_ms")?,
            came_error_pct: row.try_get("came_error_pct")?,
        })
    }
}

/// Keeps a prediction; the first one of an action stays.
pub async fn keep(conn: &mut PgConnection, prediction: &Prediction) -> Result<bool, StoreError> {
    let Prediction { action, nothing, .. } = prediction;
    let kept = sqlx::query(
        "insert into action_predictions
            (action_id, simulation_id, run_id, made_at_tick, made_at, horizon_s, due_at_tick, futures, helps, harms, rank, options, refused,
             p99_ms_low, p99_ms_mid, p99_ms_high, error_pct_low, error_pct_mid, error_pct_high, bad_pct_mid,
             nothing_p99_ms_low, nothing_p99_ms_mid, nothing_p99_ms_high,
             nothing_error_pct_low, nothing_error_pct_mid, nothing_error_pct_high, nothing_bad_pct_mid,
             blast_pct)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
         on conflict do nothing",
    )
    .bind(prediction.action_id)
    .bind(&prediction.simulation_id)
    .bind(prediction.run_id)
    .bind(prediction.made_at_tick)
    .bind(prediction.made_at)
    .bind(prediction.horizon_s)
    .bind(prediction.due_at_tick)
    .bind(prediction.futures)
    .bind(prediction.helps)
    .bind(prediction.harms)
    .bind(prediction.rank)
    .bind(prediction.options)
    .bind(&prediction.refused)
    .bind(action.p99_ms.low)
    .bind(action.p99_ms.mid)
    .bind(action.p99_ms.high)
    .bind(action.error_pct.low)
    .bind(action.error_pct.mid)
    .bind(action.error_pct.high)
    .bind(action.bad_pct)
    .bind(nothing.p99_ms.low)
    .bind(nothing.p99_ms.mid)
    .bind(nothing.p99_ms.high)
    .bind(nothing.error_pct.low)
    .bind(nothing.error_pct.mid)
    .bind(nothing.error_pct.high)
    .bind(nothing.bad_pct)
    .bind(prediction.blast_pct)
    .execute(conn)
    .await
    .map_err(StoreError::query("keep a prediction"))?;
    Ok(kept.rows_affected() == 1)
}

/// What was expected of an action.
pub async fn get(conn: &mut PgConnection, action_id: Uuid) -> Result<Option<Prediction>, StoreError> {
    sqlx::query_as("select * from action_predictions where action_id = $1")
        .bind(action_id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read a prediction"))
}

/// What was expected of these actions, in no particular order.
pub async fn of_actions(conn: &mut PgConnection, action_ids: &[Uuid]) -> Result<Vec<Prediction>, StoreError> {
    sqlx::query_as("select * from action_predictions where action_id = any($1)")
        .bind(action_ids)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read predictions"))
}

/// Predictions of a simulation whose time has come, at most 100.
pub async fn due(
    conn: &mut PgConnection,
    simulation_id: &str,
    tick: i64,
) -> Result<Vec<Prediction>, StoreError> {
    sqlx::query_as(
        "select * from action_predictions where simulation_id = $1 and came = 0 and due_at_tick <= $2
         order by due_at_tick, action_id limit 100",
    )
    .bind(simulation_id)
    .bind(tick)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the predictions that are due"))
}

/// Keeps what came of a prediction, once: p99 (ms) and failing requests (%), where they can be compared.
pub async fn settle(
    conn: &mut PgConnection,
    action_id: Uuid,
    came: Came,
    got: Option<(f64, f64)>,
) -> Result<bool, StoreError> {
    let (p99_ms, error_pct) = got.unzip();
    let settled = sqlx::query(
        "update action_predictions set came = $2, came_p99_ms = $3, came_error_pct = $4 where action_id = $1 and came = 0",
    )
    .bind(action_id)
    .bind(came as i32)
    .bind(p99_ms)
    .bind(error_pct)
    .execute(conn)
    .await
    .map_err(StoreError::query("keep what came of a prediction"))?;
    Ok(settled.rows_affected() == 1)
}

/// Predictions of a type of action, or of all, beside what came.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Tally {
    /// Type of action; `None` for all.
    pub action_type: Option<i32>,
    /// Predictions that were made.
    pub made: i64,
    /// Those that can be compared with what came.
    pub compared: i64,
    /// Of these, with the p99 that came within the band.
    pub p99_in_band: i64,
    /// The same for the error rate.
    pub error_in_band: i64,
    /// Median of |came − predicted| / predicted of p99, %; 0 when nothing can be compared.
    pub p99_error_pct: f64,
}

/// How the newest 10 000 predictions compare with what came: all of them, and by type, those with most first.
pub async fn calibration(
    conn: &mut PgConnection,
    simulation_id: Option<&str>,
) -> Result<Vec<Tally>, StoreError> {
    sqlx::query_as(
        "with newest as (
            select a.action_type, c.*
            from action_calibration c join actions a on a.id = c.action_id
            where $1::text is null or c.simulation_id = $1
            order by c.made_at desc limit 10000)
         select action_type, count(*) as made,
                count(*) filter (where p99_in_band is not null) as compared,
                count(*) filter (where p99_in_band) as p99_in_band,
                count(*) filter (where error_in_band) as error_in_band,
                coalesce(percentile_cont(0.5) within group
                    (order by 100 * abs(came_p99_ms - p99_ms_mid) / nullif(nullif(p99_ms_mid, 'NaN'), 0))
                    filter (where p99_in_band is not null), 0) as p99_error_pct
         from newest group by grouping sets ((), (action_type))
         order by grouping(action_type) desc, made desc, action_type",
    )
    .bind(simulation_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("compare predictions with what came"))
}
