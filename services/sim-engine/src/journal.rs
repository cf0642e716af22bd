//! The write-ahead log of one simulation, on `sim.journal.<simulation_id>`.
//!
//! What is to take effect is appended first and acknowledged. Every append names the sequence of the entry before it, so that
//! of two engines only one can write: the other one learns that it is fenced and must stop.

use std::time::Duration;

use bus::streams::SIM_JOURNAL;
use bus::{Bus, Outgoing, PublishError, subjects};
use chrono::{DateTime, Utc};
use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{JournalEntry, RunStarted, SimulationDeleted, SimulationState, TakenOver};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::id::SimulationId;
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
    /// What came after with its place in the stream, oldest first.
    pub(crate) entries: Vec<(u64, Entry)>,
    /// When everything was known to be stored last: at a note of progress, or at the beginning.
    pub(crate) noted_at: Option<DateTime<Utc>>,
}

impl RunLog {
    /// Where it stood when its computation was ended, unless it was started again.
    pub(crate) fn stopped(&self) -> Option<&SimulationState> {
        let housekeeping = |entry: &&Entry| !matches!(entry, Entry::TakenOver(_) | Entry::ProgressMade(_));
        match self.entries.iter().rev().map(|(_, entry)| entry).find(housekeeping) {
            Some(Entry::Stopped(stopped)) => stopped.state.as_ref(),
            _ => None,
        }
    }

    /// Whether the clock runs and at which speed, as it was set last.
    pub(crate) fn clock(&self) -> (bool, f64) {
        let set = self.entries.iter().rev().find_map(|(_, entry)| match entry {
            Entry::ClockSet(set) => Some((set.playing, set.speed)),
            _ => None,
        });
        set.unwrap_or((self.started.playing, self.started.speed))
    }

    /// The commands of the run, oldest first, as far as they were written up to a place in the stream.
    pub(crate) fn commands_up_to(&self, sequence: u64) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |(at, entry)| *at <= sequence && matches!(entry, Entry::CommandAccepted(_)))
            .map(|(_, entry)| entry)
    }

    /// Whether the journal of a fork has all that it inherits: one that was being made when the engine died has not.
    pub(crate) fn is_complete(&self) -> bool {
        let inherited = self.started.fork.as_ref().map_or(0, |fork| fork.inherited_entries);
        self.commands_up_to(u64::MAX).take(usize::try_from(inherited).unwrap_or(usize::MAX)).count() as u64
            == inherited
    }
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The latest run; `None` before the first and after a deletion.
    pub(crate) log: Option<RunLog>,
    /// The deletion, when nothing came after it.
    pub(crate) deleted: Option<SimulationDeleted>,
    /// Whether entries from before the deletion are still there: then not everybody may have been told.
    pub(crate) has_remains: bool,
    last_sequence: u64,
    last_writer: String,
}

impl Contents {
    /// Until when a simulation of this id lived that was deleted.
    pub(crate) fn lived_until(&self) -> Option<DateTime<Utc>> {
        let until = self.deleted.as_ref()?.lived_until?;
        DateTime::try_from(until).ok()
    }
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
    /// Reads a journal. Nothing is written: whoever writes it goes on doing so until [`Journal::take_over`].
    pub(crate) async fn open(
        bus: Bus,
        simulation_id: &SimulationId,
        stop: CancellationToken,
    ) -> Result<(Self, Contents), JournalError> {
        let subject = subjects::sim_journal(simulation_id.as_str());
        let contents = read(&bus, &subject, &stop).await?;
        let journal = Self {
            bus,
            subject,
            simulation_id: simulation_id.to_string(),
            writer_id: Uuid::new_v4(),
            last_sequence: contents.last_sequence,
            entries: contents.log.as_ref().map_or(0, |log| log.entries.len()),
            stop,
        };
        Ok((journal, contents))
    }

    /// Becomes the only writer of a journal that holds entries.
    pub(crate) async fn take_over(&mut self, contents: &Contents) -> Result<(), JournalError> {
        if contents.log.is_some() {
            let previous_writer_id = contents.last_writer.clone();
            self.append(Entry::TakenOver(TakenOver { previous_writer_id })).await?;
        }
        Ok(())
    }

