//! The dead man's switch: automation rests on agent-service and sim-engine, and nothing is approved without a person once one of them has
//! been silent for ten seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::service::metrics::Metrics as Registry;
use bus::{Bus, subjects};
use futures::StreamExt as _;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prost::Message as _;
use proto::ops::v1::Heartbeat;
use remedy::policy::SILENT_AFTER_S;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Pause before the next try when the bus refuses a subscription.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks for the metric.
const LOOK: Duration = Duration::from_secs(1);

/// Who has to be heard, and the name by which people know them.
const AGENT: &str = crate::agents::BUILT_IN;
const ENGINE: &str = "sim-engine";

/// When each was heard last; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Watchdog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    began: Instant,
    /// Milliseconds after the beginning; 0 for nobody heard yet, who has the time from then on.
    agent_ms: AtomicU64,
    engine_ms: AtomicU64,
    silent: Family<Who, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Who {
    service: &'static str,
}

impl Watchdog {
    /// Begins to wait now.
    pub(crate) fn new(registry: &Registry) -> Self {
        let help = "1 when a service that automation rests on has been silent for more than 10 s";
        let silent = registry.register("silent_services", help, Family::default());
        let (agent_ms, engine_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { inner: Arc::new(Inner { began: Instant::now(), agent_ms, engine_ms, silent }) }
    }

    /// Services that have been silent for too long.
    pub(crate) fn silent(&self) -> Vec<String> {
        let inner = &self.inner;
        let now = self.now_ms();
        let is_silent = |heard: &AtomicU64| {
            now.saturating_sub(heard.load(Ordering::Relaxed))
                > Duration::from_secs(SILENT_AFTER_S).as_millis() as u64
        };
        [(AGENT, &inner.agent_ms), (ENGINE, &inner.engine_ms)]
            .into_iter()
            .filter(|(_, heard)| is_silent(heard))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// Why nothing is approved without a person, as a sentence; `None` when everybody is heard.
    pub(crate) fn why_manual(&self) -> Option<String> {
        let silent = self.silent();
        (!silent.is_empty()).then(|| {
            format!(
                "Manual: {} silent for more than {SILENT_AFTER_S} s, so nothing is approved without a person. See `microcloud status`.",
                match silent.as_slice() {
                    [one] => format!("{one} has been"),
                    several => format!("{} have been", several.join(" and ")),
                }
            )
        })
    }

    /// Listens until shutdown.
    pub(crate) async fn run(self, bus: Bus, token: CancellationToken) {
        tokio::join!(
            self.listen(&bus, subjects::OPS_HEARTBEAT, &token),
            self.listen(&bus, subjects::SIM_STATE, &token),
            self.show(&token),
        );
    }

    async fn listen(&self, bus: &Bus, subject: &'static str, token: &CancellationToken) {
        while !token.is_cancelled() {
            let mut heard = match bus.client().subscribe(subject).await {
                Ok(heard) => heard,
                Err(error) => {
                    tracing::warn!(%error, subject, "cannot listen to signs of life yet");
                    token.run_until_cancelled(tokio::time::sleep(RETRY)).await;
                    continue;
                }
            };
            while let Some(Some(message)) = token.run_until_cancelled(heard.next()).await {
                let from_agent =
                    || Heartbeat::decode(message.payload).is_ok_and(|beat| beat.service == AGENT);
                if subject == subjects::SIM_STATE {
                    self.inner.engine_ms.store(self.now_ms(), Ordering::Relaxed);
                } else if from_agent() {
                    self.inner.agent_ms.store(self.now_ms(), Ordering::Relaxed);
                }
            }
        }
    }

    async fn show(&self, token: &CancellationToken) {
        while token.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let silent = self.silent();
            for service in [AGENT, ENGINE] {
                let is_silent = silent.iter().any(|name| name == service);
                self.inner.silent.get_or_create(&Who { service }).set(i64::from(is_silent));
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.inner.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
