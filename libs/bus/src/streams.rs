//! The streams: every setting explicit, created and corrected idempotently.

use std::time::Duration;

use async_nats::jetstream::stream::{
    Compression, Config, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType,
};

use crate::{Bus, StreamError};

/// Telemetry.
pub const SIM_METRICS: &str = "SIM_METRICS";
/// Facts about the simulated cloud.
pub const SIM_EVENTS: &str = "SIM_EVENTS";
/// sim-engine's write-ahead log.
pub const SIM_JOURNAL: &str = "SIM_JOURNAL";
/// State of each simulation, kept now and then.
pub const SIM_CHECKPOINTS: &str = "SIM_CHECKPOINTS";
/// Incidents.
pub const OPS_INCIDENTS: &str = "OPS_INCIDENTS";
/// Proposals and their life.
pub const OPS_ACTIONS: &str = "OPS_ACTIONS";
/// Approved actions.
pub const OPS_COMMANDS: &str = "OPS_COMMANDS";
/// Detection rules: a key-value bucket of the name `OPS_RULES`, and like every bucket a stream.
pub const OPS_RULES: &str = "KV_OPS_RULES";
/// Silences and maintenance windows: the bucket `OPS_SILENCES`.
pub const OPS_SILENCES: &str = "KV_OPS_SILENCES";
/// The kill switch and the approval policies: the bucket `OPS_POLICIES`.
pub const OPS_POLICIES: &str = "KV_OPS_POLICIES";
/// Messages that a consumer could not handle.
pub const DLQ: &str = "DLQ";

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const MIB: i64 = 1_024 * 1_024;
/// Publishers retry an unknown publish for far less than this.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// The server's own limit is 1 MiB with headers. The rest is left for the headers that a dead letter adds: every message that a
/// stream accepts fits into DLQ. A snapshot is split long before.
const MAX_MESSAGE_BYTES: i32 = 1_008 * 1_024;
const MAX_DEAD_LETTER_BYTES: i32 = 1_024 * 1_024;

/// What the streams differ in; everything else is the same for all.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    subjects: &'static [&'static str],
    pub(crate) description: &'static str,
    /// Zero keeps messages until they are purged.
    pub(crate) max_age: Duration,
    pub(crate) max_bytes: i64,
    discard: DiscardPolicy,
    persist: PersistenceMode,
    /// Newest messages of each subject that are kept; -1 keeps all.
    per_subject: i64,
    /// What the messages are, and so what the server lets be done to them.
    kind: Kind,
}

/// What a stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Messages that may be deleted and purged.
    Messages,
    /// History that nobody may rewrite: the server refuses to delete or purge its messages.
    History,
    /// A key-value bucket, with the settings by which every NATS client recognises one.
    Bucket,
}

pub(crate) const SPECS: [Spec; 11] = [
    Spec {
        name: SIM_METRICS,
        subjects: &["sim.metrics", "sim.metrics.>"],
        description: "Telemetry. The last moments may be lost on a power cut; the loss is counted.",
        max_age: HOUR,
        max_bytes: 1_024 * MIB,
        discard: DiscardPolicy::Old,
        persist: PersistenceMode::Async,
        per_subject: -1,
        kind: Kind::Messages,
    },
    Spec {
        name: SIM_EVENTS,
        subjects: &["sim.events"],
        description: "Facts about the simulated cloud.",
        max_age: Duration::from_secs(7 * 24 * 3_600),
        max_bytes: 1_024 * MIB,
        discard: DiscardPolicy::Old,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::Messages,
    },
    Spec {
        name: SIM_JOURNAL,
        subjects: &["sim.journal.>"],
        description: "Write-ahead log of each simulation; read and written by sim-engine only.",
        max_age: Duration::ZERO,
        max_bytes: 1_024 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::Messages,
    },
    Spec {
        name: SIM_CHECKPOINTS,
        subjects: &["sim.checkpoint.>"],
        description: "State of each simulation, kept now and then; read and written by sim-engine only.",
        max_age: Duration::ZERO,
        max_bytes: 1_024 * MIB,
        // A state that is lost is computed again.
        discard: DiscardPolicy::Old,
        persist: PersistenceMode::Default,
        per_subject: 1,
        kind: Kind::Messages,
    },
    Spec {
        name: OPS_INCIDENTS,
        subjects: &["ops.incidents"],
        description: "Incidents, at every transition.",
        max_age: Duration::from_secs(30 * 24 * 3_600),
        max_bytes: 256 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::History,
    },
    Spec {
        name: OPS_ACTIONS,
        subjects: &["ops.actions"],
        description: "Proposed actions and every later version of them.",
        max_age: Duration::from_secs(30 * 24 * 3_600),
        max_bytes: 256 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::History,
    },
    Spec {
        name: OPS_COMMANDS,
        subjects: &["ops.commands"],
        description: "Approved actions on their way to sim-engine.",
        max_age: Duration::from_secs(30 * 24 * 3_600),
        max_bytes: 256 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::History,
    },
    Spec {
        name: OPS_RULES,
        subjects: &["$KV.OPS_RULES.>"],
        description: "Detection rules; written by the orchestrator only.",
        max_age: Duration::ZERO,
        // A rule has at most 12 KiB.
        max_bytes: 256 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        // The audit has every change; this many tell its writer what it missed while it was away.
        per_subject: 16,
        kind: Kind::Bucket,
    },
    Spec {
        name: OPS_SILENCES,
        subjects: &["$KV.OPS_SILENCES.>"],
        description: "Silences and maintenance windows; written by the orchestrator only.",
        max_age: Duration::ZERO,
        // A silence has at most 200 KiB with 256 names of each kind, and a few hundred bytes as a rule.
        max_bytes: 256 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        // As for rules.
        per_subject: 16,
        kind: Kind::Bucket,
    },
    Spec {
        name: OPS_POLICIES,
        subjects: &["$KV.OPS_POLICIES.>"],
        description: "The kill switch and the approval policies; written by the orchestrator only.",
        max_age: Duration::ZERO,
        // Two keys, the policies of at most 256 KiB.
        max_bytes: 16 * MIB,
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        // As for rules.
        per_subject: 16,
        kind: Kind::Bucket,
    },
    Spec {
        name: DLQ,
        subjects: &["dlq.>"],
        description: "Messages that a consumer could not handle.",
        max_age: Duration::from_secs(30 * 24 * 3_600),
        max_bytes: 256 * MIB,
        // When it is full the messages stay in their own streams, and come again.
        discard: DiscardPolicy::New,
        persist: PersistenceMode::Default,
        per_subject: -1,
        kind: Kind::Messages,
    },
];

