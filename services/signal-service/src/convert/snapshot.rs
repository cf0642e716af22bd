//! `sim.v1.MetricSnapshot` as this service works with it: checked once, so that neither the detector nor the database
//! can stumble over it later.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use detect::{CloudMap, Columns, MapError, MapLists, Sample, SampleError, SimTime, TargetKind};
use proto::sim::v1::{self as wire, EntityColumns, MetricColumn, MetricSnapshot};
use store::deleted::Deleted;
use store::metrics::{Batch, MAX_ID_BYTES, Row};
use uuid::Uuid;

/// A snapshot that can be stored and judged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) simulation_id: String,
    pub(crate) run_id: Uuid,
    /// `run_id` in its canonical form, part of derived ids.
    pub(crate) run: String,
    pub(crate) tick: i64,
    pub(crate) time: DateTime<Utc>,
    pub(crate) shard: i32,
    shard_count: u32,
    pub(crate) interval_ms: u32,
    services: Entities,
    nodes: Entities,
    map: Option<CloudMap>,
    /// Values that were infinite. They are kept as "not measured": an infinite percentage or latency says that
    /// something could not be computed, and one of them would make every average over it infinite too.
    pub(crate) infinite_values: u64,
    /// The simulation is no more, and nothing follows.
    pub(crate) deleted: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Entities {
    ids: Vec<String>,
    columns: Vec<(String, Vec<f32>)>,
}

/// Why a snapshot goes to the dead letters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidSnapshot {
    #[error("{field} {what}")]
    Field { field: &'static str, what: &'static str },
    #[error("{kind} id {id:?} {what}")]
    Id { kind: &'static str, id: String, what: &'static str },
    #[error("metric {metric:?} {what}")]
    Metric { metric: String, what: &'static str },
    #[error("the map: {0}")]
    Map(MapError),
    #[error("the map has {0}, {1} and {2} entries in lists that are parallel")]
    MapLists(usize, usize, usize),
    #[error(
        "column {metric} of the {kind}s has {values} values for {ids} ids; send one value an id, NaN where nothing was measured"
    )]
    Length { kind: &'static str, metric: String, values: usize, ids: usize },
}

impl TryFrom<MetricSnapshot> for Snapshot {
    type Error = InvalidSnapshot;

    fn try_from(message: MetricSnapshot) -> Result<Self, InvalidSnapshot> {
        let MetricSnapshot {
            simulation_id,
            run_id,
            tick,
            time,
            shard,
            shard_count,
            sample_interval_ms,
            services,
            nodes,
            scenario: _,
            deleted,
            map,
        } = message;
        let field = |field, what| InvalidSnapshot::Field { field, what };
        if let Some(what) = unfit(&simulation_id) {
            return Err(field("simulation_id", what));
        }
        let run_id = Uuid::try_parse(&run_id).map_err(|_| field("run_id", "is not a UUID"))?;
        let time = time.ok_or_else(|| field("time", "is missing"))?;
        let nanos = u32::try_from(time.nanos).map_err(|_| field("time", "has negative nanoseconds"))?;
        let time = DateTime::from_timestamp(time.seconds, nanos)
            .filter(|time| (FIRST_S..END_S).contains(&time.timestamp()))
            .ok_or_else(|| field("time", "is outside the years 1970 to 2999"))?;
        // The resolution of the database: a time that was read back equals the one that was written.
        let time = DateTime::from_timestamp_micros(time.timestamp_micros())
            .ok_or_else(|| field("time", "is outside the years 1970 to 2999"))?;
        let tick = i64::try_from(tick).map_err(|_| field("tick", "is beyond 2^63"))?;
        let shard_count = shard_count.max(1);
        if shard >= shard_count {
            return Err(field("shard", "is not below shard_count"));
        }
        let shard = i32::try_from(shard).map_err(|_| field("shard", "is beyond 2^31"))?;
        if sample_interval_ms == 0 {
            return Err(field("sample_interval_ms", "is 0; send the simulated time between two samples"));
        }
        let mut infinite_values = 0;
        let services = entities(TargetKind::Service, services.unwrap_or_default(), &mut infinite_values)?;
        let nodes = entities(TargetKind::Node, nodes.unwrap_or_default(), &mut infinite_values)?;
        let run = run_id.to_string();
        let interval_ms = sample_interval_ms;
        Ok(Self {
            simulation_id,
            run_id,
            run,
            tick,
            time,
            shard,
            shard_count,
            interval_ms,
            services,
            nodes,
            map: map.map(cloud_map).transpose()?,
            infinite_values,
            deleted,
        })
    }
}

