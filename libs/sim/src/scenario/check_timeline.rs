//! Checks what happens when: faults that can be, that strike something, and that do not contradict each other.

use crate::fault::{FaultId, FaultKind, FaultSpec, MAX_ACTIVE_FAULTS};
use crate::topology::Topology;

use super::check::{Reading, line};
use super::file::{EntryFile, FaultFile, Located};
use super::{TimelineChange, TimelineEntry};

/// An entry and its line.
struct Placed {
    line: u64,
    entry: TimelineEntry,
}

/// A fault that the timeline has begun.
struct Begun<'a> {
    id: &'a str,
    at_s: f64,
    /// When it ends by itself, if it does.
    until_s: f64,
}

impl Reading<'_> {
    /// The entries in order of time; those of the same time as they are written.
    pub(super) fn timeline(
        &mut self,
        files: &[Located<EntryFile>],
        duration_s: f64,
        topology: &Topology,
    ) -> Vec<TimelineEntry> {
        let mut entries = Vec::new();
        for file in files {
            let at = line(file.referenced);
            if let Some(entry) = self.entry(at, &file.value, duration_s, topology) {
                entries.push(Placed { line: at, entry });
            }
        }
        entries.sort_by(|left, right| left.entry.at_s.total_cmp(&right.entry.at_s));
        if entries.len() == files.len() {
            self.check_order(&entries);
        }
        entries.into_iter().map(|placed| placed.entry).collect()
    }

    fn entry(
        &mut self,
        at: u64,
        file: &EntryFile,
        duration_s: f64,
        topology: &Topology,
    ) -> Option<TimelineEntry> {
        let at_s = self.seconds(&file.at_s, "at_s");
        if duration_s > 0.0 && at_s > duration_s {
            let message = format!(
                "at_s is {at_s}, after the end of the scenario; use at most duration_s, {duration_s}"
            );
            self.problem(line(file.at_s.referenced), message);
        }
        let change = match (&file.inject, &file.clear) {
            (Some(fault), None) => TimelineChange::Inject(self.fault(at, fault, topology)?),
            (None, Some(id)) => TimelineChange::Clear(FaultId(id.value.clone())),
            _ => {
                self.problem(at, "give either inject or clear".to_owned());
                return None;
            }
        };
        Some(TimelineEntry { at_s, change })
    }

    fn fault(&mut self, at: u64, file: &FaultFile, topology: &Topology) -> Option<FaultSpec> {
        let kind = match FaultKind::by_name(&file.kind.value) {
            Ok(kind) => Some(kind),
            Err(error) => {
                self.problem(line(file.kind.referenced), error.to_string());
                None
            }
        };
        let target = self.target(at, &file.target, topology);
        if let (Some(kind), Some(target)) = (kind, &target)
            && let Some(why) = kind.idle_on(target, topology)
        {
            let message =
                format!("{} makes no difference to {}, which {why}; choose another", kind.name(), target.id);
            self.problem(line(file.kind.referenced), message);
        }
        let severity = self.optional(file.severity.as_ref(), "severity", 0.0, 0.0, 1.0);
        let onset_s = file.onset_s.as_ref().map_or(0.0, |onset| self.seconds(onset, "onset_s"));
        let duration_s = file.duration_s.as_ref().map_or(0.0, |length| self.seconds(length, "duration_s"));
        let id = file.id.as_ref().map(|id| id.value.clone()).unwrap_or_default();
        let persistent = file.persistent;
        let spec = FaultSpec { id, kind: kind?, target: target?, severity, onset_s, duration_s, persistent };
        match spec.checked() {
            Ok(spec) => Some(spec),
            Err(error) => {
                self.problem(line(file.kind.referenced), error.to_string());
                None
            }
        }
    }

    /// No id is in force twice, what is cleared is in force, and never too much is.
    fn check_order(&mut self, entries: &[Placed]) {
        let mut begun: Vec<Begun<'_>> = Vec::new();
        for Placed { line, entry } in entries {
            begun.retain(|fault| fault.until_s >= entry.at_s);
            match &entry.change {
                TimelineChange::Inject(spec) => {
                    let known = begun.iter().find(|fault| !spec.id.is_empty() && fault.id == spec.id);
                    if let Some(Begun { id, at_s, .. }) = known {
                        let message = format!(
                            "fault id {id:?} is in force since {at_s} s; choose another id or end that one before"
                        );
                        self.problem(*line, message);
                        continue;
                    }
                    if begun.len() == MAX_ACTIVE_FAULTS {
                        let message = format!(
                            "more than {MAX_ACTIVE_FAULTS} faults are in force at once; end some before"
                        );
                        self.problem(*line, message);
                        return;
                    }
                    let until_s =
                        if spec.duration_s > 0.0 { entry.at_s + spec.duration_s } else { f64::INFINITY };
                    begun.push(Begun { id: &spec.id, at_s: entry.at_s, until_s });
                }
                TimelineChange::Clear(FaultId(id)) => {
                    let Some(position) = begun.iter().position(|fault| fault.id == *id) else {
                        let known: Vec<&str> =
                            begun.iter().map(|fault| fault.id).filter(|id| !id.is_empty()).collect();
                        let known = crate::known::use_one_of(&known);
                        let message = format!(
                            "no fault {id:?} of the timeline is in force at {} s; {known}",
                            entry.at_s
                        );
                        self.problem(*line, message);
                        continue;
                    };
                    begun.remove(position);
                }
            }
        }
    }
}
