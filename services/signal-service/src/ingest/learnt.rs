//! What statistics found in a batch and have learnt by it, on its way to the transaction.

use std::collections::BTreeMap;

use detect::{Detector, Findings};
use store::statistics::{AnomalyRow, ForecastRow, MemoryRow};
use uuid::Uuid;

use crate::convert::statistics;

/// Rows of the next transaction.
#[derive(Default)]
pub(super) struct Learnt {
    pub(super) anomalies: Vec<AnomalyRow>,
    pub(super) forecasts: Vec<ForecastRow>,
    /// The newest of each simulation and shard.
    pub(super) memories: BTreeMap<(String, i32), MemoryRow>,
}

impl Learnt {
    /// Takes over what the newest snapshot, which is of this run, has brought.
    pub(super) fn take(&mut self, detector: &mut Detector, run_id: Uuid) {
        let Findings { anomalies, forecasts } = detector.take_findings();
        self.anomalies.extend(anomalies.into_iter().filter_map(|told| statistics::anomaly(told, run_id)));
        self.forecasts.extend(forecasts.iter().flat_map(|made| statistics::forecast(made, run_id)));
        for keepsake in detector.take_keepsakes() {
            match statistics::memory(&keepsake, run_id) {
                Ok(row) => {
                    self.memories.insert((row.simulation_id.clone(), row.shard), row);
                }
                Err(error) => {
                    tracing::warn!(simulation = keepsake.simulation, shard = keepsake.shard, %error, "what statistics have learnt is not kept; a restart learns anew");
                }
            }
        }
    }
}