fn cloud_map(map: wire::CloudMap) -> Result<CloudMap, InvalidSnapshot> {
    let wire::CloudMap {
        services,
        nodes,
        zones,
        node_zones,
        callers,
        callees,
        placed_services,
        placed_nodes,
        placed_replicas,
        profiles,
    } = map;
    if callers.len() != callees.len() {
        return Err(InvalidSnapshot::MapLists(callers.len(), callees.len(), callees.len()));
    }
    let placements = [placed_services.len(), placed_nodes.len(), placed_replicas.len()];
    if placements.iter().any(|length| *length != placements[0]) {
        return Err(InvalidSnapshot::MapLists(placements[0], placements[1], placements[2]));
    }
    let position = |position: u32| position as usize;
    let placed = placed_services.into_iter().zip(placed_nodes).zip(placed_replicas);
    let lists = MapLists {
        services,
        profiles,
        nodes,
        zones,
        zone_of_node: node_zones.into_iter().map(position).collect(),
        calls: callers.into_iter().map(position).zip(callees.into_iter().map(position)).collect(),
        placed: placed
            .map(|((service, node), replicas)| (position(service), position(node), replicas))
            .collect(),
    };
    CloudMap::try_from(lists).map_err(InvalidSnapshot::Map)
}

/// 1970-01-01 and 3000-01-01, the years that the database keeps partitions for.
const FIRST_S: i64 = 0;
const END_S: i64 = 32_503_680_000;

fn entities(
    kind: TargetKind,
    columns: EntityColumns,
    infinite: &mut u64,
) -> Result<Entities, InvalidSnapshot> {
    // Versions are for agents: an action names the one it was proposed for.
    let EntityColumns { ids, versions: _, columns } = columns;
    let kind = kind.as_str();
    let mut seen = HashSet::with_capacity(ids.len());
    for id in &ids {
        let what = if seen.insert(id.as_str()) { unfit(id) } else { Some("appears twice") };
        if let Some(what) = what {
            return Err(InvalidSnapshot::Id { kind, id: id.clone(), what });
        }
    }
    let mut metrics = HashSet::with_capacity(columns.len());
    let mut kept = Vec::with_capacity(columns.len());
    for MetricColumn { metric, mut values } in columns {
        let what = if metrics.insert(metric.clone()) { unfit(&metric) } else { Some("appears twice") };
        if let Some(what) = what {
            return Err(InvalidSnapshot::Metric { metric, what });
        }
        if values.len() != ids.len() {
            return Err(InvalidSnapshot::Length { kind, metric, values: values.len(), ids: ids.len() });
        }
        for value in values.iter_mut().filter(|value| value.is_infinite()) {
            *value = f32::NAN;
            *infinite += 1;
        }
        kept.push((metric, values));
    }
    Ok(Entities { ids, columns: kept })
}

/// What is wrong with an id or a name, if anything.
fn unfit(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("is empty")
    } else if text.len() > MAX_ID_BYTES {
        Some("is longer than 256 bytes")
    } else if text.chars().any(char::is_control) {
        Some("has control characters")
    } else {
        None
    }
}

impl Snapshot {
    /// As the detector sees it.
    ///
    /// # Errors
    /// Never for a checked snapshot; the detector's types check again.
    pub(crate) fn sample(&self) -> Result<Sample<'_>, SampleError> {
        Ok(Sample {
            simulation: &self.simulation_id,
            run: &self.run,
            tick: self.tick.unsigned_abs(),
            time: SimTime::from_micros(self.time.timestamp_micros()),
            shard: self.shard.unsigned_abs(),
            shard_count: self.shard_count,
            interval_ms: self.interval_ms,
            services: self.services.columns()?,
            nodes: self.nodes.columns()?,
            map: self.map.as_ref(),
        })
    }

    /// What is noted of the deletion that this tells of.
    pub(crate) fn deletion(&self) -> Deleted {
        Deleted { simulation_id: self.simulation_id.clone(), run_id: self.run_id, lived_until: self.time }
    }

    /// Adds a row for every measured value.
    ///
    /// # Errors
    /// Never for a checked snapshot; the batch checks again because a refused row would take its neighbours along.
    pub(crate) fn push_rows(&self, batch: &mut Batch) -> Result<(), store::metrics::InvalidRow> {
        let row = Row {
            time: self.time,
            tick: self.tick,
            node_id: "",
            service_id: "",
            metric: "",
            value: f64::NAN,
            simulation_id: &self.simulation_id,
        };
        for (id, metric, value) in self.services.values() {
            batch.push(&Row { service_id: id, metric, value, ..row })?;
        }
        for (id, metric, value) in self.nodes.values() {
            batch.push(&Row { node_id: id, metric, value, ..row })?;
        }
        Ok(())
    }
}