    /// Place in the stream of the last entry.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.last_sequence
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

/// Forgets a journal that cannot be read.
pub(crate) async fn discard(bus: &Bus, simulation_id: &SimulationId) -> Result<(), JournalError> {
    let subject = subjects::sim_journal(simulation_id.as_str());
    let purge = async {
        let stream = bus.jetstream().get_stream_no_info(SIM_JOURNAL).await?;
        stream.purge().filter(&subject).await?;
        Ok::<_, bus::async_nats::Error>(())
    };
    purge.await.map_err(|source| JournalError::Read { subject: subject.clone(), source })
}

/// Reads a journal from its first entry to the last one there is now.
async fn read(bus: &Bus, subject: &str, stop: &CancellationToken) -> Result<Contents, JournalError> {
    let mut contents = Contents::default();
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
        contents.take(sequence, entry, delivery.published_at);
    }
    Ok(contents)
}

impl Contents {
    fn take(&mut self, sequence: u64, entry: JournalEntry, written_at: DateTime<Utc>) {
        let is_first = self.last_sequence == 0;
        self.last_sequence = sequence;
        self.last_writer = entry.writer_id;
        match (entry.entry, &mut self.log) {
            (Some(Entry::RunStarted(started)), log) => {
                *log = Some(RunLog { started, entries: Vec::new(), noted_at: Some(written_at) });
                self.deleted = None;
            }
            (Some(Entry::Deleted(deleted)), log) => {
                *log = None;
                self.deleted = Some(deleted);
                self.has_remains = !is_first;
            }
            (Some(entry), Some(log)) => {
                if matches!(entry, Entry::ProgressMade(_)) {
                    log.noted_at = Some(written_at);
                }
                log.entries.push((sequence, entry));
            }
            // Of a run whose beginning was purged nothing can be made.
            (_, None) | (None, _) => tracing::warn!(sequence, "entry of the journal left out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::sim::v1::{ClockSet, CommandAccepted, ForkRecord, SimulationStopped};

    use super::*;

    fn contents(entries: impl IntoIterator<Item = Entry>) -> Contents {
        let mut contents = Contents::default();
        for (sequence, entry) in (1..).zip(entries) {
            let entry = JournalEntry { entry: Some(entry), ..JournalEntry::default() };
            contents.take(sequence, entry, Utc::now());
        }
        contents
    }

    fn stopped() -> Entry {
        Entry::Stopped(SimulationStopped { state: Some(SimulationState { tick: 40, ..Default::default() }) })
    }

    #[test]
    fn a_simulation_is_stopped_until_its_clock_is_set_again() {
        let begun = || Entry::RunStarted(RunStarted::default());
        let housekeeping = || Entry::TakenOver(TakenOver::default());
        let log = contents([begun(), stopped(), housekeeping()]).log.unwrap();
        assert_eq!(log.stopped().unwrap().tick, 40);
        let set = Entry::ClockSet(ClockSet { playing: true, speed: 5.0, ..ClockSet::default() });
        let log = contents([begun(), stopped(), housekeeping(), set]).log.unwrap();
        assert_eq!((log.stopped(), log.clock()), (None, (true, 5.0)));
    }

    #[test]
    fn after_a_deletion_there_is_nothing_to_compute_until_the_next_creation() {
        let begun = || Entry::RunStarted(RunStarted::default());
        let deleted = || Entry::Deleted(SimulationDeleted::default());
        let gone = contents([begun(), deleted()]);
        assert!(gone.log.is_none() && gone.deleted.is_some() && gone.has_remains);
        let told = contents([deleted()]);
        assert!(told.deleted.is_some() && !told.has_remains);
        let again = contents([deleted(), begun()]);
        assert!(again.log.is_some() && again.deleted.is_none());
    }

    #[test]
    fn a_fork_needs_all_that_it_inherits() {
        let fork = ForkRecord { tick: 7, inherited_entries: 2 };
        let begun = || Entry::RunStarted(RunStarted { fork: Some(fork), ..RunStarted::default() });
        let command = || Entry::CommandAccepted(CommandAccepted::default());
        assert!(!contents([begun(), command()]).log.unwrap().is_complete());
        let whole = contents([begun(), command(), command(), command()]).log.unwrap();
        assert!(whole.is_complete());
        assert_eq!(whole.commands_up_to(3).count(), 2);
    }
}
