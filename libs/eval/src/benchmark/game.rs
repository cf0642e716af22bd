//! A game that a person played, scored as an episode: what they had done is done again, beside nobody, the agent that ships, and the best in
//! hindsight.

use std::sync::Arc;

use detect::{RuleErrors, RuleSet};
use sim::Scenario;
use sim::recording::Recording;

use super::hindsight::Hindsight;
use super::play::{self, APPROVAL_S, Played};
use super::row::Row;
use super::stage::Stage;
use super::{Entrant, seconds};
use crate::player::{Deed, Player, Script};

/// Who plays beside the person, in the order of the rows.
const OTHERS: [(&str, Entrant<'_>); 3] =
    [("nobody", Entrant::Nobody), ("rules", Entrant::Rules), ("oracle", Entrant::Oracle)];

/// What one player made of a game.
#[derive(Debug, Clone, PartialEq)]
pub struct GameRow {
    /// The person's name, `nobody`, `rules` (the agent that ships) or `oracle` (the best in hindsight).
    pub player: String,
    /// The episode as it counts.
    pub row: Row,
    /// What took effect, and when, in order of time.
    pub deeds: Vec<Deed>,
    /// The whole episode, the burst of traffic in the end included.
    pub recording: Recording,
}

/// Scores a game: the person first, then the others. `deeds` are what took effect, in simulated seconds since the start; they are done
/// again at the last whole second before. What came after the part that counts is left out.
///
/// # Errors
/// When the built-in rules contradict themselves, which they do not.
pub fn game(
    scenario: Arc<Scenario>,
    seed: u64,
    player: &str,
    deeds: Vec<Deed>,
) -> Result<Vec<GameRow>, RuleErrors> {
    let rules = RuleSet::new(detect::builtin_rules())?;
    let stage = Stage::new(scenario, seed);
    let hindsight = Hindsight::of(&stage);
    let end_s = seconds(stage.ticks()[1]);
    // Effect is a tick after the decision, which is taken at once: it was approved when it was played.
    let earlier = |deed: Deed| Deed { at_s: (deed.at_s - seconds(1)).floor(), ..deed };
    let deeds = deeds.into_iter().filter(|deed| deed.at_s <= end_s).map(earlier).collect();
    let row = |name: &str, player: Box<dyn Player>, approval_delay_s| {
        let played = play::play(&stage, &rules, player, approval_delay_s);
        let (row, deeds) = (Row::of(&stage, &hindsight, &played), done(&played));
        GameRow { player: name.to_owned(), row, deeds, recording: played.recording }
    };
    let person = row(player, Box::new(Script::new(deeds, Vec::new())), 0.0);
    let others = OTHERS.map(|(name, entrant)| row(name, entrant.player(&stage, &hindsight), APPROVAL_S));
    Ok(std::iter::once(person).chain(others).collect())
}

fn done(played: &Played) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = played
        .records
        .iter()
        .filter_map(|record| {
            let at_s = seconds(record.executed_tick?);
            Some(Deed { at_s, remedy: record.proposal.remedy.clone() })
        })
        .collect();
    deeds.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    deeds
}
