//! A game watched again: the episode of one of its players, as a simulation that stands at its end.

use connectrpc_axum::{Code, ConnectError};
use proto::ops::v1::GameResult;
use proto::sim::v1::{
    SimulationServiceGetRequest, SimulationServiceGetResponse, SimulationServiceRestoreRequest,
    SimulationServiceRestoreResponse,
};
use store::games::GameRow as Row;
use uuid::Uuid;

use super::{one, score};
use crate::api::simulations;
use crate::app::App;
use crate::error;

/// Makes the simulation of a player's episode, unless it is there.
pub(crate) async fn replay(app: &App, id: Uuid, player: &str) -> Result<String, ConnectError> {
    let row = one(app, id).await?;
    let players = players(&row)?;
    if row.finished_at.is_none() {
        return Err(error::precondition(
            "The game is still played. Finish it, then watch it again.".to_owned(),
        ));
    }
    let place = players.iter().position(|one| one == player).ok_or_else(|| {
        error::not_found(format!("{player:?} did not play this game. These did: {}.", players.join(", ")))
    })?;
    let simulation_id = simulation(&row, place);
    if exists(app, &simulation_id).await? {
        return Ok(simulation_id);
    }
    let (scenario, rows) = score::played(app, &row).await?;
    let played = rows.into_iter().nth(place).ok_or_else(|| error::not_found("Nobody played.".to_owned()))?;
    let restore = SimulationServiceRestoreRequest {
        simulation_id: simulation_id.clone(),
        display_name: format!("{} of {}: {player}", scenario.name, row.player),
        recording: played.recording.to_bytes(),
        speed: 0.0,
        autostart: false,
    };
    let _: SimulationServiceRestoreResponse = simulations::call(app, "Restore", &restore).await?;
    Ok(simulation_id)
}

/// The simulations in which a game may have been watched.
pub(super) fn simulations(row: &Row) -> Vec<String> {
    let players = players(row).unwrap_or_default().len();
    (0..players).map(|place| simulation(row, place)).collect()
}

fn simulation(row: &Row, place: usize) -> String {
    format!("replay-{}-{place}", &row.id.simple().to_string()[..12])
}

/// Who is in the result, in its order.
fn players(row: &Row) -> Result<Vec<String>, ConnectError> {
    let result: Option<GameResult> = row
        .result
        .clone()
        .map(serde_json::from_value)
        .transpose()
        .map_err(|e| error::internal("read the result of the game", &e))?;
    Ok(result.unwrap_or_default().rows.into_iter().map(|row| row.player).collect())
}

async fn exists(app: &App, simulation_id: &str) -> Result<bool, ConnectError> {
    let get = SimulationServiceGetRequest { simulation_id: simulation_id.to_owned() };
    match simulations::call::<_, SimulationServiceGetResponse>(app, "Get", &get).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Code::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
