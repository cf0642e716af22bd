//! `microcloud tail`: the messages of a subject as JSON lines.

use std::time::Duration;

use bus::{Bus, BusConfig, Delivery, From, json, streams, subjects};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cli::{TailFrom, TailOptions};
use crate::output::{self, Failure};
use crate::stack::Target;

/// A server that runs answers at once.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

pub(crate) async fn run(target: &Target, options: TailOptions) -> Result<(), Failure> {
    let bus = connect(target).await?;
    let left = options.count.unwrap_or(u64::MAX);
    let stream = streams::of_subject(options.subject.trim_end_matches(['>', '*', '.']));
    match (stream, options.from) {
        (Some(stream), from) => kept(&bus, stream, &options.subject, from, left).await,
        (None, TailFrom::New) => live(&bus, &options.subject, left).await,
        (None, TailFrom::All | TailFrom::Stored) => Err(Failure::Usage(format!(
            "no stream keeps {:?}: leave --from away to see new messages",
            options.subject
        ))),
    }
}

/// Connects to the stack's NATS for a command.
pub(crate) async fn connect(target: &Target) -> Result<Bus, Failure> {
    let config =
        BusConfig { give_up_after: CONNECT_WITHIN, ..BusConfig::new(target.nats_url()?, "microcloud") };
    Bus::connect(config).await.map_err(|error| {
        Failure::NotRunning(format!("{error}\nIs it running? `microcloud up` starts everything."))
    })
}

/// Messages of a stream.
async fn kept(bus: &Bus, stream: &str, subject: &str, from: TailFrom, mut left: u64) -> Result<(), Failure> {
    let failed = |error: bus::StreamError| Failure::because("read the stream", &error);
    let begin = match from {
        TailFrom::New => From::New,
        TailFrom::All | TailFrom::Stored => From::All,
    };
    let last = match from {
        TailFrom::Stored => last_sequence(bus, stream, subject).await?,
        TailFrom::New | TailFrom::All => Some(u64::MAX),
    };
    let Some(last) = last else { return Ok(()) };
    let mut tail = bus.tail(stream, subject, begin, CancellationToken::new()).await.map_err(failed)?;
    while left > 0 {
        let Some(delivery) = tail.next().await else { break };
        output::json_line(&line(&delivery));
        left -= 1;
        if delivery.stream_sequence >= last {
            break;
        }
    }
    Ok(())
}

/// Sequence of the newest message that matches; None when there is none.
async fn last_sequence(bus: &Bus, stream: &str, subject: &str) -> Result<Option<u64>, Failure> {
    use bus::async_nats::jetstream::stream::LastRawMessageErrorKind;

    let unreadable = |error: &dyn std::error::Error| Failure::because("read the stream", error);
    let stream = bus.jetstream().get_stream(stream).await.map_err(|error| unreadable(&error))?;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some(message.sequence)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Messages of a subject that no stream keeps.
async fn live(bus: &Bus, subject: &str, mut left: u64) -> Result<(), Failure> {
    let subscribed = bus.client().subscribe(subject.to_owned()).await;
    let mut messages = subscribed.map_err(|error| Failure::because("subscribe", &error))?;
    while left > 0 {
        let Some(message) = messages.next().await else { break };
        // The heartbeat is the one message of ours that travels without headers.
        let header = message.headers.as_ref().and_then(|headers| headers.get(bus::headers::MESSAGE_TYPE));
        let heartbeat = (message.subject.as_str() == subjects::SIM_STATE).then_some("sim.v1.SimulationState");
        let message_type = header.map(bus::async_nats::HeaderValue::as_str).or(heartbeat).unwrap_or_default();
        let content = decoded(message_type, &message.payload);
        output::json_line(
            &json!({ "subject": message.subject.as_str(), "type": message_type, "message": content }),
        );
        left -= 1;
    }
    Ok(())
}

fn line(delivery: &Delivery) -> Value {
    json!({
        "subject": delivery.subject,
        "sequence": delivery.stream_sequence,
        "published_at": delivery.published_at,
        "id": delivery.id,
        "type": delivery.message_type,
        "trace_id": delivery.traceparent.as_deref().and_then(bus::trace::trace_id),
        "message": decoded(&delivery.message_type, &delivery.payload),
    })
}

/// The message, or why it cannot be shown with how long it is.
pub(crate) fn decoded(message_type: &str, payload: &[u8]) -> Value {
    json::decode(message_type, payload)
        .unwrap_or_else(|error| json!({ "undecodable": error.to_string(), "bytes": payload.len() }))
}
