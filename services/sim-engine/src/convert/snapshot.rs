//! Samples on the wire: columnar, and split by entity when a cloud is too large for one message.

use std::ops::Range;

use proto::sim::v1::{CloudMap, EntityColumns, MetricColumn, MetricSnapshot, SimulationDeleted};

use crate::identity::Identity;

/// Largest telemetry message, bytes. Half of what the server accepts, and what backpressure counts with.
pub(crate) const MAX_MESSAGE_BYTES: usize = 512 * 1024;
/// Left for the header fields of a message, and for versions that grow.
const HEADROOM_BYTES: usize = 64 * 1024;
/// Bytes of an entity besides its values and the text of its id: tag, length and version.
const ENTITY_BYTES: usize = 16;

/// The messages of one sample: one, or as many shards as it takes. How many depends on the topology only, so that a shard's
/// subject means the same entities from sample to sample.
pub(crate) fn messages(
    run: &Identity,
    scenario: &str,
    snapshot: &sim::Snapshot,
    mut map: Option<CloudMap>,
) -> Vec<MetricSnapshot> {
    let bytes = size_of(&snapshot.services) + size_of(&snapshot.nodes);
    let shards = bytes.div_ceil(MAX_MESSAGE_BYTES - HEADROOM_BYTES).max(1);
    // The map comes with the first.
    (0..shards).map(|index| shard(run, scenario, snapshot, map.take(), (index, shards))).collect()
}

/// A sample that is not split, however large it is.
pub(crate) fn whole(
    run: &Identity,
    scenario: &str,
    snapshot: &sim::Snapshot,
    map: Option<CloudMap>,
) -> MetricSnapshot {
    shard(run, scenario, snapshot, map, (0, 1))
}

/// The `index`-th of the `shards` parts of a sample.
fn shard(
    run: &Identity,
    scenario: &str,
    snapshot: &sim::Snapshot,
    map: Option<CloudMap>,
    (index, shards): (usize, usize),
) -> MetricSnapshot {
    let sim::Snapshot { tick, services, nodes } = snapshot;
    MetricSnapshot {
        simulation_id: run.simulation_id.clone(),
        run_id: run.run_id.to_string(),
        tick: *tick,
        time: Some(run.time_of(*tick).into()),
        shard: index as u32,
        shard_count: shards as u32,
        sample_interval_ms: sim::SAMPLE_EVERY_MS,
        services: Some(columns(services, part(services.ids.len(), index, shards))),
        nodes: Some(columns(nodes, part(nodes.ids.len(), index, shards))),
        scenario: scenario.to_owned(),
        deleted: false,
        map,
    }
}

/// The last message of a simulation: nothing follows it.
pub(crate) fn deletion(simulation_id: &str, deleted: &SimulationDeleted) -> MetricSnapshot {
    let SimulationDeleted { run_id, tick, lived_until } = deleted;
    MetricSnapshot {
        simulation_id: simulation_id.to_owned(),
        run_id: run_id.clone(),
        // Ticks of samples are past the last tick that was computed: this one is past every sample.
        tick: *tick + 1,
        time: *lived_until,
        shard_count: 1,
        sample_interval_ms: sim::SAMPLE_EVERY_MS,
        deleted: true,
        ..MetricSnapshot::default()
    }
}

fn size_of(columns: &sim::Columns) -> usize {
    let ids: usize = columns.ids.iter().map(|id| id.len()).sum();
    ids + columns.ids.len() * (ENTITY_BYTES + columns.columns.len() * size_of_val(&0_f32))
}

/// The `index`-th of `parts` nearly equal parts of `0..len`.
fn part(len: usize, index: usize, parts: usize) -> Range<usize> {
    len * index / parts..len * (index + 1) / parts
}

fn columns(all: &sim::Columns, rows: Range<usize>) -> EntityColumns {
    let sim::Columns { ids, versions, columns } = all;
    let column = |(metric, values): &(sim::MetricName, Vec<f32>)| MetricColumn {
        metric: metric.as_str().to_owned(),
        values: values.get(rows.clone()).unwrap_or_default().to_vec(),
    };
    EntityColumns {
        ids: ids.get(rows.clone()).unwrap_or_default().iter().map(ToString::to_string).collect(),
        versions: versions.get(rows.clone()).unwrap_or_default().to_vec(),
        columns: columns.iter().map(column).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prost::Message as _;

    use sim::MetricName::{CpuUsage, ErrorRate, LatencyP50, LatencyP95, LatencyP99, MemoryUsage};

    use super::*;

    fn cloud(services: usize) -> sim::Snapshot {
        let of = |count: usize, metrics: &[sim::MetricName]| sim::Columns {
            ids: (0..count).map(|i| Arc::from(format!("service-{i:06}"))).collect(),
            versions: vec![1; count],
            columns: metrics.iter().map(|name| (*name, vec![0.5; count])).collect(),
        };
        let metrics = [CpuUsage, MemoryUsage, ErrorRate, LatencyP50, LatencyP95, LatencyP99];
        sim::Snapshot { tick: 20, services: of(services, &metrics), nodes: of(services / 10, &metrics[..2]) }
    }

    fn run() -> Identity {
        Identity::begin("default", 1, 1, chrono::Utc::now(), None)
    }

    #[test]
    fn a_small_cloud_is_one_message() {
        let messages = messages(&run(), "normal", &cloud(30), None);
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0].shard, messages[0].shard_count), (0, 1));
    }

    #[test]
    fn a_large_cloud_is_split_and_nothing_is_left_out() {
        let whole = cloud(50_000);
        let messages = messages(&run(), "normal", &whole, None);
        assert!(messages.len() > 1);
        assert!(messages.iter().all(|message| message.encoded_len() <= MAX_MESSAGE_BYTES));
        let services = messages.iter().flat_map(|message| message.services.as_ref().unwrap().ids.clone());
        assert_eq!(
            services.collect::<Vec<_>>(),
            whole.services.ids.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        let nodes: usize = messages.iter().map(|message| message.nodes.as_ref().unwrap().ids.len()).sum();
        assert_eq!(nodes, 5_000);
    }
}
