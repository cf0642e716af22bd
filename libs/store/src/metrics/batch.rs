//! Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format").

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut as _, BytesMut};
use chrono::{DateTime, Utc};

/// Longest id or metric name. Four of them and the rest of a row stay far below the 2 704 bytes of an index entry.
pub const MAX_ID_BYTES: usize = 256;

/// 2000-01-01 00:00 UTC, where PostgreSQL's timestamps count from, in microseconds since 1970.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// Simulated years that are stored: 1970 to 2999. Others are mistakes, and would make partitions without end.
const FIRST_US: i64 = 0;
const END_US: i64 = 32_503_680_000_000_000;

/// Width of a roll-up's bucket.
const MINUTE_US: i64 = 60_000_000;
/// Minutes of a partition or chunk (timeseries/plain.sql and timescale.sql). They begin at multiples of it since 1970.
const MINUTES_A_ROOM: i64 = 6 * 60;

/// Magnitudes that are stored, besides 0: sums and means of them neither overflow nor underflow, so that no value can
/// keep a minute from being rolled up. Telemetry is single precision and lies far inside.
const MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Signature, flags, length of the header extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Values in a row.
const COLUMNS: i16 = 7;

/// One measured value.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Simulated time.
    pub time: DateTime<Utc>,
    /// Tick.
    pub tick: i64,
    /// Node, or empty for a service's row.
    pub node_id: &'a str,
    /// Service, or empty for a node's row.
    pub service_id: &'a str,
    /// Metric name.
    pub metric: &'a str,
    /// Value in the metric's unit; one that is not finite was not measured and is left out.
    pub value: f64,
    /// Simulation.
    pub simulation_id: &'a str,
}

/// A row that PostgreSQL would refuse, and the whole batch with it.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum InvalidRow {
    /// An id that cannot be stored.
    #[error("{field} must be at most {MAX_ID_BYTES} bytes without NUL characters")]
    Id {
        /// Which column.
        field: &'static str,
    },
    /// A time that no simulation has.
    #[error("the time {time} is outside the years 1970 to 2999")]
    Time {
        /// The time.
        time: DateTime<Utc>,
    },
    /// A value that arithmetic could not deal with.
    #[error("the value {value:e} is neither 0 nor between 1e-100 and 1e100")]
    Value {
        /// The value.
        value: f64,
    },
}

/// What a batch writes of one simulation.
#[derive(Debug, Clone)]
struct Reach {
    time: DateTime<Utc>,
    tick: i64,
    /// The minutes of its rows, since 1970.
    minutes: BTreeSet<i64>,
    /// Of the row before: rows of a minute follow each other.
    minute: i64,
}

/// Rows on their way to the table. Keeps its memory when cleared: use one for the life of a writer.
#[derive(Debug, Clone)]
pub struct Batch {
    buffer: BytesMut,
    rows: u64,
    span_us: Option<(i64, i64)>,
    reach: BTreeMap<String, Reach>,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    pub(super) const TRAILER: &'static [u8] = &(-1_i16).to_be_bytes();

    /// An empty batch.
    pub fn new() -> Self {
        let mut buffer = BytesMut::with_capacity(64 * 1024);
        buffer.put_slice(HEADER);
        Self { buffer, rows: 0, span_us: None, reach: BTreeMap::new() }
    }

