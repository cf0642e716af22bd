//! A server, a connection, and messages to send over it.

use std::time::{Duration, Instant};

use backing::NatsServer;
use bus::{Bus, BusConfig, Consumer, ConsumerSpec, Outgoing, streams, subjects};
use proto::ops::v1::Incident;
use tokio_util::sync::CancellationToken;

/// Recovery bound of the slowest fault, with room for a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

pub(crate) struct Rig {
    pub(crate) server: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) token: CancellationToken,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let server = NatsServer::ephemeral().await.unwrap();
        let bus = Bus::connect(BusConfig::new(server.url(), "test")).await.unwrap();
        bus.provision().await.unwrap();
        Self { server, bus, token: CancellationToken::new() }
    }

    pub(crate) async fn consumer(&self) -> Consumer {
        let spec = ConsumerSpec::durable(streams::OPS_INCIDENTS, "test");
        Consumer::open(&self.bus, spec, self.token.clone()).await.unwrap()
    }

    /// Messages that the incident stream holds.
    pub(crate) async fn stored(&self) -> u64 {
        self.bus.jetstream().get_stream(streams::OPS_INCIDENTS).await.unwrap().cached_info().state.messages
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.token.cancel();
        self.server.thaw();
    }
}

pub(crate) fn incident(id: &str) -> Outgoing {
    let incident = Incident { id: id.to_owned(), simulation_id: "default".to_owned(), ..Incident::default() };
    Outgoing::message(subjects::OPS_INCIDENTS, id, "default", &incident)
}

/// Bytes that no Incident is.
pub(crate) fn garbage(id: &str) -> Outgoing {
    Outgoing { payload: vec![0xff; 16].into(), ..incident(id) }
}

/// The next message, which has to come in time.
pub(crate) async fn next(consumer: &mut Consumer) -> bus::Delivery {
    tokio::time::timeout(DEADLINE, consumer.next()).await.expect("no message in time").unwrap()
}

/// Waits for a condition.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < DEADLINE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
