//! Scenario files as they are written: the same names, nothing checked yet, the line of every value kept.
//!
//! The comments on fields are what editors show: the JSON Schemas in `scenarios/schema` are made of them.

use std::ops::Deref;

use serde::Deserialize;
use serde_saphyr::Spanned;

#[cfg(test)]
use super::schema;

/// A value, and where it stands.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Located<T>(Spanned<T>);

impl<T> Deref for Located<T> {
    type Target = Spanned<T>;

    fn deref(&self) -> &Spanned<T> {
        &self.0
    }
}

pub(super) type Text = Located<String>;
pub(super) type Number = Located<f64>;
pub(super) type Count = Located<u64>;

/// A scenario of Microcloud: a cloud, its traffic, what happens when, and what is true about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Scenario"))]
pub(super) struct ScenarioFile {
    /// What an operator notices, in one sentence.
    pub(super) description: String,
    /// What it is listed under. Those that ship use nine; a name of your own comes after them.
    #[cfg_attr(test, schemars(transform = schema::families))]
    pub(super) family: String,
    /// Seed when the caller gives none; 42 when absent.
    pub(super) seed: Option<u64>,
    /// Length, simulated seconds; 0 or absent means that it goes on until it is switched.
    pub(super) duration_s: Option<Number>,
    /// How often faults are drawn at random from the seed, 0 (never) to 1; 0 when absent.
    pub(super) chaos: Option<Number>,
    /// Path of the topology below the scenarios folder, for example `topologies/shop.yaml`.
    pub(super) topology: Text,
    /// Where requests come from. The sources of an entry service add up.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(super) traffic: Vec<Located<TrafficFile>>,
    /// What happens when.
    #[serde(default)]
    pub(super) timeline: Vec<Located<EntryFile>>,
    /// What is true about it, for grading.
    pub(super) truth: Option<TruthFile>,
}

