//! Server-sent events as bytes, and their ids.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

/// Names of the events on `GET /api/stream`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventName {
    /// Everything a fresh page needs.
    Snapshot,
    /// One shard of the newest telemetry sample.
    Metrics,
    /// A fact about the simulated cloud.
    Event,
    /// A transition of an incident.
    Incident,
    /// A change of an action.
    Action,
    /// What somebody wrote about an incident, or removed.
    Note,
    /// A sign of life with the newest state, every second.
    Heartbeat,
    /// Events were missed; a snapshot follows.
    Resync,
}

impl EventName {
    /// The name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Metrics => "metrics",
            Self::Event => "event",
            Self::Incident => "incident",
            Self::Action => "action",
            Self::Note => "note",
            Self::Heartbeat => "heartbeat",
            Self::Resync => "resync",
        }
    }
}

/// Id of an event: which life of the process, and the position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventId {
    pub(crate) epoch: u64,
    pub(crate) number: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl EventId {
    /// Reads a `Last-Event-ID`; anything but two plain numbers with a dash between them is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (epoch, number) = text.trim().split_once('-')?;
        let digits = |part: &str| {
            (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())
                .flatten()
        };
        Some(Self { epoch: digits(epoch)?, number: digits(number)? })
    }
}

/// Encodes the data of an event as proto3 JSON on one line.
pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(message)
}

/// Puts an event together. Events without an id do not move the client's `Last-Event-ID`.
pub(crate) fn frame(id: Option<EventId>, name: EventName, data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(data.len() + 96);
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_id_name_and_data() {
        let frame = frame(Some(EventId { epoch: 7, number: 3 }), EventName::Action, b"{\"id\":\"a\"}");
        assert_eq!(&frame[..], b"id: 7-3\nevent: action\ndata: {\"id\":\"a\"}\n\n");
    }

    #[test]
    fn ids_read_back_and_nonsense_is_refused() {
        let id = EventId { epoch: 1_790_000_000_000, number: 42 };
        assert_eq!(EventId::parse(&id.to_string()), Some(id));
        for text in
            ["", "-", "1", "1-", "-1", "a-1", "1-b", "1-2-3", "+1-2", "1- 2", "99999999999999999999-1"]
        {
            assert_eq!(EventId::parse(text), None, "{text:?}");
        }
    }
}
