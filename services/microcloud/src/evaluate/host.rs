//! `--agent connect`: serves `eval.v1.EpisodeService` to agents that are clients, for as long as episodes are played.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::State;
use connectrpc_axum::{Code, ConnectError, ConnectRequest, ConnectResponse, MakeServiceBuilder};
use pbjson_types::{ListValue, Struct, value::Kind};
use proto::eval::v1::episode_service_connect::EpisodeServiceBuilder;
use proto::eval::v1::{StepRequest, StepResponse};
use serde_json::{Map, Number, Value};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::outside::MAX_ANSWER;
use super::table::{Said, Table};
use crate::output::{self, Failure};

/// How long a call waits for an episode before it is told to ask again: shorter than proxies and clients lose patience.
const ASK_AGAIN: Duration = Duration::from_secs(20);
/// Time that clients have to hear that everything has been played.
const GOODBYE: Duration = Duration::from_millis(500);

/// Where agents come, for as long as it lives.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) table: Table,
    over: CancellationToken,
}

/// Reads what stands behind `connect`: nothing, or `:ADDRESS` with or without a host.
pub(super) fn address(text: &str) -> Result<SocketAddr, Failure> {
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let text = text.strip_prefix(':').unwrap_or(text);
    if text.is_empty() {
        return Ok(local(0));
    }
    let port = text.parse().map(local).ok();
    port.or_else(|| text.parse().ok()).ok_or_else(|| {
        Failure::Usage(format!("--agent connect:{text}: write connect, connect:PORT or connect:ADDRESS:PORT"))
    })
}

impl Host {
    /// Listens from now on, and says where.
    pub(super) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::because(&format!("listen on {address}"), &error);
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let (table, over) = (Table::default(), CancellationToken::new());
        let steps = EpisodeServiceBuilder::<Table>::new().step(step).with_state(table.clone()).build();
        let router = MakeServiceBuilder::new().receive_max_bytes(MAX_ANSWER).add_router(steps).build();
        let shutdown = over.clone();
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
            if let Err(error) = served.await {
                output::progress(format!("evaluate: {}", Failure::because("serve agents", &error)));
            }
        });
        output::progress(format!("evaluate: agents play at http://{bound}"));
        Ok(Self { table, over })
    }

    /// Everything has been played: whoever asks for more is told, then nobody is served any more.
    #[allow(clippy::disallowed_methods)] // A pause for clients to ask once more, on the thread that waited for the episodes.
    pub(super) fn close(self) {
        self.table.finish();
        std::thread::sleep(GOODBYE);
        self.over.cancel();
    }
}

async fn step(
    State(table): State<Table>,
    ConnectRequest(request): ConnectRequest<StepRequest>,
) -> Result<ConnectResponse<StepResponse>, ConnectError> {
    let StepRequest { episode_id, turn, answer } = request;
    table.heard();
    if episode_id.is_empty() {
        let Some((id, game)) = table.take(ASK_AGAIN).await else {
            let finished = table.is_finished();
            return Ok(ConnectResponse(StepResponse { finished, ..StepResponse::default() }));
        };
        return Ok(ConnectResponse(response(&table, id, game.next(0).await)));
    }
    let game = table.game(&episode_id).ok_or_else(|| {
        let message = format!(
            "There is no episode {episode_id:?}, or it is over. A Step without episode_id takes the next one."
        );
        ConnectError::new(Code::NotFound, message)
    })?;
    let mut answered = game.answered.lock().await;
    let present = game.present();
    if turn == present.turn && !present.over && *answered < turn {
        *answered = turn;
        game.answer(Value::Object(plain(answer.unwrap_or_default())).to_string());
    } else if *answered != turn && !present.over {
        let message = format!("turn is {turn}, but {} is to be answered.", present.turn);
        return Err(ConnectError::new(Code::InvalidArgument, message));
    }
    let next = game.next(turn).await;
    table.heard();
    Ok(ConnectResponse(response(&table, episode_id, next)))
}

fn response(table: &Table, episode_id: String, said: Said) -> StepResponse {
    let Said { turn, says, over, stopped } = said;
    if over {
        table.forget(&episode_id);
    }
    let says = says.into_iter().filter_map(|say| match wire(say).kind {
        Some(Kind::StructValue(say)) => Some(say),
        _ => None,
    });
    StepResponse { episode_id, turn, says: says.collect(), stopped, finished: false }
}

/// JSON as a message.
fn wire(value: Value) -> pbjson_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(wire).collect() }),
        Value::Object(fields) => Kind::StructValue(Struct {
            fields: fields.into_iter().map(|(key, value)| (key, wire(value))).collect(),
        }),
    };
    pbjson_types::Value { kind: Some(kind) }
}

/// The message as JSON. Its numbers are all floating-point: what is whole is written so again.
fn plain(message: Struct) -> Map<String, Value> {
    message.fields.into_iter().map(|(key, value)| (key, plain_value(value))).collect()
}

fn plain_value(value: pbjson_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::NumberValue(number)) => {
            let whole = number.fract() == 0.0 && number.abs() < 9e15;
            let number = if whole { Some(Number::from(number as i64)) } else { Number::from_f64(number) };
            number.map_or(Value::Null, Value::Number)
        }
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(plain_value).collect()),
        Some(Kind::StructValue(fields)) => Value::Object(plain(fields)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_comes_through_a_message_as_it_was() {
        let said = json!({ "a": 2, "b": [1.5, null, true, "x"], "c": { "d": -7 } });
        let Some(Kind::StructValue(message)) = wire(said.clone()).kind else { panic!("an object") };
        assert_eq!(Value::Object(plain(message)), said);
    }

    #[test]
    fn an_address_may_leave_out_what_is_usual() {
        assert_eq!(address("").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(address(":9000").unwrap().to_string(), "127.0.0.1:9000");
        assert_eq!(address(":0.0.0.0:9000").unwrap().to_string(), "0.0.0.0:9000");
        assert!(address(":nowhere").is_err());
    }
}
