//! What players made of a game, and how that is told.

use std::sync::Arc;

use connectrpc_axum::ConnectError;
use eval::benchmark;
use eval::player::Deed;
use proto::ops::v1::{GameDeed, GameResult, GameRow};
use remedy::Remedy;
use sim::Scenario;
use store::actions;
use store::games::GameRow as Row;

use super::{bundle, read, seconds};
use crate::app::App;
use crate::{convert, error};

/// How a game went that is over: what was done in it is done again.
pub(super) async fn result(app: &App, row: &Row) -> Result<GameResult, ConnectError> {
    let (scenario, rows) = played(app, row).await?;
    let truth = &scenario.truth;
    let onset_s = truth.onset_s.unwrap_or(benchmark::CALM_S);
    let root_cause = truth.root_cause.as_ref().map(ToString::to_string);
    Ok(GameResult {
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        family: scenario.family.clone(),
        difficulty: truth.difficulty.into(),
        seed: row.seed.cast_unsigned(),
        onset_s,
        root_cause: root_cause.unwrap_or_default(),
        rows: rows.into_iter().map(|row| game_row(row, onset_s)).collect(),
    })
}

/// The episodes of all who played: the player first. It takes a core some seconds.
pub(super) async fn played(
    app: &App,
    row: &Row,
) -> Result<(Arc<Scenario>, Vec<benchmark::GameRow>), ConnectError> {
    let until = (row.length_s / f64::from(sim::TICK_MS) * 1_000.0) as i64;
    let deeds = async {
        let mut conn = app.store.acquire().await?;
        actions::deeds(&mut conn, &row.simulation_id, row.run_id, until).await
    };
    let deeds = deeds.await.map_err(|e| error::database("read what was done in the game", &e))?;
    let deeds = deeds
        .iter()
        .filter_map(|action| {
            let at_s = seconds(action.executed_at_tick.cast_unsigned());
            Some(Deed { at_s, remedy: convert::remedy(action)? })
        })
        .collect();
    let scenario = read(&bundle(app, &row.scenario).await?)?;
    let (seed, player, played) = (row.seed.cast_unsigned(), row.player.clone(), Arc::clone(&scenario));
    let rows = tokio::task::spawn_blocking(move || benchmark::game(played, seed, &player, deeds)).await;
    let rows = rows
        .map_err(|e| error::internal("score the game", &e))?
        .map_err(|e| error::internal("score the game", &e))?;
    Ok((scenario, rows))
}

fn game_row(of: benchmark::GameRow, onset_s: f64) -> GameRow {
    let benchmark::GameRow { player, row, deeds, recording: _ } = of;
    let deed = |deed: Deed| GameDeed { at_s: deed.at_s - onset_s, what: what(&deed.remedy) };
    GameRow {
        player,
        score: row.score,
        detect_s: row.detect_s,
        mitigate_s: row.mitigate_s,
        held: row.held,
        slo_minutes: row.slo_minutes,
        bad_pct: row.bad / row.requests.max(1.0) * 100.0,
        harm_pct: row.harm_pct(),
        core_hours: row.core_hours,
        regret_minutes: row.regret_minutes,
        deeds: deeds.into_iter().map(deed).collect(),
    }
}

/// A remedy in words, for example `scale up checkout by 2`.
fn what(remedy: &Remedy) -> String {
    let words = remedy.kind().name().to_lowercase().replace('_', " ");
    let target = remedy.target();
    match remedy.replicas() {
        0 => format!("{words} {}", target.id()),
        replicas => format!("{words} {} by {replicas}", target.id()),
    }
}
