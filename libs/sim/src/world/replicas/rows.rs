//! All replicas as they are written down: row by row, in order, with what rows do not hold. Arrays, shards and sums follow.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::{Replica, Replicas};

#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    rows: Vec<Replica>,
    /// Share of the service's traffic, by row.
    shares: Vec<f64>,
    /// Whether a replica went past its memory limit in the last tick, by shard.
    out_of_memory: Vec<bool>,
}

impl Serialize for Replicas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            rows: self.rows(),
            shares: (0..self.len()).map(|index| self.share(index)).collect(),
            out_of_memory: self.shards.iter().map(|shard| shard.out_of_memory).collect(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Replicas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { rows, shares, out_of_memory } = Written::deserialize(deserializer)?;
        let in_order = rows
            .windows(2)
            .all(|pair| (pair[0].service, pair[0].ordinal) < (pair[1].service, pair[1].ordinal));
        if !in_order || shares.len() != rows.len() {
            return Err(D::Error::custom("replicas are out of order, or lack their shares"));
        }
        let mut replicas = Self::from_rows(rows);
        if out_of_memory.len() != replicas.shards.len() {
            return Err(D::Error::custom("replicas lack what happened to them"));
        }
        for (index, share) in shares.into_iter().enumerate() {
            replicas.set_share(index, share);
        }
        for (shard, out_of_memory) in replicas.shards.iter_mut().zip(out_of_memory) {
            shard.out_of_memory = out_of_memory;
        }
        Ok(replicas)
    }
}
