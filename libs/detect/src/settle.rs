//! After a sample has been judged: what is new joins its group, and leads tell what is known about theirs.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::group::{Group, Groups};
use crate::impact;
use crate::incident::{Incident, Transition, TransitionKind};
use crate::lifecycle::{Open, Simulation};
use crate::sample::Sample;
use crate::suspects::{Picture, Usual};
use crate::words;

impl Simulation {
    /// Takes in what a sample says about the cloud as a whole.
    pub(crate) fn learn(&mut self, sample: &Sample<'_>) {
        if let Some(map) = sample.map.filter(|map| self.map.as_ref() != Some(map)) {
            self.map = Some(map.clone());
            self.hush.look_again();
        }
        if let Some((tick, pulse)) = self.pulse.push(self.map.as_ref(), sample) {
            self.groups.count(&pulse, tick);
        }
    }

    /// After a restart, for a sample from before it: groups go on as they were.
    pub(crate) fn recall(&mut self, sample: &Sample<'_>) {
        for group in self.groups.all.iter_mut().filter(|group| group.opened <= sample.time) {
            group.usual.get_or_insert_with(|| Usual::before(group.opened, &self.shards));
            group.look_due(sample.time);
        }
    }

    /// Puts the transitions since `from` into groups, and adds what their leads have to tell.
    pub(crate) fn settle(&mut self, sample: &Sample<'_>, transitions: &mut Vec<Transition>, from: usize) {
        for transition in &mut transitions[from..] {
            let incident = &mut transition.incident;
            match transition.kind {
                TransitionKind::Opened => {
                    incident.symptom_of = self.groups.opened(incident, self.map.as_ref());
                    if let Some(kept) = incident_mut(&mut self.open, incident.id) {
                        kept.symptom_of = incident.symptom_of;
                    }
                }
                TransitionKind::Escalated => self.groups.escalated(incident),
                TransitionKind::Resolved => self.groups.over(incident),
                TransitionKind::Updated => {}
            }
        }
        let mut groups = std::mem::take(&mut self.groups);
        for group in &mut groups.all {
            self.tell(group, sample, transitions, from);
        }
        self.groups = groups;
    }

    fn tell(
        &mut self,
        group: &mut Group,
        sample: &Sample<'_>,
        transitions: &mut Vec<Transition>,
        from: usize,
    ) {
        if !(group.is_active() || group.dirty) {
            return;
        }
        if group.usual.is_none() {
            group.usual = Some(Usual::before(group.opened, &self.shards));
        }
        let look = group.look_due(sample.time);
        let raised = impact::severity(&group.record.impact)
            .filter(|severity| *severity > group.severity && group.over.is_none());
        if !(look || group.dirty || raised.is_some() || group.tell_due(sample.time)) {
            return;
        }
        if (look || group.dirty)
            && group.is_fresh(sample.time)
            && let (Some(map), Some(usual)) = (&self.map, &group.usual)
        {
            let (suspicion, suspects) = Picture::new(map, usual, &self.shards).suspects();
            // What was plain a minute ago is not forgotten because a crashed service now has no numbers.
            if suspicion >= 0.5 * group.record.suspicion {
                group.record.suspects = suspects;
                group.record.suspicion = suspicion;
            }
        }
        group.count();
        group.dirty = false;
        if let Some(severity) = raised {
            group.severity = severity;
        }
        let own = transitions[from..].iter_mut().find(|transition| transition.incident.id == group.lead);
        match own {
            // The lead's own transition brings the record along.
            Some(own) => {
                group.record.as_of(sample);
                group.write(&mut own.incident, raised.is_some());
                if let Some(kept) = incident_mut(&mut self.open, group.lead) {
                    kept.clone_from(&own.incident);
                } else {
                    group.over = Some(own.incident.clone());
                }
            }
            None => {
                let told = match &mut group.over {
                    Some(lead) => Some((lead, false)),
                    None => incident_mut(&mut self.open, group.lead).map(|lead| (lead, true)),
                };
                let Some((mut lead, is_open)) = told.map(|(lead, is_open)| (lead.clone(), is_open)) else {
                    return;
                };
                if raised.is_none() && !group.tell_due(sample.time) && !group.record.is_news(&lead.record) {
                    return;
                }
                group.record.as_of(sample);
                lead.revision += 1;
                if is_open {
                    lead.updated_tick = sample.tick;
                    lead.updated_at = sample.time;
                }
                group.write(&mut lead, raised.is_some());
                match (is_open, incident_mut(&mut self.open, group.lead)) {
                    (true, Some(kept)) => kept.clone_from(&lead),
                    _ => group.over = Some(lead.clone()),
                }
                let kind = if raised.is_some() { TransitionKind::Escalated } else { TransitionKind::Updated };
                transitions.push(Transition { kind, incident: lead });
            }
        }
    }
}

impl Group {
    fn write(&self, lead: &mut Incident, raised: bool) {
        lead.record.clone_from(&self.record);
        if raised {
            lead.severity = self.severity;
            lead.description = format!("{} {}", lead.description, words::raised(&self.record.impact));
        }
    }
}

impl Groups {
    /// Gives the open leads their newest records, before they end all at once.
    pub(crate) fn hand_over(&mut self, open: &mut [Vec<BTreeMap<String, Open>>; 2]) {
        for group in &mut self.all {
            group.count();
            if let Some(kept) = incident_mut(open, group.lead) {
                kept.record.clone_from(&group.record);
            }
        }
    }
}

fn incident_mut(open: &mut [Vec<BTreeMap<String, Open>>; 2], id: Uuid) -> Option<&mut Incident> {
    let open = open.iter_mut().flatten().flat_map(BTreeMap::values_mut);
    open.map(|open| &mut open.incident).find(|incident| incident.id == id)
}
