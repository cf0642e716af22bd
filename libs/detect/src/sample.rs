//! What the detector looks at: one sample of one shard, borrowed from whoever decoded it.

use serde::{Deserialize, Serialize};

use crate::map::CloudMap;

/// A moment of simulated time, microseconds since the Unix epoch (the resolution of the database).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    pub micros: i64,
}

impl SimTime {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Number of the grid cell of length `interval_ms` that this moment lies in. Samples of a run are exactly one
    /// interval apart, so consecutive samples have consecutive cells.
    pub(crate) fn cell(self, interval_ms: u32) -> i64 {
        self.micros.div_euclid(i64::from(interval_ms.max(1)) * 1_000)
    }
}

/// What kind of thing a series belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A service of the topology.
    Service,
    /// A node of the topology.
    Node,
}

impl TargetKind {
    /// Both kinds, in the order in which they are judged.
    pub const ALL: [Self; 2] = [Self::Service, Self::Node];

    /// The word used in derived ids and in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Node => "node",
        }
    }
}

/// One thing that can suffer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// What `id` names.
    pub kind: TargetKind,
    /// Id in the topology.
    pub id: String,
}

/// One sample of one shard of a simulation.
#[derive(Debug, Clone)]
pub struct Sample<'a> {
    /// The simulation it belongs to.
    pub simulation: &'a str,
    /// The run; a reset begins a new one.
    pub run: &'a str,
    /// Tick that the sample closes.
    pub tick: u64,
    /// Simulated time of that tick.
    pub time: SimTime,
    /// Which part of the cloud this is, from 0.
    pub shard: u32,
    /// In how many parts the sample came.
    pub shard_count: u32,
    /// Simulated time between two samples, ms. 0 is read as 1.
    pub interval_ms: u32,
    /// The services of this shard.
    pub services: Columns<'a>,
    /// The nodes of this shard.
    pub nodes: Columns<'a>,
    /// The map of the whole cloud, when the sample brings it along: with the first one, after every change, and now and then.
    pub map: Option<&'a CloudMap>,
}

impl<'a> Sample<'a> {
    /// The columns of one kind of target.
    pub fn columns(&self, kind: TargetKind) -> &Columns<'a> {
        match kind {
            TargetKind::Service => &self.services,
            TargetKind::Node => &self.nodes,
        }
    }
}

/// Metrics of one kind of target, one array a metric, all as long as the ids.
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    ids: Vec<&'a str>,
    columns: Vec<(&'a str, &'a [f32])>,
}

impl<'a> Columns<'a> {
    /// Columns over these ids; position i of every column belongs to the i-th id.
    pub fn new(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self { ids: ids.into_iter().collect(), columns: Vec::new() }
    }

    /// Adds a metric. Values that are not finite mean "not measured".
    ///
    /// # Errors
    /// When the length differs from the number of ids, or the metric is there already.
    pub fn with(mut self, metric: &'a str, values: &'a [f32]) -> Result<Self, SampleError> {
        self.push(metric, values)?;
        Ok(self)
    }

    /// Adds a metric, like [`Self::with`].
    ///
    /// # Errors
    /// As for [`Self::with`]; the columns stay as they were.
    pub fn push(&mut self, metric: &'a str, values: &'a [f32]) -> Result<(), SampleError> {
        if values.len() != self.ids.len() {
            return Err(SampleError::Length {
                metric: metric.to_owned(),
                values: values.len(),
                ids: self.ids.len(),
            });
        }
        if self.column(metric).is_some() {
            return Err(SampleError::Repeated { metric: metric.to_owned() });
        }
        self.columns.push((metric, values));
        Ok(())
    }

    /// The ids, in column order.
    pub fn ids(&self) -> &[&'a str] {
        &self.ids
    }

    /// The values of a metric, if it was sampled.
    pub fn column(&self, metric: &str) -> Option<&'a [f32]> {
        self.columns.iter().find(|(name, _)| *name == metric).map(|(_, values)| *values)
    }

    /// Every metric with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [f32])> + '_ {
        self.columns.iter().copied()
    }
}

/// Why a set of columns makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// A column is not parallel to the ids.
    #[error(
        "column {metric} has {values} values for {ids} ids; send exactly one value an id, NaN where nothing was measured"
    )]
    Length {
        /// The metric.
        metric: String,
        /// Values it has.
        values: usize,
        /// Ids there are.
        ids: usize,
    },
    /// A metric came twice.
    #[error("column {metric} appears twice; send each metric once")]
    Repeated {
        /// The metric.
        metric: String,
    },
}
