//! What else might cure a cause besides the rungs of its ladder: worth proposing only where it is expected to help.

use uuid::Uuid;

use crate::{
    action::Remedy,
    decide::Deciding,
    diagnosis::Cause,
    options::options,
    remedies::{self, Candidate},
    safety::{self, Rule},
    target::Target,
    topology::NodeState,
};

/// Suspects of an incident whose remedies are looked at, the most likely first.
const SUSPECTS: usize = 2;
/// Most candidates in a question, rungs included: each costs whoever looks ahead a few runs.
const MAX_CANDIDATES: usize = 8;

impl Deciding<'_> {
    /// Larger scale-ups, rungs that were tried or that only a look ahead can justify, and what could be done about the suspects.
    pub(crate) fn ideas(&self, cause: &Cause, members: &[Uuid], rungs: &[Candidate]) -> Vec<Candidate> {
        let on_ladder = remedies::ladder(cause, self.picture);
        let larger = rungs.iter().flat_map(|rung| self.larger(&rung.remedy));
        let of_suspects = self.suspects(members).into_iter().flat_map(|suspect| self.about(&suspect));
        let mut ideas: Vec<Candidate> = Vec::new();
        for idea in larger.chain(of_suspects).chain(on_ladder) {
            let is_there = |known: &Candidate| known.remedy == idea.remedy;
            let room = rungs.len() + ideas.len() < MAX_CANDIDATES;
            if room && !rungs.iter().chain(&ideas).any(is_there) && self.is_conceivable(&idea.remedy) {
                ideas.push(idea);
            }
        }
        ideas
    }

    fn larger(&self, remedy: &Remedy) -> Vec<Candidate> {
        let Remedy::ScaleUp { service, by } = remedy else { return Vec::new() };
        let most = self.picture.tuning.max_scale_step;
        let sizes = [by * 2, by * 4].map(|size| size.min(most));
        sizes.into_iter().filter(|size| size > by).map(|size| remedies::add(service, size)).collect()
    }

    /// Whom the incidents, or those that they are symptoms of, are put down to.
    fn suspects(&self, members: &[Uuid]) -> Vec<Target> {
        let mut suspects = Vec::new();
        for known in members.iter().filter_map(|id| self.memory.incidents.get(id)) {
            let lead = known.incident.symptom_of.and_then(|lead| self.memory.incidents.get(&lead));
            for suspect in lead.unwrap_or(known).incident.suspects.iter().take(SUSPECTS) {
                if !suspects.contains(suspect) {
                    suspects.push(suspect.clone());
                }
            }
        }
        suspects
    }

    fn about(&self, suspect: &Target) -> Vec<Candidate> {
        let known = self.picture.topology.suspected(suspect);
        // A zone is emptied node by node.
        let suspect = match suspect {
            Target::Zone(zone) => {
                let ready = |node: &&crate::topology::Node| {
                    node.zone == *zone
                        && node.state == NodeState::Ready
                        && remedies::replicas_on(&node.id, self.picture) > 0
                };
                let node = self.picture.topology.nodes().find(ready);
                node.map(|node| Target::Node(node.id.clone()))
            }
            other => Some(other.clone()),
        };
        let remedies = suspect.map(|suspect| options(&suspect, &known)).unwrap_or_default();
        remedies.into_iter().map(remedies::suspected).collect()
    }

    /// Whether safety lets it pass. That a restart under load does harm is a rule for those who cannot look ahead.
    fn is_conceivable(&self, remedy: &Remedy) -> bool {
        let target = remedy.target();
        let barred = self.memory.barred_now(remedy.kind(), &target, self.tick);
        let allowed = match safety::allowed(remedy, self.picture, self.memory) {
            Ok(()) => true,
            Err(refusal) => refusal.rule == Rule::RestartUnderLoad,
        };
        !barred && allowed && self.memory.busy(&target).is_none()
    }
}
