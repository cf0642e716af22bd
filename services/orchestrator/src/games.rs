//! Game days: a scenario that the player does not know is begun in a simulation of its own, and scored when it is over like an episode of
//! the benchmark. Simulation, scenario and seed follow from the id of the game, so that a call that is repeated begins the same one.

use std::collections::BTreeMap;
use std::sync::Arc;

use connectrpc_axum::{Code, ConnectError};
use eval::benchmark::{AFTER_ONSET_S, CALM_S};
use proto::ops::v1::Game;
use proto::sim::v1::simulation_service_create_request::Source;
use proto::sim::v1::{
    GetScenarioRequest, GetScenarioResponse, GetStateRequest, GetStateResponse, ListScenariosRequest,
    ListScenariosResponse, ScenarioBundle, ScenarioSummary, SimulationServiceCreateRequest,
    SimulationServiceCreateResponse, SimulationServiceDeleteRequest, SimulationServiceDeleteResponse,
    SimulationServiceStopRequest, SimulationServiceStopResponse,
};
use sim::Scenario;
use store::StoreError;
use store::games::{self, GameRow as Row};
use uuid::Uuid;

use crate::api::{control, simulations};
use crate::app::App;
use crate::convert::timestamp;
use crate::error;

mod replay;
mod score;

pub(crate) use replay::replay;

/// What the simulation of a game says that its scenario is.
const BLIND: &str = "game";
/// Speed when the player does not say: time enough to read, and a game is over in minutes.
const SPEED: f64 = 2.0;
/// A game is as long as a multiple of this, simulated seconds, so that its length does not tell when the trouble begins.
const ROUND_S: f64 = 300.0;
/// Old games of a player that are looked through for simulations that nobody needs any more.
const OLD: u32 = 20;

/// What somebody wants to play.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) id: Uuid,
    pub(crate) player: String,
    pub(crate) family: String,
    pub(crate) difficulty: u32,
    /// This one; empty draws one.
    pub(crate) scenario: String,
    pub(crate) speed: f64,
}

/// Begins a game; the same wish again gives the same game.
pub(crate) async fn start(app: &App, wish: Wish) -> Result<Game, ConnectError> {
    if let Some(row) = find(app, wish.id).await? {
        return game(row);
    }
    tidy(app, &wish.player).await?;
    let drawn = draw(app, &wish).await?;
    let bundle = bundle(app, &drawn).await?;
    let scenario = read(&bundle)?;
    let onset_s = scenario.truth.onset_s.unwrap_or(CALM_S);
    let seed = u64::from(u32::try_from(wish.id.as_u128() & 0x7fff_ffff).unwrap_or_default());
    let simulation_id = format!("game-{}", &wish.id.simple().to_string()[..12]);
    let practice = !wish.scenario.is_empty();
    let create = SimulationServiceCreateRequest {
        simulation_id: simulation_id.clone(),
        display_name: format!("{} of {}", if practice { "Practice" } else { "Game day" }, wish.player),
        source: Some(Source::Bundle(if practice { bundle } else { blind(bundle) })),
        seed: Some(seed),
        speed: if wish.speed > 0.0 { wish.speed } else { SPEED },
        autostart: true,
    };
    let created: SimulationServiceCreateResponse = simulations::call(app, "Create", &create).await?;
    let state = created.simulation.and_then(|simulation| simulation.state).unwrap_or_default();
    let row = Row {
        id: wish.id,
        simulation_id,
        run_id: state.run_id.parse().unwrap_or_default(),
        player: wish.player,
        scenario: drawn,
        seed: seed.cast_signed(),
        practice,
        length_s: ((onset_s + AFTER_ONSET_S) / ROUND_S).ceil() * ROUND_S,
        started_at: chrono::Utc::now(),
        finished_at: None,
        gave_up: false,
        result: None,
    };
    let kept = async {
        let mut conn = app.store.acquire().await?;
        games::begin(&mut conn, &row).await
    };
    game(kept.await.map_err(|e| error::database("keep the game", &e))?)
}

/// Ends a game and scores it.
pub(crate) async fn finish(app: &App, id: Uuid, give_up: bool) -> Result<Game, ConnectError> {
    let row = one(app, id).await?;
    if row.finished_at.is_some() {
        return game(row);
    }
    let played_s = played_s(app, &row).await?;
    let early = played_s < row.length_s;
    if early && !give_up {
        return Err(error::precondition(format!(
            "{played_s:.0} of {:.0} simulated seconds are played. Go on, or pass `give_up` to end it here.",
            row.length_s
        )));
    }
    let stop = SimulationServiceStopRequest { simulation_id: row.simulation_id.clone() };
    // Gone or stopped already: just as well.
    drop(simulations::call::<_, SimulationServiceStopResponse>(app, "Stop", &stop).await);
    let result = score::result(app, &row).await?;
    let result = serde_json::to_value(result).map_err(|e| error::internal("write the result down", &e))?;
    let kept = async {
        let mut conn = app.store.acquire().await?;
        games::finish(&mut conn, id, early, &result).await
    };
    let kept = kept.await.map_err(|e| error::database("keep the result", &e))?;
    game(kept.unwrap_or(row))
}

/// One game.
pub(crate) async fn get(app: &App, id: Uuid) -> Result<Game, ConnectError> {
    game(one(app, id).await?)
}

