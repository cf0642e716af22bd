//! A client of the event stream, as a browser is one.

use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use serde_json::Value;

use crate::stack::PATIENCE;

type Chunks = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

pub struct EventSource {
    pub headers: reqwest::header::HeaderMap,
    pub status: reqwest::StatusCode,
    chunks: Chunks,
    buffer: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
    /// The event as it came.
    pub text: String,
}

impl EventSource {
    pub async fn open(address: SocketAddr, last_event_id: Option<&str>) -> Self {
        Self::of("default", address, last_event_id).await
    }

    /// The stream of a simulation.
    pub async fn of(simulation: &str, address: SocketAddr, last_event_id: Option<&str>) -> Self {
        // A client of its own, because clients share connections; no time limit, because streams have none.
        let url = format!("http://{address}/api/stream?simulation={simulation}");
        let mut request = reqwest::Client::new().get(url);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        Self {
            headers: response.headers().clone(),
            status: response.status(),
            chunks: Box::pin(response.bytes_stream()),
            buffer: String::new(),
        }
    }

    /// The next event, or `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let text: String = self.buffer.drain(..end + 2).collect();
                match parse(&text) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.chunks.next()).await.expect("an event in time");
            match chunk {
                Some(Ok(bytes)) => self.buffer.push_str(std::str::from_utf8(&bytes).unwrap()),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next event with this name; others are skipped.
    pub async fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }
}

fn parse(text: &str) -> Option<Event> {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(ToOwned::to_owned)
    };
    let data = serde_json::from_str(&field("data")?).unwrap();
    Some(Event { id: field("id"), name: field("event")?, data, text: text.to_owned() })
}