impl Entities {
    fn columns(&self) -> Result<Columns<'_>, SampleError> {
        let mut columns = Columns::new(self.ids.iter().map(String::as_str));
        for (metric, values) in &self.columns {
            columns.push(metric, values)?;
        }
        Ok(columns)
    }

    fn values(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.columns.iter().flat_map(|(metric, values)| {
            self.ids.iter().zip(values).map(|(id, value)| (id.as_str(), metric.as_str(), f64::from(*value)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> MetricSnapshot {
        MetricSnapshot {
            simulation_id: "default".into(),
            run_id: Uuid::from_u128(7).to_string(),
            tick: 20,
            time: Some(DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap().into()),
            shard: 0,
            shard_count: 1,
            sample_interval_ms: 1_000,
            services: Some(EntityColumns {
                ids: vec!["cart".into(), "checkout".into()],
                versions: vec![1, 1],
                columns: vec![MetricColumn { metric: "error_rate".into(), values: vec![1.5, f32::NAN] }],
            }),
            nodes: None,
            scenario: "normal".into(),
            deleted: false,
            map: None,
        }
    }

    #[test]
    fn a_snapshot_becomes_rows_and_a_sample() {
        let snapshot = Snapshot::try_from(message()).unwrap();
        let mut batch = Batch::new();
        snapshot.push_rows(&mut batch).unwrap();
        assert_eq!(batch.rows(), 1, "what was not measured is not stored");
        let sample = snapshot.sample().unwrap();
        assert_eq!((sample.tick, sample.services.ids()), (20, ["cart", "checkout"].as_slice()));
        assert_eq!(sample.time.micros, 1_700_000_000_123_456);
        assert_eq!(sample.services.column("error_rate").unwrap()[0].to_bits(), 1.5_f32.to_bits());
    }

    #[test]
    fn infinite_values_are_not_measured_and_negative_ones_are() {
        let mut message = message();
        message.services.as_mut().unwrap().columns[0].values = vec![f32::NEG_INFINITY, -3.0];
        let snapshot = Snapshot::try_from(message).unwrap();
        let mut batch = Batch::new();
        snapshot.push_rows(&mut batch).unwrap();
        assert_eq!((snapshot.infinite_values, batch.rows()), (1, 1));
    }

    #[test]
    fn unknown_metrics_are_kept() {
        let mut message = message();
        message.services.as_mut().unwrap().columns[0].metric = "tea_temperature".into();
        let mut batch = Batch::new();
        Snapshot::try_from(message).unwrap().push_rows(&mut batch).unwrap();
        assert_eq!(batch.rows(), 1);
    }

    #[test]
    fn everything_that_could_not_be_stored_or_judged_is_refused_with_a_reason() {
        type Spoil = fn(&mut MetricSnapshot);
        let cases: [(&str, Spoil); 15] = [
            ("simulation_id is empty", |m| m.simulation_id.clear()),
            ("simulation_id has control characters", |m| m.simulation_id = "a\0b".into()),
            ("run_id is not a UUID", |m| m.run_id = "run 1".into()),
            ("time is missing", |m| m.time = None),
            ("time is outside", |m| m.time.as_mut().unwrap().seconds = -1),
            ("time has negative nanoseconds", |m| m.time.as_mut().unwrap().nanos = -1),
            ("tick is beyond", |m| m.tick = u64::MAX),
            ("shard is not below", |m| m.shard = 1),
            ("sample_interval_ms is 0", |m| m.sample_interval_ms = 0),
            ("service id \"\" is empty", |m| m.services.as_mut().unwrap().ids[0].clear()),
            ("service id \"cart\" appears twice", |m| m.services.as_mut().unwrap().ids[1] = "cart".into()),
            ("the map: a call names service 7 of 0", |m| {
                m.map =
                    Some(wire::CloudMap { callers: vec![7], callees: vec![7], ..wire::CloudMap::default() });
            }),
            ("lists that are parallel", |m| {
                m.map = Some(wire::CloudMap { callers: vec![0], ..wire::CloudMap::default() });
            }),
            ("has 1 values for 2 ids", |m| m.services.as_mut().unwrap().columns[0].values.truncate(1)),
            ("metric \"error_rate\" appears twice", |m| {
                let column = m.services.as_ref().unwrap().columns[0].clone();
                m.services.as_mut().unwrap().columns.push(column);
            }),
        ];
        for (reason, spoil) in cases {
            let mut message = message();
            spoil(&mut message);
            let told = Snapshot::try_from(message).unwrap_err().to_string();
            assert!(told.contains(reason), "expected {reason:?}, was told {told:?}");
        }
    }
}
