//! Samples into their stream, without a gap. The stream acknowledges before it writes (`persist_mode: async`), so a server that
//! is killed may forget what it acknowledged. Every sample therefore names the one before it: a server that has forgotten
//! refuses it, and gets what is missing again.
//!
//! The same rule keeps two engines from mixing their telemetry.

use std::collections::{HashMap, VecDeque};

use bus::streams::SIM_METRICS;
use bus::{Bus, Outgoing, PublishError, Published};
use chrono::{DateTime, Utc};
use prost::Message as _;
use proto::sim::v1::MetricSnapshot;

use super::RETRY_AFTER;
use crate::meters::Meters;
use crate::stored::last_of_subject;

/// Acknowledged samples that are kept to be sent again: the server writes within milliseconds, this is a quarter of a second at
/// speed 1000.
const KEPT: usize = 256;

/// Another engine published telemetry of this simulation that this one did not compute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "another sim-engine publishes telemetry on {subject}: this one stops, because two would compute the run apart. \
     Let one engine run for each simulation"
)]
pub(crate) struct Diverged {
    subject: String,
}

/// Publishes samples.
pub(super) struct Telemetry {
    bus: Bus,
    meters: Meters,
    /// Sequence of the last sample by subject.
    last: HashMap<String, u64>,
    kept: VecDeque<Outgoing>,
}

impl Telemetry {
    pub(super) fn new(bus: Bus, meters: Meters) -> Self {
        Self { bus, meters, last: HashMap::new(), kept: VecDeque::with_capacity(KEPT) }
    }

    /// Publishes one sample after the one before it, however long it takes.
    pub(super) async fn publish(&mut self, message: &Outgoing) -> Result<(), Diverged> {
        loop {
            let expected = self.expected(&message.subject).await;
            let mut attempt = message.clone();
            attempt.expected_last_subject_sequence = Some(expected);
            match self.bus.publish(&attempt).await {
                Ok(published) => {
                    self.stored_as(&message.subject, published);
                    break;
                }
                Err(PublishError::Fenced { .. }) => {
                    if self.make_up_before(message).await? {
                        break;
                    }
                }
                Err(error) => self.again(&message.subject, &error).await,
            }
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(message.clone());
        Ok(())
    }

    fn stored_as(&mut self, subject: &str, published: Published) {
        if published.duplicate {
            // Stored before, and perhaps not the last one any more: looked up when it is needed.
            self.last.remove(subject);
        } else {
            self.last.insert(subject.to_owned(), published.stream_sequence);
        }
    }

    /// Sequence of the last sample on a subject.
    async fn expected(&mut self, subject: &str) -> u64 {
        if let Some(sequence) = self.last.get(subject) {
            return *sequence;
        }
        let stored = self.stored(subject).await.map_or(0, |(sequence, _)| sequence);
        self.last.insert(subject.to_owned(), stored);
        stored
    }

    /// What the stream holds last on a subject; asks until there is an answer.
    async fn stored(&self, subject: &str) -> Option<(u64, MetricSnapshot)> {
        loop {
            match last_of_subject(&self.bus, SIM_METRICS, subject).await {
                Ok(message) => {
                    // What is no sample has no time, and so comes before every sample.
                    return message.map(|message| {
                        (message.sequence, MetricSnapshot::decode(message.payload).unwrap_or_default())
                    });
                }
                Err(error) => self.again(subject, &*error).await,
            }
        }
    }

    /// The stream does not end with the sample before `message`. Sends again what it has forgotten. Says whether `message` itself
    /// turned out to be stored.
    async fn make_up_before(&mut self, message: &Outgoing) -> Result<bool, Diverged> {
        let subject = &message.subject;
        let Some((sequence, stored)) = self.stored(subject).await else {
            // Purged, or too old to be kept: nothing was forgotten that anybody could still want.
            self.last.insert(subject.clone(), 0);
            return Ok(false);
        };
        self.last.insert(subject.clone(), sequence);
        if id_of(&stored) == message.id {
            return Ok(true);
        }
        let since = time_of(&stored);
        if time_of(&decoded(message)) <= since {
            return Err(Diverged { subject: subject.clone() });
        }
        let missing: Vec<Outgoing> = self
            .kept
            .iter()
            .filter(|kept| kept.subject == *subject && time_of(&decoded(kept)) > since)
            .cloned()
            .collect();
        let lost = lost_between(&stored, &decoded(missing.first().unwrap_or(message)));
        if lost > 0 {
            self.meters.telemetry_lost(lost);
        }
        tracing::warn!(subject, again = missing.len(), lost, "NATS forgot acknowledged telemetry");
        for mut again in missing {
            let expected = self.expected(subject).await;
            again.expected_last_subject_sequence = Some(expected);
            match self.bus.publish(&again).await {
                // Somebody deleted it: the server remembers the id, and that it is gone is no mistake of the server's.
                Ok(published) if published.duplicate => {}
                Ok(published) => self.stored_as(subject, published),
                Err(error) => {
                    // The caller finds out anew what is missing.
                    self.again(subject, &error).await;
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    async fn again(&self, subject: &str, error: &(dyn std::error::Error + Send + Sync)) {
        self.meters.publish_failed();
        tracing::warn!(subject, %error, "telemetry is not published yet, the simulation waits");
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Samples of the same run that are neither stored nor kept.
fn lost_between(stored: &MetricSnapshot, next: &MetricSnapshot) -> u64 {
    if stored.run_id != next.run_id {
        return 0;
    }
    (next.tick.saturating_sub(stored.tick) / sim::TICKS_PER_SAMPLE).saturating_sub(1)
}

fn decoded(message: &Outgoing) -> MetricSnapshot {
    // What this engine encoded decodes.
    MetricSnapshot::decode(message.payload.clone()).unwrap_or_default()
}

fn id_of(sample: &MetricSnapshot) -> String {
    crate::run::sample_id(sample)
}

/// Simulated time never goes backwards, also from run to run: it orders all samples of a simulation.
fn time_of(sample: &MetricSnapshot) -> DateTime<Utc> {
    sample.time.and_then(|time| DateTime::try_from(time).ok()).unwrap_or(DateTime::<Utc>::MIN_UTC)
}
