//! The write-ahead log of one simulation, on `sim.journal.<simulation_id>`.
//!
//! What is to take effect is appended first and acknowledged. Every append names the sequence of the entry before it, so that
//! of two engines only one can write: the other one learns that it is fenced and must stop.

use std::time::Duration;

use bus::streams::SIM_JOURNAL;
use bus::{Bus, Outgoing, PublishError, subjects};
use chrono::Utc;
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{JournalEntry, RunStarted, TakenOver};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stored;

/// How long an append may take once the engine is told to stop; usually a few milliseconds.
const STOPPING_PATIENCE: Duration = Duration::from_secs(1);

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error(
        "another sim-engine writes the journal {subject}: this one stops, because two would compute the run apart. \
         Let one engine run for each simulation"
    )]
    Fenced { subject: String },
    #[error("the journal {subject} cannot be read: check the stream {SIM_JOURNAL}")]
    Read { subject: String, source: bus::async_nats::Error },
    #[error("entry {sequence} of the journal {subject} is not what this version of sim-engine writes")]
    Undecodable { subject: String, sequence: u64, source: bus::Undecodable },
    #[error("the journal {subject} refuses an entry")]
    Refused { subject: String, source: PublishError },
    #[error("stopped while waiting for the journal {subject}")]
    Stopped { subject: String },
}

/// The entries of the latest run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunLog {
    pub(crate) started: RunStarted,
    /// What came after, oldest first.
    pub(crate) entries: Vec<Entry>,
}

/// Writes the journal. The only one who does, or fenced.
pub(crate) struct Journal {
    bus: Bus,
    subject: String,
    simulation_id: String,
    writer_id: Uuid,
    last_sequence: u64,
    /// Entries of the current run, to bound it.
    entries: usize,
    stop: CancellationToken,
}

impl Journal {
    /// Reads the latest run and takes over as the only writer.
    pub(crate) async fn open(
        bus: Bus,
        simulation_id: &str,
        stop: CancellationToken,
    ) -> Result<(Self, Option<RunLog>), JournalError> {
        let subject = subjects::sim_journal(simulation_id);
        let Contents { log, last_sequence, last_writer } = read(&bus, &subject, &stop).await?;
        let mut journal = Self {
            bus,
            subject,
            simulation_id: simulation_id.to_owned(),
            writer_id: Uuid::new_v4(),
            last_sequence,
            entries: log.as_ref().map_or(0, |log| log.entries.len()),
            stop,
        };
        if log.is_some() {
            journal.append(Entry::TakenOver(TakenOver { previous_writer_id: last_writer })).await?;
        }
        Ok((journal, log))
    }

    /// Entries since the run began.
    pub(crate) fn entries(&self) -> usize {
        self.entries
    }

    /// Appends an entry and waits until it is stored. An outcome that is not known is found out by trying the same message
    /// again, however long the server is away.
    pub(crate) async fn append(&mut self, entry: Entry) -> Result<u64, JournalError> {
        let begins_run = matches!(entry, Entry::RunStarted(_));
        let message = JournalEntry {
            simulation_id: self.simulation_id.clone(),
            writer_id: self.writer_id.to_string(),
            written_at: Some(Utc::now().into()),
            entry: Some(entry),
        };
        // The writer is part of the id: otherwise the server would take the entries of two engines for one.
        let id = format!("{}:{}:{}", self.subject, self.writer_id, self.last_sequence);
        let mut outgoing = Outgoing::message(self.subject.clone(), id, self.simulation_id.clone(), &message);
        outgoing.expected_last_subject_sequence = Some(self.last_sequence);
        let subject = || self.subject.clone();
        let published = loop {
            let published = tokio::select! {
                published = self.bus.publish(&outgoing) => published,
                () = self.patience_ends() => return Err(JournalError::Stopped { subject: subject() }),
            };
            match published {
                Ok(published) => break published,
                Err(PublishError::Fenced { .. }) => return Err(JournalError::Fenced { subject: subject() }),
                Err(source @ PublishError::Refused { .. }) => {
                    return Err(JournalError::Refused { subject: subject(), source });
                }
                Err(error @ PublishError::Unknown { .. }) => {
                    tracing::warn!(%error, "the simulation waits for its journal");
                }
            }
        };
        self.last_sequence = published.stream_sequence;
        self.entries = if begins_run { 0 } else { self.entries + 1 };
        Ok(self.last_sequence)
    }

    /// Some time after the signal to stop: what is on its way may still arrive.
    async fn patience_ends(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(STOPPING_PATIENCE).await;
    }

    /// Forgets the runs before the entry at `sequence`. Failing is no harm: the next reset tries again.
    pub(crate) async fn purge_before(&self, sequence: u64) {
        let purge = async {
            let stream = self.bus.jetstream().get_stream_no_info(SIM_JOURNAL).await?;
            stream.purge().filter(&self.subject).sequence(sequence).await?;
            Ok::<_, bus::async_nats::Error>(())
        };
        if let Err(error) = purge.await {
            tracing::warn!(subject = self.subject, %error, "earlier runs stay in the journal until the next reset");
        }
    }

    /// Waits until another engine has written to the journal.
    pub(crate) async fn rival(&self) -> Result<impl Future<Output = JournalError> + use<>, JournalError> {
        let (ours, subject) = (self.writer_id.to_string(), self.subject.clone());
        let from = bus::From::Sequence(self.last_sequence + 1);
        let tail = self.bus.tail(SIM_JOURNAL, &self.subject, from, self.stop.clone()).await;
        let mut tail =
            tail.map_err(|source| JournalError::Read { subject: subject.clone(), source: source.into() })?;
        Ok(async move {
            while let Some(delivery) = tail.next().await {
                if delivery.decode::<JournalEntry>().is_ok_and(|entry| entry.writer_id != ours) {
                    return JournalError::Fenced { subject };
                }
            }
            JournalError::Stopped { subject }
        })
    }
}

/// What a journal holds.
struct Contents {
    /// The latest run.
    log: Option<RunLog>,
    last_sequence: u64,
    last_writer: String,
}

/// Reads a journal from its first entry to the last one there is now.
async fn read(bus: &Bus, subject: &str, stop: &CancellationToken) -> Result<Contents, JournalError> {
    let mut contents = Contents { log: None, last_sequence: 0, last_writer: String::new() };
    let failed = |source| JournalError::Read { subject: subject.to_owned(), source };
    let Some(last) = stored::last_of_subject(bus, SIM_JOURNAL, subject).await.map_err(failed)? else {
        return Ok(contents);
    };
    let tail = bus.tail(SIM_JOURNAL, subject, bus::From::All, stop.clone()).await;
    let mut tail = tail.map_err(|error| failed(error.into()))?;
    while contents.last_sequence < last.sequence {
        let Some(delivery) = tail.next().await else {
            return Err(JournalError::Stopped { subject: subject.to_owned() });
        };
        let sequence = delivery.stream_sequence;
        let entry: JournalEntry = delivery.decode().map_err(|source| JournalError::Undecodable {
            subject: subject.to_owned(),
            sequence,
            source,
        })?;
        contents.last_sequence = sequence;
        contents.last_writer = entry.writer_id;
        match (entry.entry, &mut contents.log) {
            (Some(Entry::RunStarted(started)), log) => *log = Some(RunLog { started, entries: Vec::new() }),
            (Some(entry), Some(log)) => log.entries.push(entry),
            // Of a run whose beginning was purged nothing can be made.
            (_, None) | (None, _) => tracing::warn!(sequence, "entry of the journal left out"),
        }
    }
    Ok(contents)
}