    /// Adds a row. A value that is not finite was not measured: the row is left out. A refused row leaves the batch as it was.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), InvalidRow> {
        if !row.value.is_finite() {
            return Ok(());
        }
        if row.value != 0.0 && !MAGNITUDES.contains(&row.value.abs()) {
            return Err(InvalidRow::Value { value: row.value });
        }
        let time_us = row.time.timestamp_micros();
        if !(FIRST_US..END_US).contains(&time_us) {
            return Err(InvalidRow::Time { time: row.time });
        }
        for (field, id) in [
            ("node_id", row.node_id),
            ("service_id", row.service_id),
            ("metric_name", row.metric),
            ("simulation_id", row.simulation_id),
        ] {
            if id.len() > MAX_ID_BYTES || id.as_bytes().contains(&0) {
                return Err(InvalidRow::Id { field });
            }
        }
        self.encode(row, time_us);
        self.rows += 1;
        let (first, last) = self.span_us.unwrap_or((time_us, time_us));
        self.span_us = Some((first.min(time_us), last.max(time_us)));
        self.note(row, time_us / MINUTE_US);
        Ok(())
    }

    /// Keeps account of how far the batch reaches.
    fn note(&mut self, row: &Row<'_>, minute: i64) {
        match self.reach.get_mut(row.simulation_id) {
            Some(reach) => {
                if reach.minute != minute {
                    reach.minute = minute;
                    reach.minutes.insert(minute);
                }
                if reach.time < row.time {
                    (reach.time, reach.tick) = (row.time, row.tick);
                }
            }
            None => {
                let reach =
                    Reach { time: row.time, tick: row.tick, minutes: BTreeSet::from([minute]), minute };
                self.reach.insert(row.simulation_id.to_owned(), reach);
            }
        }
    }

    fn encode(&mut self, row: &Row<'_>, time_us: i64) {
        let texts = row.node_id.len() + row.service_id.len() + row.metric.len() + row.simulation_id.len();
        self.buffer.reserve(2 + 7 * 4 + 3 * 8 + texts);
        self.buffer.put_i16(COLUMNS);
        self.buffer.put_i32(8);
        self.buffer.put_i64(time_us - POSTGRES_EPOCH_US);
        self.buffer.put_i32(8);
        self.buffer.put_i64(row.tick);
        self.put_text(row.node_id);
        self.put_text(row.service_id);
        self.put_text(row.metric);
        self.buffer.put_i32(8);
        // Adding 0 makes negative zero plain: equal values have the same bits.
        self.buffer.put_f64(row.value + 0.0);
        self.put_text(row.simulation_id);
    }

    fn put_text(&mut self, text: &str) {
        // At most MAX_ID_BYTES, checked by `push`.
        self.buffer.put_u32(text.len() as u32);
        self.buffer.put_slice(text.as_bytes());
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Encoded size so far, for bounding a batch.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.buffer.truncate(HEADER.len());
        self.rows = 0;
        self.span_us = None;
        self.reach.clear();
    }

    /// The partitions or chunks that the rows belong to, counted since 1970, in order for each simulation. Rows of one that does
    /// not exist yet make it, and hold its lock until their transaction ends.
    pub fn rooms(&self) -> impl Iterator<Item = i64> {
        self.reach.values().flat_map(|reach| reach.minutes.iter().map(|minute| minute / MINUTES_A_ROOM))
    }

    /// Header and rows, without the trailer.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.buffer
    }

    /// First and last simulated time.
    pub(super) fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (first, last) = self.span_us?;
        Some((DateTime::from_timestamp_micros(first)?, DateTime::from_timestamp_micros(last)?))
    }

    /// Each simulation's latest time and tick, in order of the ids.
    pub(super) fn latest(&self) -> impl Iterator<Item = (&str, (DateTime<Utc>, i64))> {
        self.reach.iter().map(|(simulation, reach)| (simulation.as_str(), (reach.time, reach.tick)))
    }

    /// The simulations and minutes that the rows belong to, parallel, in order.
    pub(super) fn minutes(&self) -> (Vec<&str>, Vec<DateTime<Utc>>) {
        let minutes = self.reach.iter().flat_map(|(simulation, reach)| {
            let starts = reach.minutes.iter().filter_map(|minute| DateTime::from_timestamp(minute * 60, 0));
            starts.map(|start| (simulation.as_str(), start))
        });
        minutes.unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> Row<'static> {
        Row {
            time: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            tick: 3,
            node_id: "",
            service_id: "checkout",
            metric: "error_rate",
            value,
            simulation_id: "default",
        }
    }

    #[test]
    fn what_was_not_measured_is_not_stored() {
        let mut batch = Batch::new();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            batch.push(&row(value)).unwrap();
        }
        assert!(batch.is_empty());
    }

    #[test]
    fn a_row_that_would_poison_the_batch_is_refused_and_leaves_it_as_it_was() {
        let mut batch = Batch::new();
        batch.push(&row(1.0)).unwrap();
        let before = batch.bytes();
        let long = "x".repeat(MAX_ID_BYTES + 1);
        assert_eq!(
            batch.push(&Row { service_id: "a\0b", ..row(1.0) }),
            Err(InvalidRow::Id { field: "service_id" })
        );
        assert_eq!(batch.push(&Row { node_id: &long, ..row(1.0) }), Err(InvalidRow::Id { field: "node_id" }));
        let early = DateTime::from_timestamp(-1, 0).unwrap();
        assert!(batch.push(&Row { time: early, ..row(1.0) }).is_err());
        for value in [1e101, -1e300, 1e-101, f64::MIN_POSITIVE] {
            assert_eq!(batch.push(&row(value)), Err(InvalidRow::Value { value }));
        }
        assert_eq!((batch.rows(), batch.bytes()), (1, before));
    }

    #[test]
    fn a_cleared_batch_is_an_empty_one() {
        let mut batch = Batch::new();
        batch.push(&row(1.0)).unwrap();
        batch.clear();
        assert_eq!(batch.encoded(), Batch::new().encoded());
        assert_eq!((batch.rows(), batch.span()), (0, None));
    }
}