impl Spec {
    /// Whether new messages are refused when it is full.
    pub(crate) fn refuses_when_full(&self) -> bool {
        self.discard == DiscardPolicy::New
    }

    fn config(&self) -> Config {
        Config {
            name: self.name.to_owned(),
            subjects: self.subjects.iter().map(ToString::to_string).collect(),
            description: Some(self.description.to_owned()),
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: 1,
            max_age: self.max_age,
            max_bytes: self.max_bytes,
            max_messages: -1,
            max_messages_per_subject: self.per_subject,
            max_message_size: if self.name == DLQ { MAX_DEAD_LETTER_BYTES } else { MAX_MESSAGE_BYTES },
            max_consumers: -1,
            discard: self.discard,
            discard_new_per_subject: false,
            duplicate_window: DUPLICATE_WINDOW.min(if self.max_age.is_zero() { DAY } else { self.max_age }),
            no_ack: false,
            allow_direct: true,
            allow_rollup: self.kind == Kind::Bucket,
            deny_delete: self.kind != Kind::Messages,
            deny_purge: self.kind == Kind::History,
            compression: Some(Compression::None),
            persist_mode: Some(self.persist),
            ..Config::default()
        }
    }
}

impl Bus {
    /// Creates every stream that is missing, and corrects the settings of those that are there. Doing it twice changes
    /// nothing.
    ///
    /// # Errors
    /// When the server refuses; the error names the stream.
    pub async fn provision(&self) -> Result<(), StreamError> {
        for spec in &SPECS {
            provision(self, spec).await?;
        }
        Ok(())
    }

    /// Creates one stream again if somebody deleted it.
    pub(crate) async fn provision_stream(&self, name: &str) -> Result<(), StreamError> {
        match SPECS.iter().find(|spec| spec.name == name) {
            Some(spec) => provision(self, spec).await,
            None => Ok(()),
        }
    }
}

async fn provision(bus: &Bus, spec: &Spec) -> Result<(), StreamError> {
    let created = bus.jetstream().create_or_update_stream(spec.config()).await;
    created
        .map_err(|source| StreamError::Provision { stream: spec.name.to_owned(), source: source.into() })?;
    Ok(())
}

/// The stream that keeps a subject, if any does.
pub fn of_subject(subject: &str) -> Option<&'static str> {
    let root = |name: &str| name.trim_end_matches(".>").to_owned();
    SPECS
        .iter()
        .find(|spec| {
            spec.subjects.iter().any(|pattern| {
                let root = root(pattern);
                subject == root || subject.starts_with(&format!("{root}."))
            })
        })
        .map(|spec| spec.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_its_stream() {
        assert_eq!(of_subject("sim.metrics"), Some(SIM_METRICS));
        assert_eq!(of_subject("sim.metrics.3"), Some(SIM_METRICS));
        assert_eq!(of_subject("sim.journal.default"), Some(SIM_JOURNAL));
        assert_eq!(of_subject("dlq.OPS_ACTIONS"), Some(DLQ));
        assert_eq!(of_subject("$KV.OPS_RULES.cpu_high"), Some(OPS_RULES));
        assert_eq!(of_subject("sim.state"), None);
    }
}
