//! `ops.v1.GameService`: game days.

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::ops::v1::game_service_connect::GameServiceBuilder;
use proto::ops::v1::{
    GameServiceFinishRequest, GameServiceFinishResponse, GameServiceGetRequest, GameServiceGetResponse,
    GameServiceListRequest, GameServiceListResponse, GameServiceReplayRequest, GameServiceReplayResponse,
    GameServiceStartRequest, GameServiceStartResponse,
};
use uuid::Uuid;

use super::fields;
use crate::app::App;
use crate::change::NAMESPACE;
use crate::error;
use crate::games::{self, Wish};

/// Longest name of a family or scenario.
const MAX_NAME: usize = 64;
/// Hardest.
const MAX_DIFFICULTY: u32 = 5;
/// Simulated seconds a wall-clock second.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=1_000.0;
/// Games in a list when the caller does not say, and at most.
const LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// The service's routes. A game is scored in some seconds, so that no limit on time is put on it.
pub(crate) fn router(app: App) -> Router {
    GameServiceBuilder::<App>::new()
        .start(start)
        .finish(finish)
        .replay(replay)
        .get(get)
        .list(list)
        .with_state(app)
        .build()
}

async fn start(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GameServiceStartRequest>,
) -> Result<ConnectResponse<GameServiceStartResponse>, ConnectError> {
    let GameServiceStartRequest { player, family, difficulty, scenario, speed, idempotency_key } = request;
    let player = fields::operator(&player)?;
    if difficulty > MAX_DIFFICULTY {
        return Err(error::invalid(format!("difficulty must be 1 to {MAX_DIFFICULTY}, or 0 for any.")));
    }
    // A field that was not set is exactly 0.
    if speed.to_bits() != 0 && !SPEEDS.contains(&speed) {
        return Err(error::invalid("speed must be 0.1 to 1000 simulated seconds a second, or 0 for 2."));
    }
    let key = fields::idempotency_key(&idempotency_key)?;
    let id = if key.is_empty() {
        Uuid::new_v4()
    } else {
        Uuid::new_v5(&NAMESPACE, format!("game/{player}/{key}").as_bytes())
    };
    let wish = Wish {
        id,
        player,
        family: fields::optional_text("family", &family, MAX_NAME)?,
        difficulty,
        scenario: fields::optional_text("scenario", &scenario, MAX_NAME)?,
        speed,
    };
    Ok(ConnectResponse(GameServiceStartResponse { game: Some(games::start(&app, wish).await?) }))
}

async fn finish(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GameServiceFinishRequest>,
) -> Result<ConnectResponse<GameServiceFinishResponse>, ConnectError> {
    let id = fields::uuid("game_id", &request.game_id)?;
    // Scoring goes on when the caller does not wait, and is found done when it asks again.
    let scoring = tokio::spawn(async move { games::finish(&app, id, request.give_up).await });
    let game = scoring.await.map_err(|e| error::internal("score the game", &e))??;
    Ok(ConnectResponse(GameServiceFinishResponse { game: Some(game) }))
}

async fn replay(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GameServiceReplayRequest>,
) -> Result<ConnectResponse<GameServiceReplayResponse>, ConnectError> {
    let id = fields::uuid("game_id", &request.game_id)?;
    let simulation_id = games::replay(&app, id, &request.player).await?;
    Ok(ConnectResponse(GameServiceReplayResponse { simulation_id }))
}

async fn get(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GameServiceGetRequest>,
) -> Result<ConnectResponse<GameServiceGetResponse>, ConnectError> {
    let id = fields::uuid("game_id", &request.game_id)?;
    Ok(ConnectResponse(GameServiceGetResponse { game: Some(games::get(&app, id).await?) }))
}

async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<GameServiceListRequest>,
) -> Result<ConnectResponse<GameServiceListResponse>, ConnectError> {
    let GameServiceListRequest { player, limit } = request;
    if limit > MAX_LIMIT {
        return Err(error::invalid(format!("limit must be at most {MAX_LIMIT}.")));
    }
    let player = fields::optional_text("player", &player, 128)?;
    let player = (!player.is_empty()).then_some(&*player);
    let games = games::list(&app, player, if limit == 0 { LIMIT } else { limit }).await?;
    Ok(ConnectResponse(GameServiceListResponse { games }))
}
