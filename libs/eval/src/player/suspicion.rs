//! What the detector suspects: every player may make it its own.

use std::collections::BTreeMap;

use detect::Transition;
use sim::Target;
use uuid::Uuid;

use crate::convert;

/// Later looks do not count, s after the first lead opened: by then somebody who was called has read it, and what is done about the
/// trouble makes trouble of its own.
const LOOKS_S: f64 = 60.0;

/// The suspects of every lead, as they were told last.
#[derive(Debug, Default)]
pub(crate) struct Suspicion {
    leads: BTreeMap<Uuid, Lead>,
    until: Option<u64>,
}

#[derive(Debug)]
struct Lead {
    opened_tick: u64,
    symptoms: u32,
    suspects: Vec<Target>,
}

impl Suspicion {
    pub(crate) fn hear(&mut self, transitions: &[Transition]) {
        for Transition { incident, .. } in transitions {
            let until = *self.until.get_or_insert(incident.tick + convert::ticks(LOOKS_S));
            if incident.updated_tick.max(incident.record.as_of_tick) > until {
                continue;
            }
            let record = &incident.record;
            if incident.symptom_of.is_some() {
                self.leads.remove(&incident.id);
            } else if !record.suspects.is_empty() {
                let suspects = record.suspects.iter().map(convert::suspect);
                let lead = Lead {
                    opened_tick: incident.tick,
                    symptoms: record.symptoms,
                    suspects: suspects.collect(),
                };
                self.leads.insert(incident.id, lead);
            }
        }
    }

    /// Those of the lead with the most symptoms, the first of equals.
    pub(crate) fn suspects(&self) -> Vec<Target> {
        let lead = self
            .leads
            .iter()
            .max_by_key(|(id, lead)| (lead.symptoms, std::cmp::Reverse((lead.opened_tick, **id))));
        lead.map(|(_, lead)| lead.suspects.clone()).unwrap_or_default()
    }
}
