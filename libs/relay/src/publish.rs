//! Where the relay publishes: the bus, or something in its place that a test can break.

use store::outbox::Unsent;

/// The message may or may not have been stored; it has to be published again, with the same id.
#[derive(Debug, thiserror::Error)]
#[error("publishing to {subject} failed; it is repeated with the same id until the stream acknowledges it")]
pub struct PublishFailed {
    /// Subject of the message.
    pub subject: String,
    /// What the bus said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Publishes one message and waits until the stream has acknowledged it.
pub trait Publish: Send + Sync {
    /// Returns the message's place in its stream.
    fn publish(&self, message: &Unsent) -> impl Future<Output = Result<u64, PublishFailed>> + Send;
}

impl Publish for bus::Bus {
    async fn publish(&self, message: &Unsent) -> Result<u64, PublishFailed> {
        let outgoing = bus::Outgoing {
            subject: message.subject.clone(),
            id: message.message_id.clone(),
            message_type: message.message_type.clone(),
            simulation_id: message.simulation_id.clone(),
            traceparent: message.traceparent.clone(),
            expected_last_subject_sequence: None,
            payload: message.payload.clone().into(),
        };
        match bus::Bus::publish(self, &outgoing).await {
            Ok(published) => Ok(published.stream_sequence),
            Err(source) => Err(PublishFailed { subject: message.subject.clone(), source: source.into() }),
        }
    }
}
