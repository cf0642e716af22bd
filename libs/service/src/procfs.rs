//! What the kernel knows about this process, in the customary `process_…` metrics. Linux only; elsewhere there are none.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Kernel clock ticks a second: fixed at 100 for user space on every Linux architecture that Rust's tier 1 has.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads `/proc/self` whenever the metrics are asked for.
#[derive(Debug)]
pub(crate) struct ProcessMetrics;

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(bytes) =
            resident_memory_bytes(&fs::read_to_string("/proc/self/status").unwrap_or_default())
        {
            let unit = Unit::Bytes;
            let metric = ConstGauge::new(bytes);
            let descriptor = encoder.encode_descriptor(
                "process_resident_memory",
                "Memory in use",
                Some(&unit),
                MetricType::Gauge,
            )?;
            metric.encode(descriptor)?;
        }
        if let Some(seconds) = cpu_seconds(&fs::read_to_string("/proc/self/stat").unwrap_or_default()) {
            let unit = Unit::Seconds;
            let metric = ConstCounter::new(seconds);
            let descriptor = encoder.encode_descriptor(
                "process_cpu",
                "Processor time used",
                Some(&unit),
                MetricType::Counter,
            )?;
            metric.encode(descriptor)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            let metric = ConstGauge::new(i64::try_from(open.count()).unwrap_or(i64::MAX));
            let descriptor = encoder.encode_descriptor(
                "process_open_fds",
                "Open files and sockets",
                None,
                MetricType::Gauge,
            )?;
            metric.encode(descriptor)?;
        }
        Ok(())
    }
}

/// The line `VmRSS: 12345 kB`; the unit is KiB whatever it says.
fn resident_memory_bytes(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

/// Fields 14 and 15 are the ticks in user and kernel mode. Field 2 is the name, which may hold spaces and parentheses.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let (user, kernel) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some((user + kernel) as f64 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processor_time_are_read() {
        assert_eq!(resident_memory_bytes("Name:\tx\nVmRSS:\t   12 kB\n"), Some(12 * 1_024));
        assert_eq!(resident_memory_bytes("Name:\tx\n"), None);
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 1 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("nonsense"), None);
    }
}
