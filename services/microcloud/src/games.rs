//! `microcloud game …`

use proto::ops::v1::game_service_connect_client::GameServiceClient;
use proto::ops::v1::{
    Game, GameRow, GameServiceFinishRequest, GameServiceListRequest, GameServiceReplayRequest,
    GameServiceReplayResponse, GameServiceStartRequest,
};

use crate::cli::{GameCommand, GameStartOptions};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, ids, operator};

/// Most games that are looked through for an id.
const PAGE: u32 = 200;

pub(crate) async fn run(target: &Target, command: GameCommand) -> Result<(), Failure> {
    let client = api::games(target)?;
    match command {
        GameCommand::Start(options) => start(&client, options).await,
        GameCommand::Finish { id, give_up, operator, json } => {
            let game_id = chosen(&client, id, operator.as_deref()).await?;
            let request = GameServiceFinishRequest { game_id, give_up };
            let game = client.finish(&request).await?.into_inner().game.unwrap_or_default();
            if json {
                return output::json(&game);
            }
            print(&game);
            Ok(())
        }
        GameCommand::Replay { player, game, operator } => {
            let game_id = chosen(&client, game, operator.as_deref()).await?;
            let request = GameServiceReplayRequest { game_id, player };
            let GameServiceReplayResponse { simulation_id } = client.replay(&request).await?.into_inner();
            output::line(format!(
                "{simulation_id} stands at the end of it. Choose it in the dashboard: Time travel shows how it came there."
            ));
            Ok(())
        }
        GameCommand::List { player, json } => {
            let request = GameServiceListRequest { player: player.unwrap_or_default(), limit: 0 };
            let games = client.list(&request).await?.into_inner().games;
            if json {
                return output::json(&games);
            }
            let header = ["ID", "PLAYER", "STARTED", "SCENARIO", "SCORE", "AGENT", "BEST"];
            output::table(&header, games.iter().map(listed).collect());
            Ok(())
        }
    }
}

async fn start(client: &GameServiceClient, options: GameStartOptions) -> Result<(), Failure> {
    let GameStartOptions { family, difficulty, scenario, speed, operator, json } = options;
    let request = GameServiceStartRequest {
        player: operator::name(operator.as_deref())?,
        family,
        difficulty: difficulty.unwrap_or_default(),
        scenario,
        speed,
        idempotency_key: String::new(),
    };
    let game = client.start(&request).await?.into_inner().game.unwrap_or_default();
    if json {
        return output::json(&game);
    }
    let Game { game_id, simulation_id, length_s, .. } = &game;
    output::line(format!(
        "Game {} has begun: something goes wrong in the simulation {simulation_id} within {length_s:.0} simulated seconds.",
        ids::short(game_id)
    ));
    output::progress(format!(
        "watch it in the dashboard, or: export MICROCLOUD_SIMULATION={simulation_id}; microcloud incidents --open; microcloud actions list"
    ));
    output::progress(format!("when it is over: microcloud game finish {}", ids::short(game_id)));
    Ok(())
}

/// The game that was named, else the newest of the player's.
async fn chosen(
    client: &GameServiceClient,
    id: Option<String>,
    operator: Option<&str>,
) -> Result<String, Failure> {
    if let Some(id) = id.as_ref().filter(|id| ids::is_whole(id)) {
        return Ok(id.clone());
    }
    let player = if id.is_some() { String::new() } else { operator::name(operator)? };
    let request = GameServiceListRequest { player, limit: PAGE };
    let mut games = client.list(&request).await?.into_inner().games.into_iter().map(|game| game.game_id);
    match id {
        Some(id) => {
            ids::whole(&id, games, || format!("no game starts with {id:?}: see `microcloud game list`"))
        }
        None => games.next().ok_or_else(|| {
            Failure::Refused("you have played no game yet: `microcloud game start` begins one".to_owned())
        }),
    }
}

fn print(game: &Game) {
    let Some(result) = &game.result else { return output::line("The game is not over.") };
    let root = if result.root_cause.is_empty() { "nothing was wrong" } else { &result.root_cause };
    output::line(format!(
        "It was {}, seed {}: {} It came from: {root}.",
        result.scenario, result.seed, result.description
    ));
    output::table(
        &["PLAYER", "SCORE", "MITIGATED", "SLO", "BAD", "HARM", "ACTIONS"],
        result.rows.iter().map(row).collect(),
    );
    for of in &result.rows {
        for deed in &of.deeds {
            output::line(format!("{:>7.0} s  {}: {}", deed.at_s, of.player, deed.what));
        }
    }
}

fn row(of: &GameRow) -> Vec<String> {
    vec![
        of.player.clone(),
        score(Some(of)),
        of.mitigate_s.map_or_else(|| "no".to_owned(), |after| format!("after {after:.0} s")),
        format!("{:.1} min", of.slo_minutes),
        format!("{:.2} %", of.bad_pct),
        format!("{:.2} %", of.harm_pct),
        of.deeds.len().to_string(),
    ]
}

fn listed(game: &Game) -> Vec<String> {
    let result = game.result.as_ref();
    let place = |at: usize| score(result.and_then(|result| result.rows.get(at)));
    vec![
        ids::short(&game.game_id),
        game.player.clone(),
        game.started_at.as_ref().map(output::time).unwrap_or_default(),
        result.map_or_else(|| "being played".to_owned(), |result| result.scenario.clone()),
        place(0),
        place(2),
        place(3),
    ]
}

fn score(row: Option<&GameRow>) -> String {
    row.and_then(|row| row.score).map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"))
}
