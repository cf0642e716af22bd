//! Stored values, put together to the samples that they were.

use chrono::{DateTime, Utc};
use detect::{Columns, Sample, SimTime};
use store::metrics::StoredValue;

/// Puts values together; they come in order of time.
#[derive(Debug)]
pub(crate) struct Assembly {
    metrics: Vec<String>,
    interval_ms: u32,
    run: u64,
    last_tick: i64,
    current: Option<Assembled>,
}

/// One sample.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) time: DateTime<Utc>,
    tick: i64,
    run: String,
    interval_ms: u32,
    services: Table,
    nodes: Table,
}

/// Values of one kind of target.
#[derive(Debug, Default)]
struct Table {
    ids: Vec<String>,
    /// Name of each metric, and its values in the order of the ids.
    columns: Vec<(String, Vec<f32>)>,
}

impl Assembly {
    pub(crate) fn new(metrics: &[String], interval_ms: u32) -> Self {
        Self { metrics: metrics.to_vec(), interval_ms, run: 0, last_tick: -1, current: None }
    }

    /// Takes the next value in; returns the sample before it when that is complete.
    pub(crate) fn add(&mut self, value: &StoredValue) -> Option<Assembled> {
        let StoredValue { time, tick_id, node_id, service_id, metric_name, metric_value } = value;
        let complete = if self.current.as_ref().is_some_and(|current| current.time == *time) {
            None
        } else {
            // Time only ever goes forwards; a tick that does not belongs to another run.
            self.run += u64::from(*tick_id <= self.last_tick);
            self.last_tick = *tick_id;
            self.current.take()
        };
        let (run, interval_ms, metrics) = (self.run, self.interval_ms, &self.metrics);
        let current = self.current.get_or_insert_with(|| Assembled {
            time: *time,
            tick: *tick_id,
            run: run.to_string(),
            interval_ms,
            services: Table::new(metrics),
            nodes: Table::new(metrics),
        });
        if node_id.is_empty() {
            current.services.set(service_id, metric_name, *metric_value);
        } else {
            current.nodes.set(node_id, metric_name, *metric_value);
        }
        complete
    }

    /// The last sample.
    pub(crate) fn finish(self) -> Option<Assembled> {
        self.current
    }
}

impl Table {
    fn new(metrics: &[String]) -> Self {
        let columns = metrics.iter().map(|metric| (metric.clone(), Vec::new()));
        Self { ids: Vec::new(), columns: columns.collect() }
    }

    /// Values come ordered by id.
    fn set(&mut self, id: &str, metric: &str, value: f64) {
        if self.ids.last().is_none_or(|last| last != id) {
            self.ids.push(id.to_owned());
            self.columns.iter_mut().for_each(|(_, values)| values.push(f32::NAN));
        }
        let column = self.columns.iter_mut().find(|(name, _)| name == metric);
        if let Some(place) = column.and_then(|(_, values)| values.last_mut()) {
            *place = value as f32;
        }
    }

    fn columns(&self) -> Option<Columns<'_>> {
        let ids = Columns::new(self.ids.iter().map(String::as_str));
        self.columns.iter().try_fold(ids, |table, (metric, values)| table.with(metric, values).ok())
    }
}

impl Assembled {
    /// As the detector takes it. Columns are as long as the ids, so there always is one.
    pub(crate) fn sample(&self) -> Option<Sample<'_>> {
        Some(Sample {
            simulation: "stored",
            run: &self.run,
            tick: self.tick.unsigned_abs(),
            time: SimTime::from_micros(self.time.timestamp_micros()),
            shard: 0,
            shard_count: 1,
            interval_ms: self.interval_ms,
            services: self.services.columns()?,
            nodes: self.nodes.columns()?,
            // Groups are not compared, only what rules tell of.
            map: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(second: i64, tick: i64, service: &str, metric: &str, value: f64) -> StoredValue {
        StoredValue {
            time: DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap(),
            tick_id: tick,
            node_id: String::new(),
            service_id: service.to_owned(),
            metric_name: metric.to_owned(),
            metric_value: value,
        }
    }

    #[test]
    fn values_of_one_moment_are_one_sample_and_what_is_missing_was_not_measured() {
        let mut assembly = Assembly::new(&["cpu_usage".to_owned(), "replicas".to_owned()], 1_000);
        assert!(assembly.add(&value(0, 20, "cart", "replicas", 2.0)).is_none());
        assert!(assembly.add(&value(0, 20, "checkout", "cpu_usage", 50.0)).is_none());
        assert!(assembly.add(&value(0, 20, "checkout", "replicas", 3.0)).is_none());
        let first = assembly.add(&value(1, 40, "cart", "cpu_usage", 9.0)).unwrap();
        let sample = first.sample().unwrap();
        assert_eq!(sample.services.ids(), ["cart", "checkout"]);
        assert_eq!(sample.services.column("replicas"), Some(&[2.0_f32, 3.0][..]));
        let cpu = sample.services.column("cpu_usage").unwrap();
        assert!(cpu[0].is_nan() && (cpu[1] - 50.0).abs() < 1e-6);

        // The tick starts again: another run.
        let second = assembly.add(&value(9, 0, "cart", "cpu_usage", 9.0)).unwrap();
        assert_eq!(second.run, first.run);
        assert_ne!(assembly.finish().unwrap().run, second.run);
    }
}
