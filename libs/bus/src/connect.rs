//! The connection: made once, kept for ever.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event};

/// A frozen server is noticed after three of these; the default of a minute takes three minutes.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// Longest wait for one attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the answer to a request to the server.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Reconnecting starts quickly and stays polite.
const RECONNECT_STEP: Duration = Duration::from_millis(50);
const RECONNECT_LONGEST: Duration = Duration::from_secs(2);
/// A consumer's batch must fit, or it stalls.
const SUBSCRIPTION_CAPACITY: usize = 4_096;
/// Between two attempts of the first connection.
const FIRST_CONNECT_PAUSE: Duration = Duration::from_millis(500);
/// Acknowledgements in flight over the whole connection; publishers wait beyond.
const MAX_ACKS_IN_FLIGHT: usize = 4_096;

/// How to connect.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// For example `nats://localhost:4222`; credentials may be part of it.
    pub url: String,
    /// Shown in the server's list of connections.
    pub client_name: String,
    /// How long to wait for a server that is not there yet.
    pub give_up_after: Duration,
    /// How long an unknown publish is retried.
    pub publish_deadline: Duration,
}

impl BusConfig {
    /// The usual settings.
    pub fn new(url: impl Into<String>, client_name: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            client_name: client_name.into(),
            give_up_after: Duration::from_secs(60),
            publish_deadline: Duration::from_secs(30),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none.
    #[error("NATS_URL {url:?} is not a NATS URL: write one like nats://localhost:4222")]
    Url {
        /// What was given, without credentials.
        url: String,
    },
    /// No server answered in time.
    #[error("no NATS server answered at {url} for {waited:?}: start one, or set NATS_URL")]
    Unreachable {
        /// Where, without credentials.
        url: String,
        /// How long was waited.
        waited: Duration,
        /// Cause.
        #[source]
        source: async_nats::ConnectError,
    },
}

/// A connection to NATS with JetStream. Cheap to clone; reconnects by itself.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    jetstream: jetstream::Context,
    pub(crate) publish_deadline: Duration,
}

impl Bus {
    /// Connects, waiting for a server that is not there yet.
    ///
    /// # Errors
    /// A malformed URL, or nobody there for `give_up_after`.
    pub async fn connect(config: BusConfig) -> Result<Self, ConnectError> {
        let shown = without_credentials(&config.url);
        if config.url.parse::<async_nats::ServerAddr>().is_err() {
            return Err(ConnectError::Url { url: shown });
        }
        let started = tokio::time::Instant::now();
        let mut told = false;
        let client = loop {
            let source = match options(&config.client_name).connect(&config.url).await {
                Ok(client) => break client,
                Err(source) => source,
            };
            let waited = started.elapsed();
            if waited >= config.give_up_after {
                return Err(ConnectError::Unreachable { url: shown, waited, source });
            }
            if !told {
                tracing::warn!(url = shown, error = %source, "waiting for NATS");
                told = true;
            }
            tokio::time::sleep(FIRST_CONNECT_PAUSE).await;
        };
        let jetstream = jetstream::ContextBuilder::new()
            .timeout(REQUEST_TIMEOUT)
            .ack_timeout(REQUEST_TIMEOUT)
            .max_ack_inflight(MAX_ACKS_IN_FLIGHT)
            .backpressure_on_inflight(true)
            .build(client.clone());
        tracing::info!(url = shown, "connected to NATS");
        Ok(Self { client, jetstream, publish_deadline: config.publish_deadline })
    }

    /// The plain NATS client, for subjects that no stream keeps.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The JetStream context.
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Whether the server answers and JetStream is enabled: a real round trip.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn ping(&self) -> Result<(), async_nats::Error> {
        self.jetstream.query_account().await?;
        Ok(())
    }
}

fn options(name: &str) -> ConnectOptions {
    ConnectOptions::new()
        .name(name)
        .ping_interval(PING_INTERVAL)
        .connection_timeout(CONNECT_TIMEOUT)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            let steps = u32::try_from(attempt).unwrap_or(u32::MAX);
            RECONNECT_LONGEST.min(RECONNECT_STEP.saturating_mul(steps))
        })
        .event_callback(|event| async move {
            match event {
                Event::Connected => tracing::info!("NATS connection is up"),
                Event::Disconnected => tracing::warn!("NATS connection is lost, reconnecting"),
                Event::SlowConsumer(id) => {
                    tracing::warn!(subscription = id, "a subscription is too slow, messages dropped");
                }
                Event::ServerError(error) => tracing::warn!(%error, "NATS server reported an error"),
                Event::ClientError(error) => tracing::warn!(%error, "NATS client reported an error"),
                other => tracing::debug!(event = %other, "NATS connection event"),
            }
        })
}

/// A URL as it may be logged.
fn without_credentials(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(without_credentials("nats://user:secret@host:4222"), "nats://host:4222");
        assert_eq!(without_credentials("nats://host:4222"), "nats://host:4222");
    }

    #[tokio::test]
    async fn a_malformed_url_is_named() {
        let error = Bus::connect(BusConfig::new("nats://[", "test")).await.unwrap_err();
        assert!(error.to_string().contains("nats://localhost:4222"), "{error}");
    }
}
