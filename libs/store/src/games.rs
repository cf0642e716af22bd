//! `games`: game days and their results. Written by the orchestrator alone.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A game.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct GameRow {
    /// Its id.
    pub id: Uuid,
    /// Simulation that it is played in.
    pub simulation_id: String,
    /// The run.
    pub run_id: Uuid,
    /// Who plays.
    pub player: String,
    /// The scenario, by name.
    pub scenario: String,
    /// Seed, the bits of a u64.
    pub seed: i64,
    /// Whether the player chose the scenario.
    pub practice: bool,
    /// Length, simulated seconds.
    pub length_s: f64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether that was before its time.
    pub gave_up: bool,
    /// How it went, as JSON.
    pub result: Option<serde_json::Value>,
}

/// Keeps a game that begins; the first of an id stays. Returns the game that is there.
pub async fn begin(conn: &mut PgConnection, game: &GameRow) -> Result<GameRow, StoreError> {
    let failed = || StoreError::query("keep a game");
    sqlx::query(
        "insert into games (id, simulation_id, run_id, player, scenario, seed, practice, length_s)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
    )
    .bind(game.id)
    .bind(&game.simulation_id)
    .bind(game.run_id)
    .bind(&game.player)
    .bind(&game.scenario)
    .bind(game.seed)
    .bind(game.practice)
    .bind(game.length_s)
    .execute(&mut *conn)
    .await
    .map_err(failed())?;
    sqlx::query_as("select * from games where id = $1").bind(game.id).fetch_one(conn).await.map_err(failed())
}

/// The game with an id.
pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Option<GameRow>, StoreError> {
    sqlx::query_as("select * from games where id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read a game"))
}

/// Games of a player, or all, newest first.
pub async fn list(
    conn: &mut PgConnection,
    player: Option<&str>,
    limit: u32,
) -> Result<Vec<GameRow>, StoreError> {
    sqlx::query_as(
        "select * from games where $1::text is null or player = $1 order by started_at desc, id desc limit $2",
    )
    .bind(player)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the games"))
}

/// Keeps the result of a game, once. Returns the game as it is then.
pub async fn finish(
    conn: &mut PgConnection,
    id: Uuid,
    gave_up: bool,
    result: &serde_json::Value,
) -> Result<Option<GameRow>, StoreError> {
    sqlx::query(
        "update games set finished_at = clock_timestamp(), gave_up = $2, result = $3 where id = $1 and finished_at is null",
    )
    .bind(id)
    .bind(gave_up)
    .bind(result)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("keep the result of a game"))?;
    get(conn, id).await
}
