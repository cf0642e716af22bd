//! What statistics found and learnt, as rows and back.

use chrono::{DateTime, Utc};
use detect::{AnomalyTold, ForecastMade, Keepsake, Memory, SimTime, Target, TargetKind};
use store::statistics::{AnomalyRow, ForecastRow, MAX_MEMORY_BYTES, MemoryRow};
use uuid::Uuid;

/// Why a state cannot be kept. A restart then learns anew.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnkeptMemory {
    #[error("it cannot be encoded")]
    Encode(#[source] postcard::Error),
    #[error("it takes {0} bytes, more than {MAX_MEMORY_BYTES}")]
    TooLarge(usize),
}

/// The row of an anomaly in this run; `None` for a time that no snapshot can have.
pub(crate) fn anomaly(told: AnomalyTold, run_id: Uuid) -> Option<AnomalyRow> {
    let AnomalyTold {
        simulation,
        run: _,
        tick,
        time,
        target,
        metric,
        score,
        evidence,
        value,
        expected,
        aspect,
    } = told;
    let (service_id, node_id) = sides(target);
    Some(AnomalyRow {
        time: moment(time)?,
        simulation_id: simulation,
        run_id,
        tick_id: tick.cast_signed(),
        node_id,
        service_id,
        metric_name: metric.to_owned(),
        score,
        evidence,
        value,
        expected,
        aspect: aspect.as_str().to_owned(),
    })
}

/// The rows of a forecast in this run, one a horizon.
pub(crate) fn forecast(made: &ForecastMade, run_id: Uuid) -> impl Iterator<Item = ForecastRow> + '_ {
    let ForecastMade { simulation, run: _, tick, time, target, metric, value, points, reached } = made;
    let (service_id, node_id) = sides(target.clone());
    let row = move |point: &detect::ForecastPoint| {
        Some(ForecastRow {
            made_at: moment(*time)?,
            simulation_id: simulation.clone(),
            run_id,
            tick_id: tick.cast_signed(),
            node_id: node_id.clone(),
            service_id: service_id.clone(),
            metric_name: (*metric).to_owned(),
            horizon_s: point.horizon_s.cast_signed(),
            value: point.value,
            low: point.low,
            high: point.high,
            value_now: *value,
            limit_value: reached.map(|reached| reached.limit),
            limit_in_s: reached.map(|reached| reached.expected_s.cast_signed()),
            limit_earliest_s: reached.and_then(|reached| reached.earliest_s).map(u32::cast_signed),
            limit_latest_s: reached.and_then(|reached| reached.latest_s).map(u32::cast_signed),
        })
    };
    points.iter().filter_map(row)
}

/// The row of what was learnt.
pub(crate) fn memory(keepsake: &Keepsake, run_id: Uuid) -> Result<MemoryRow, UnkeptMemory> {
    let state = postcard::to_allocvec(&keepsake.memory).map_err(UnkeptMemory::Encode)?;
    if state.len() > MAX_MEMORY_BYTES {
        return Err(UnkeptMemory::TooLarge(state.len()));
    }
    Ok(MemoryRow {
        simulation_id: keepsake.simulation.clone(),
        shard: keepsake.shard.cast_signed(),
        run_id,
        tick: keepsake.tick.cast_signed(),
        format: Memory::FORMAT,
        state,
    })
}

/// What was learnt, from its row.
pub(crate) fn keepsake(row: &MemoryRow) -> Result<Keepsake, postcard::Error> {
    Ok(Keepsake {
        simulation: row.simulation_id.clone(),
        run: row.run_id.to_string(),
        shard: row.shard.cast_unsigned(),
        tick: row.tick.cast_unsigned(),
        memory: postcard::from_bytes(&row.state)?,
    })
}

/// Service and node, one of them empty.
fn sides(target: Target) -> (String, String) {
    match target.kind {
        TargetKind::Service => (target.id, String::new()),
        TargetKind::Node => (String::new(), target.id),
    }
}

fn moment(time: SimTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(time.micros)
}
