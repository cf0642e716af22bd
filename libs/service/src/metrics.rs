//! Metrics of a process, exposed as OpenMetrics text.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

/// The registry of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    /// The usual `process_…` metrics, whose names have no prefix.
    process: Arc<Mutex<Registry>>,
}

impl Metrics {
    /// A registry whose metrics are all called `microcloud_<service>_…`, with build information and start time.
    pub fn new(service: &str, version: &str) -> Self {
        let mut registry = Registry::with_prefix(format!("microcloud_{}", service.replace('-', "_")));
        let build = Info::new(vec![("version", version.to_owned())]);
        registry.register("build", "Version of the program", build);
        let started = Gauge::<f64, AtomicU64>::default();
        started.set(Utc::now().timestamp_millis() as f64 / 1_000.0);
        registry.register("start_time_seconds", "When the process started, Unix time", started);
        let mut process = Registry::default();
        process.register_collector(Box::new(crate::procfs::ProcessMetrics));
        Self { registry: Arc::new(Mutex::new(registry)), process: Arc::new(Mutex::new(process)) }
    }

    /// Registers a metric and returns it. Counters get `_total` by themselves; units are base units (seconds, bytes).
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        lock(&self.registry).register(name, help, metric.clone());
        metric
    }

    /// All metrics as OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let written = encode_registry(&mut text, &lock(&self.registry))
            .and_then(|()| encode_registry(&mut text, &lock(&self.process)))
            .and_then(|()| encode_eof(&mut text));
        if written.is_err() {
            tracing::error!("metrics could not be written");
        }
        text
    }
}

fn lock(registry: &Mutex<Registry>) -> MutexGuard<'_, Registry> {
    // Nothing panics while it is held; should it happen, the registry is still whole.
    registry.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn metrics_are_named_after_the_service() {
        let metrics = Metrics::new("signal-service", "1.2.3");
        let rows: Counter = metrics.register("rows", "Rows stored", Counter::default());
        rows.inc_by(5);
        let text = metrics.encode();
        assert!(text.contains("microcloud_signal_service_rows_total 5"), "{text}");
        assert!(text.contains("version=\"1.2.3\""), "{text}");
        assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
        #[cfg(target_os = "linux")]
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
    }
}
