//! Incidents that belong together: the first is the lead, what follows from it along the map is a symptom of it.

use uuid::Uuid;

use crate::incident::Incident;
use crate::map::CloudMap;
use crate::record::{Impact, Record};
use crate::rule::Severity;
use crate::sample::{SimTime, Target};
use crate::suspects::Usual;

/// An incident joins a group in which something was new so short a time ago, s. Faults spread within seconds; what comes
/// later in a long outage may well have a cause of its own.
const JOIN_S: i64 = 300;
/// A group that is over can be taken up again so long, s: trouble that comes back is the same trouble.
const LINGER_S: i64 = 60;
/// When the suspects are looked at, seconds after the lead opened, besides whenever a symptom joins.
const LOOKS_S: [i64; 5] = [10, 30, 60, 120, 300];
/// The lead of an active group tells how things are at least so often, s. A restart counts from there.
const TELL_S: i64 = 300;

/// Simulated time before a lead opened up to the end of the looks at its suspects, ms.
pub(crate) const HISTORY_MS: i64 = LOOKS_S[LOOKS_S.len() - 1] * 1_000;
/// Simulated time before the end of which a restart has to know what opened and what ended, ms.
pub(crate) const MEMORY_MS: i64 = JOIN_S * 1_000;

/// An incident of a group.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: Uuid,
    pub(crate) target: Target,
    pub(crate) over_at: Option<SimTime>,
}

impl Member {
    /// Open, or over for so short a time that more of the same trouble may come.
    fn is_recent(&self, now: SimTime) -> bool {
        self.over_at.is_none_or(|over| now.micros - over.micros <= LINGER_S * 1_000_000)
    }
}

/// A lead and its symptoms.
#[derive(Debug)]
pub(crate) struct Group {
    /// The lead; also among the members.
    pub(crate) lead: Uuid,
    /// Requests count from this tick on.
    counted_from: u64,
    pub(crate) opened: SimTime,
    /// The lead as of its last transition, when it is over. While it is open, it is among the open incidents.
    pub(crate) over: Option<Incident>,
    last_opening: SimTime,
    pub(crate) members: Vec<Member>,
    pub(crate) record: Record,
    /// Worst severity of the lead so far.
    pub(crate) severity: Severity,
    /// How things were before it opened.
    pub(crate) usual: Option<Usual>,
    looked: usize,
    /// Something happened that the lead has not told yet.
    pub(crate) dirty: bool,
}

impl Group {
    pub(crate) fn is_active(&self) -> bool {
        self.members.iter().any(|member| member.over_at.is_none())
    }

    /// Whether an incident on this target that opens now belongs here.
    fn takes(&self, target: &Target, map: Option<&CloudMap>, now: SimTime) -> bool {
        if now.micros - self.last_opening.micros > JOIN_S * 1_000_000 {
            return false;
        }
        let related = |member: &Member| {
            member.is_recent(now)
                && (member.target == *target || map.is_some_and(|map| map.related(&member.target, target)))
        };
        self.members.iter().any(related)
    }

    fn add(&mut self, incident: &Incident) {
        self.last_opening = self.last_opening.max(incident.detected_at);
        let Incident { id, target, resolved_at, .. } = incident;
        self.members.push(Member { id: *id, target: target.clone(), over_at: *resolved_at });
    }

    /// Whether it is time to look at the suspects again.
    pub(crate) fn look_due(&mut self, now: SimTime) -> bool {
        let due = LOOKS_S.iter().filter(|s| now.micros - self.opened.micros >= **s * 1_000_000).count();
        std::mem::replace(&mut self.looked, due) != due
    }

    /// Whether suspects are still looked for: later, what is usual can no longer be told from the trail.
    pub(crate) fn is_fresh(&self, now: SimTime) -> bool {
        now.micros - self.opened.micros <= LOOKS_S[LOOKS_S.len() - 1] * 1_000_000
    }

    /// Whether the lead has been silent for long.
    pub(crate) fn tell_due(&self, now: SimTime) -> bool {
        self.is_active() && now.micros - self.record.as_of_us >= TELL_S * 1_000_000
    }

    /// Counts the symptoms into the record.
    pub(crate) fn count(&mut self) {
        let symptoms = self.members.iter().filter(|member| member.id != self.lead);
        let open = symptoms.clone().filter(|member| member.over_at.is_none()).count();
        self.record.open_symptoms = u32::try_from(open).unwrap_or(u32::MAX);
    }
}

/// The groups of one simulation, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) all: Vec<Group>,
}

impl Groups {
    /// Puts a new incident into a group, or begins one. Returns the lead that it is a symptom of.
    pub(crate) fn opened(&mut self, incident: &Incident, map: Option<&CloudMap>) -> Option<Uuid> {
        let now = incident.detected_at;
        self.all.retain(|group| group.members.iter().any(|member| member.is_recent(now)));
        if let Some(group) = self.all.iter_mut().find(|group| group.takes(&incident.target, map, now)) {
            group.add(incident);
            group.record.symptoms += 1;
            group.dirty = true;
            return Some(group.lead);
        }
        self.begin(incident);
        None
    }

    fn begin(&mut self, lead: &Incident) {
        let mut group = Group {
            lead: lead.id,
            counted_from: if lead.record.as_of_us == 0 { lead.tick } else { lead.record.as_of_tick },
            opened: lead.detected_at,
            over: lead.resolved_at.is_some().then(|| lead.clone()),
            last_opening: lead.detected_at,
            members: Vec::new(),
            record: lead.record.clone(),
            severity: lead.severity,
            usual: None,
            looked: 0,
            dirty: true,
        };
        group.add(lead);
        self.all.push(group);
    }

    /// A rule made an incident worse.
    pub(crate) fn escalated(&mut self, incident: &Incident) {
        if let Some(group) = self.all.iter_mut().find(|group| group.lead == incident.id) {
            group.severity = group.severity.max(incident.severity);
            group.dirty = true;
        }
    }

    /// An incident is over.
    pub(crate) fn over(&mut self, incident: &Incident) {
        let lead = incident.symptom_of.unwrap_or(incident.id);
        let Some(group) = self.all.iter_mut().find(|group| group.lead == lead) else { return };
        if let Some(member) = group.members.iter_mut().find(|member| member.id == incident.id) {
            member.over_at = incident.resolved_at;
        }
        if incident.id == group.lead {
            group.over = Some(incident.clone());
        }
        group.dirty = true;
    }

    /// After a restart: an incident that is open, or was not long ago. Leads before their symptoms.
    pub(crate) fn restore(&mut self, incident: &Incident) {
        match incident.symptom_of {
            None => {
                self.begin(incident);
                if let Some(group) = self.all.last_mut() {
                    group.dirty = false;
                }
            }
            Some(lead) => {
                if let Some(group) = self.all.iter_mut().find(|group| group.lead == lead) {
                    group.add(incident);
                }
            }
        }
    }

    /// Adds a tick's requests to every active group that had begun by then.
    pub(crate) fn count(&mut self, pulse: &Impact, tick: u64) {
        let worst = pulse.worst_permille;
        for group in self.all.iter_mut().filter(|group| group.is_active()) {
            if group.counted_from <= tick {
                let impact = &mut group.record.impact;
                impact.requests_milli += pulse.requests_milli;
                impact.failed_milli += pulse.failed_milli;
                impact.slow_milli += pulse.slow_milli;
                impact.worst_permille = impact.worst_permille.max(worst);
            }
        }
    }
}