/// Games of a player, or all, newest first.
pub(crate) async fn list(app: &App, player: Option<&str>, limit: u32) -> Result<Vec<Game>, ConnectError> {
    rows(app, player, limit).await?.into_iter().map(game).collect()
}

async fn rows(app: &App, player: Option<&str>, limit: u32) -> Result<Vec<Row>, ConnectError> {
    let rows = async {
        let mut conn = app.store.acquire().await?;
        games::list(&mut conn, player, limit).await
    };
    rows.await.map_err(|e| error::database("list the games", &e))
}

async fn find(app: &App, id: Uuid) -> Result<Option<Row>, ConnectError> {
    let row = async {
        let mut conn = app.store.acquire().await?;
        games::get(&mut conn, id).await
    };
    row.await.map_err(|e: StoreError| error::database("read the game", &e))
}

async fn one(app: &App, id: Uuid) -> Result<Row, ConnectError> {
    find(app, id)
        .await?
        .ok_or_else(|| error::not_found(format!("There is no game {id}. List names those there are.")))
}

/// Deletes the simulations of games that the player has finished: they count against the engine's limit.
async fn tidy(app: &App, player: &str) -> Result<(), ConnectError> {
    for row in rows(app, Some(player), OLD).await?.into_iter().filter(|row| row.finished_at.is_some()) {
        for simulation_id in replay::simulations(&row).into_iter().chain([row.simulation_id.clone()]) {
            let delete = SimulationServiceDeleteRequest { simulation_id };
            // Most are gone already.
            drop(simulations::call::<_, SimulationServiceDeleteResponse>(app, "Delete", &delete).await);
        }
    }
    Ok(())
}

/// The scenario that is asked for, or one of those that fit, as the id of the game wants it.
async fn draw(app: &App, wish: &Wish) -> Result<String, ConnectError> {
    if !wish.scenario.is_empty() {
        return Ok(wish.scenario.clone());
    }
    let ListScenariosResponse { scenarios } =
        control::call(app, "ListScenarios", &ListScenariosRequest {}).await?;
    let fits = |scenario: &ScenarioSummary| {
        scenario.difficulty > 0
            && (wish.difficulty == 0 || scenario.difficulty == wish.difficulty)
            && (wish.family.is_empty() || scenario.family == wish.family)
    };
    let mut fitting: Vec<String> = scenarios.into_iter().filter(fits).map(|scenario| scenario.name).collect();
    if fitting.is_empty() {
        return Err(error::not_found(
            "No scenario with something wrong in it is of this family and difficulty. Leave one of them out.",
        ));
    }
    let place = (wish.id.as_u128() >> 64) % fitting.len() as u128;
    Ok(fitting.swap_remove(usize::try_from(place).unwrap_or_default()))
}

async fn bundle(app: &App, name: &str) -> Result<ScenarioBundle, ConnectError> {
    let asked = GetScenarioRequest { name: name.to_owned() };
    let GetScenarioResponse { bundle } = control::call(app, "GetScenario", &asked).await?;
    Ok(bundle.unwrap_or_default())
}

/// The same scenario under a name that says nothing.
fn blind(bundle: ScenarioBundle) -> ScenarioBundle {
    let ScenarioBundle { name, files } = bundle;
    let own = format!("{name}.yaml");
    let renamed =
        |(path, text): (String, String)| (if path == own { format!("{BLIND}.yaml") } else { path }, text);
    ScenarioBundle { name: BLIND.to_owned(), files: files.into_iter().map(renamed).collect() }
}

fn read(bundle: &ScenarioBundle) -> Result<Arc<Scenario>, ConnectError> {
    let files: BTreeMap<String, String> = bundle.files.clone();
    sim::scenario::load(&bundle.name, &files)
        .map_err(|problems| error::internal("read the scenario of the game", &problems))
}

/// How much of the run has been computed, simulated seconds; all there will ever be when the simulation is gone or was reset.
async fn played_s(app: &App, row: &Row) -> Result<f64, ConnectError> {
    let asked = GetStateRequest { simulation_id: row.simulation_id.clone() };
    match control::call::<_, GetStateResponse>(app, "GetState", &asked).await {
        Ok(GetStateResponse { state: Some(state) }) if state.run_id == row.run_id.to_string() => {
            Ok(seconds(state.tick))
        }
        Ok(_) => Ok(f64::INFINITY),
        Err(error) if error.code() == Code::NotFound => Ok(f64::INFINITY),
        Err(error) => Err(error),
    }
}

fn seconds(tick: u64) -> f64 {
    tick as f64 * f64::from(sim::TICK_MS) / 1_000.0
}

fn game(row: Row) -> Result<Game, ConnectError> {
    let result = row.result.map(serde_json::from_value).transpose();
    Ok(Game {
        game_id: row.id.to_string(),
        simulation_id: row.simulation_id,
        player: row.player,
        started_at: Some(timestamp(row.started_at)),
        finished_at: row.finished_at.map(timestamp),
        length_s: row.length_s,
        gave_up: row.gave_up,
        practice: row.practice,
        result: result.map_err(|e| error::internal("read the result of the game", &e))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blind_scenario_is_called_a_game_in_every_file() {
        let files = [("zone_down.yaml", "a"), ("topologies/shop.yaml", "b")];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let ScenarioBundle { name, files } = blind(ScenarioBundle { name: "zone_down".to_owned(), files });
        assert_eq!(name, "game");
        assert_eq!(files.keys().collect::<Vec<_>>(), ["game.yaml", "topologies/shop.yaml"]);
    }
}