/// Requests from outside: the sum of the shapes that are given, at least one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transform = schema::some_shape))]
pub(super) struct TrafficFile {
    /// The entry service at which they arrive.
    pub(super) service: Text,
    /// Relative standard deviation of the rate from second to second, 0 to 0.5; 0 when absent.
    pub(super) noise: Option<Number>,
    /// What a request and its answer spend on the way between these users and the entry, all round trips together, ms, 0 to 10 000; 0 when absent.
    pub(super) distance_ms: Option<Number>,
    /// The same rate all the time.
    pub(super) constant: Option<ConstantFile>,
    /// A straight line from one rate to another, held before and after.
    pub(super) ramp: Option<RampFile>,
    /// A sine around a mean: a day, in as many seconds as you like.
    pub(super) diurnal: Option<DiurnalFile>,
    /// A plateau above a base.
    pub(super) spike: Option<SpikeFile>,
    /// Bursts that come and go at random.
    pub(super) bursty: Option<BurstyFile>,
    /// A recording, from a CSV file.
    pub(super) trace: Option<TraceFile>,
    /// What the requests are for, when they differ; the shares add up to 1.
    #[serde(default)]
    pub(super) endpoints: Vec<EndpointFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ConstantFile {
    /// Requests a second.
    pub(super) rps: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RampFile {
    /// Requests a second before it.
    pub(super) from_rps: Number,
    /// Requests a second after it.
    pub(super) to_rps: Number,
    /// When it begins, simulated seconds.
    pub(super) start_s: Number,
    /// How long it takes, simulated seconds.
    pub(super) over_s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DiurnalFile {
    /// Requests a second on average.
    pub(super) mean_rps: Number,
    /// How far the rate swings to both sides, as a share of the mean.
    pub(super) swing: Number,
    /// Length of a day, simulated seconds.
    pub(super) period_s: Number,
    /// Share of the day that is over at the start; 0 when absent, where the rate is the mean and rises.
    pub(super) phase: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SpikeFile {
    /// Requests a second before and after it.
    pub(super) base_rps: Number,
    /// Requests a second while it lasts.
    pub(super) peak_rps: Number,
    /// When it begins, simulated seconds.
    pub(super) start_s: Number,
    /// How long it lasts, simulated seconds.
    pub(super) duration_s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BurstyFile {
    /// Requests a second between bursts.
    pub(super) base_rps: Number,
    /// Requests a second in a burst.
    pub(super) peak_rps: Number,
    /// Mean time between two bursts, simulated seconds, 2 to 600.
    pub(super) quiet_s: Number,
    /// Mean length of a burst, simulated seconds, 2 to 600.
    pub(super) burst_s: Number,
}

/// A part of a source's requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EndpointFile {
    /// Name, for people.
    pub(super) name: String,
    /// Share of the source's requests.
    pub(super) share: Number,
    /// Share of its requests for static content, which `static_hit_ratio` of a call can spare the callee; 0 when absent.
    pub(super) static_ratio: Option<Number>,
    /// Share of the others that only read; 1 when absent.
    pub(super) read_ratio: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TraceFile {
    /// Path of a CSV file below the scenarios folder, with the columns `timestamp,value`: a count up to the next row.
    pub(super) file: Text,
    /// Factor on the recorded rates; 1 when absent. Not with `peak_rps`.
    pub(super) scale: Option<Number>,
    /// Makes the highest rate this one, requests a second.
    pub(super) peak_rps: Option<Number>,
    /// Recorded seconds in a simulated one; 1 when absent. Rates stay as they are.
    pub(super) speed_up: Option<Number>,
}

/// A fault begins or ends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transform = schema::inject_or_clear))]
pub(super) struct EntryFile {
    /// When, simulated seconds after the scenario was set.
    pub(super) at_s: Number,
    /// The fault that begins.
    pub(super) inject: Option<FaultFile>,
    /// Id of the fault that ends.
    pub(super) clear: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FaultFile {
    /// A name to clear it by; made of kind, target and time when absent.
    pub(super) id: Option<Text>,
    /// What goes wrong.
    #[cfg_attr(test, schemars(transform = schema::fault_kinds))]
    pub(super) kind: Text,
    /// What it strikes.
    pub(super) target: TargetFile,
    /// How hard, above 0 and up to 1; a default of the kind when absent.
    pub(super) severity: Option<Number>,
    /// Simulated seconds until it has its full severity; 0 when absent.
    pub(super) onset_s: Option<Number>,
    /// Simulated seconds until it ends by itself; 0 or absent means that it is to be cleared or cured.
    pub(super) duration_s: Option<Number>,
    /// Whether it outlives the actions that cure its kind; false when absent.
    #[serde(default)]
    pub(super) persistent: bool,
}

/// Exactly one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minProperties" = 1, "maxProperties" = 1)))]
pub(super) struct TargetFile {
    /// Id of a service.
    pub(super) service: Option<Text>,
    /// Id of a node.
    pub(super) node: Option<Text>,
    /// Id of a zone.
    pub(super) zone: Option<Text>,
    /// The simulation as a whole, when true.
    pub(super) simulation: Option<bool>,
}

/// What is true about a scenario. Nobody who is graded gets to see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TruthFile {
    /// What is the matter; absent when nothing is wrong.
    pub(super) root_cause: Option<TargetFile>,
    /// Why, in one sentence.
    #[serde(default)]
    pub(super) cause: String,
    /// When it begins, simulated seconds after the scenario was set.
    pub(super) onset_s: Option<Number>,
    /// Actions that heal, each by itself unless `all_needed`.
    #[serde(default)]
    pub(super) healing: Vec<TruthActionFile>,
    /// Whether all of `healing` are needed; false when absent.
    #[serde(default)]
    pub(super) all_needed: bool,
    /// Actions that make it worse.
    #[serde(default)]
    pub(super) harmful: Vec<TruthActionFile>,
    /// How hard it is to find and heal, 1 to 5; 0 or absent when nothing is wrong.
    #[cfg_attr(test, schemars(extend("maximum" = 5)))]
    pub(super) difficulty: Option<Count>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TruthActionFile {
    /// What to do.
    #[cfg_attr(test, schemars(transform = schema::actions))]
    pub(super) action: Text,
    /// Id of the service; of the node for `DRAIN_NODE`.
    pub(super) target: Text,
    /// Replicas to add or to remove; as many as are needed to heal, and no more than harm.
    pub(super) replicas: Option<u32>,
}
