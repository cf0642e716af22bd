//! `ops.v1.SystemService`: the streams that carry everything, how far their readers are, and what nobody could handle.

use axum::Router;
use axum::extract::State;
use bus::dead_letters::{self, DeadLetter as Letter, DeadLetterError};
use bus::survey::{self, ConsumerSurvey, StreamSurvey};
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use proto::ops::v1::system_service_connect::SystemServiceBuilder;
use proto::ops::v1::{
    BusConsumer, BusStream, DeadLetter, DeadLetterCount, SystemServiceListDeadLettersRequest,
    SystemServiceListDeadLettersResponse, SystemServiceListStreamsRequest, SystemServiceListStreamsResponse,
};

use crate::app::App;
use crate::convert::timestamp;
use crate::error;

/// Dead letters that are told when nobody says how many, and at most: each is a question to the server.
const LETTERS: u32 = 20;
const MOST_LETTERS: u32 = 100;
/// Of a message's JSON. Most are far smaller; the rest of one is for `microcloud dlq show`.
const MOST_JSON_BYTES: usize = 16 * 1_024;

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    SystemServiceBuilder::<App>::new()
        .list_streams(list_streams)
        .list_dead_letters(list_dead_letters)
        .with_state(app)
        .build()
}

async fn list_streams(
    State(app): State<App>,
    ConnectRequest(SystemServiceListStreamsRequest {}): ConnectRequest<SystemServiceListStreamsRequest>,
) -> Result<ConnectResponse<SystemServiceListStreamsResponse>, ConnectError> {
    let streams = survey::streams(&app.bus).await;
    let streams = streams.map_err(|error| error::bus("tell what is on the bus", &error))?;
    Ok(ConnectResponse(SystemServiceListStreamsResponse {
        streams: streams.into_iter().map(stream).collect(),
    }))
}

async fn list_dead_letters(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<SystemServiceListDeadLettersRequest>,
) -> Result<ConnectResponse<SystemServiceListDeadLettersResponse>, ConnectError> {
    let SystemServiceListDeadLettersRequest { limit } = request;
    if limit > MOST_LETTERS {
        return Err(error::invalid(format!(
            "limit is {limit}, and I tell at most {MOST_LETTERS} dead letters: `microcloud dlq list` shows more."
        )));
    }
    let limit = if limit == 0 { LETTERS } else { limit };
    let refused = |error: DeadLetterError| match error {
        DeadLetterError::NoStream => error::precondition(format!("I cannot tell: {error}.")),
        error => error::bus("read the dead letters", &error),
    };
    let counts = dead_letters::counts(&app.bus).await.map_err(refused)?;
    let letters = dead_letters::newest(&app.bus, limit as usize).await.map_err(refused)?;
    Ok(ConnectResponse(SystemServiceListDeadLettersResponse {
        counts: counts.into_iter().map(|(stream, letters)| DeadLetterCount { stream, letters }).collect(),
        letters: letters.into_iter().map(dead_letter).collect(),
    }))
}

fn stream(survey: StreamSurvey) -> BusStream {
    let StreamSurvey { name, description, max_bytes, refuses_when_full, max_age_s, held } = survey;
    let described = BusStream {
        name: name.to_owned(),
        description: description.to_owned(),
        max_bytes,
        refuses_when_full,
        max_age_s,
        ..BusStream::default()
    };
    let Some(held) = held else { return described };
    let survey::Held { messages, bytes, last_sequence, span, consumers } = held;
    BusStream {
        present: true,
        messages,
        bytes,
        last_sequence,
        oldest: span.map(|(oldest, _)| timestamp(oldest)),
        newest: span.map(|(_, newest)| timestamp(newest)),
        consumers: consumers.into_iter().map(consumer).collect(),
        ..described
    }
}

fn consumer(survey: ConsumerSurvey) -> BusConsumer {
    let ConsumerSurvey { name, waiting, in_flight, redelivered, last_acknowledged, reading } = survey;
    let last_acknowledged = last_acknowledged.map(timestamp);
    BusConsumer { name, waiting, in_flight, redelivered, last_acknowledged, reading }
}

fn dead_letter(letter: Letter) -> DeadLetter {
    DeadLetter {
        sequence: letter.sequence,
        at: Some(timestamp(letter.at)),
        reason: letter.reason,
        subject: letter.subject,
        stream: letter.stream,
        stream_sequence: letter.stream_sequence,
        consumer: letter.consumer,
        attempts: letter.attempts,
        json: json(&letter.message_type, &letter.payload),
        message_type: letter.message_type,
        message_id: letter.message_id,
        payload_bytes: letter.payload.len() as u64,
    }
}

fn json(message_type: &str, payload: &[u8]) -> String {
    let Ok(value) = bus::json::decode(message_type, payload) else { return String::new() };
    let mut text = format!("{value:#}");
    let cut = text.floor_char_boundary(MOST_JSON_BYTES);
    if cut < text.len() {
        let rest = text.len() - cut;
        text.truncate(cut);
        text.push_str(&format!("\n… and {rest} bytes more; `microcloud dlq show` has all of it"));
    }
    text
}
