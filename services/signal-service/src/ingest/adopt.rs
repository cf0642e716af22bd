//! Other rules and silences, between two batches.

use std::time::Instant;

use rulebook::{Book, InForce, silences};

use super::{Ingest, IngestError};
use crate::resume::{self, ResumeError};

impl Ingest {
    /// Judges by these rules from the next snapshot on. Those that were there before notice nothing; those that are new, or were
    /// changed, begin with windows full of what the stream has. Incidents whose rule is gone end now.
    pub(crate) async fn adopt(&mut self, book: &Book) -> Result<(), IngestError> {
        let begun = Instant::now();
        let InForce { set, left_out } = book.in_force();
        for rule in &left_out {
            tracing::error!(
                rule = rule.name,
                why = rule.why,
                "a rule cannot be judged by; correct it or delete it"
            );
        }
        let mut beside = self.detector.beside(&set);
        let mut samples = 0;
        if !beside.is_idle() {
            match resume::warm(&self.bus, &mut beside, &self.marks, &self.token).await {
                Ok(warmed) => samples = warmed,
                Err(ResumeError::Stopped) => return Err(IngestError::Stopped),
                Err(error) => {
                    tracing::warn!(%error, "the history of new rules cannot be read; their windows start empty");
                }
            }
        }
        let ended = self.detector.adopt(&set, beside);
        let incidents = ended.len();
        for transition in ended {
            self.work.tell(transition, None)?;
        }
        self.hand_over().await?;
        self.meters.rules(book.revision(), set.rules().len(), left_out.len());
        tracing::info!(
            revision = book.revision(),
            rules = set.rules().len(),
            incidents_ended = incidents,
            samples,
            took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "rules taken up"
        );
        Ok(())
    }

    /// Goes by these silences from now on. What that changes about open incidents is told now.
    pub(crate) async fn silence(&mut self, book: &silences::Book) -> Result<(), IngestError> {
        let silences::InForce { silences, left_out } = book.in_force();
        for silence in &left_out {
            tracing::error!(
                silence = silence.name,
                why = silence.why,
                "a silence cannot be gone by; correct it or delete it"
            );
        }
        let count = silences.count();
        let told = self.detector.silence(silences);
        let incidents = told.len();
        for transition in told {
            self.work.tell(transition, None)?;
        }
        self.hand_over().await?;
        self.meters.silences(book.revision(), count, left_out.len());
        tracing::info!(revision = book.revision(), silences = count, incidents, "silences taken up");
        Ok(())
    }
}
