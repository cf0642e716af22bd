//! Every rule as it is kept, at one moment.

use std::collections::BTreeMap;

use bus::bucket::{Contents, Entry, Standing};
use bus::{Bus, StreamError, streams, subjects};
use detect::{MAX_RULES, RuleSet, Withdrawn};
use prost::Message as _;
use proto::ops::v1::{Rule, RuleChange, RuleDefinition, RuleOrigin, RuleSeed};

use crate::kept::{self, Bucket, LeftOut, Value};
use crate::message;

/// Key of the mark that the bucket holds a whole set. No rule can be called so.
pub(crate) const SEED: &str = "SEED";

/// Every rule as it is kept, deleted ones too.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    standing: Standing,
    seed: Option<(u64, RuleSeed)>,
    rules: BTreeMap<String, Rule>,
    unreadable: Vec<LeftOut>,
}

/// The rules to judge by.
#[derive(Debug, Clone)]
pub struct InForce {
    /// They.
    pub set: RuleSet,
    /// Those that cannot be judged by, and why.
    pub left_out: Vec<LeftOut>,
}

impl Bucket for Book {
    const STREAM: &'static str = streams::OPS_RULES;
    const SUBJECTS: &'static str = subjects::OPS_RULES;
    const WHAT: &'static str = "rules";

    fn of(contents: Contents) -> Self {
        let Contents { standing, entries } = contents;
        let mut book = Self { standing, seed: None, rules: BTreeMap::new(), unreadable: Vec::new() };
        for entry in entries {
            book.add(entry);
        }
        book
    }

    /// The built-in rules.
    fn initial() -> Self {
        let rules = detect::builtin_rules()
            .into_iter()
            .map(|rule| (rule.name.clone(), seeded(message::definition(&rule))));
        Self {
            standing: Standing { made_at_ns: 0, revision: 0 },
            seed: None,
            rules: rules.collect(),
            unreadable: Vec::new(),
        }
    }

    fn standing(&self) -> Standing {
        self.standing
    }

    fn is_whole(&self) -> bool {
        self.seed.is_some()
    }
}

impl Book {
    /// Reads the bucket.
    ///
    /// # Errors
    /// When the bucket is not there, or the server does not answer.
    pub async fn read(bus: &Bus) -> Result<Self, StreamError> {
        kept::read(bus).await
    }

    fn add(&mut self, entry: Entry) {
        if entry.key == SEED {
            let seed = entry.value.and_then(|value| RuleSeed::decode(value).ok());
            self.seed = seed.map(|seed| (entry.revision, seed));
            return;
        }
        match kept::value(&entry) {
            Ok(rule) => drop(self.rules.insert(entry.key, rule)),
            Err(why) => self.unreadable.push(LeftOut { name: entry.key, why }),
        }
    }

    /// Raised by every change of any rule; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.standing.revision
    }

    /// Revision and content of the mark that the set is whole.
    pub(crate) fn seed(&self) -> Option<&(u64, RuleSeed)> {
        self.seed.as_ref()
    }

    /// A rule, deleted or not.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.rules.get(name)
    }

    /// Every rule, deleted ones too: the built-in ones in their order, then the others by name. Of two rules of a family that fire
    /// with the same severity the first one names the incident.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let built_in = detect::builtin_rules();
        let (mut first, mut others): (Vec<_>, Vec<_>) =
            self.rules.iter().partition(|(name, _)| built_in.iter().any(|rule| rule.name == **name));
        first.sort_by_key(|(name, _)| built_in.iter().position(|rule| rule.name == **name));
        first.append(&mut others);
        first.into_iter().map(|(_, rule)| rule)
    }

    /// Rules that are not deleted.
    pub fn count(&self) -> usize {
        self.rules.values().filter(|rule| !rule.deleted).count()
    }

    /// The rules to judge by. One that nobody can judge by does not keep the others from it.
    pub fn in_force(&self) -> InForce {
        let mut left_out = self.unreadable.clone();
        let mut rules = Vec::new();
        let mut withdrawn = Vec::new();
        for kept in self.rules() {
            let Some(definition) = &kept.definition else { continue };
            let name = definition.name.clone();
            match message::checked(std::slice::from_ref(definition)) {
                _ if kept.deleted => withdrawn.push((name, Withdrawn::Deleted)),
                _ if kept.disabled => withdrawn.push((name, Withdrawn::Disabled)),
                Err(mistakes) => left_out.push(LeftOut { name, why: mistakes.to_string() }),
                Ok(_) if rules.len() == MAX_RULES => {
                    left_out.push(LeftOut { name, why: format!("there are more than {MAX_RULES} rules") });
                }
                Ok(set) => rules.extend(set.rules().iter().cloned()),
            }
        }
        let set = RuleSet::new(rules).unwrap_or_else(|mistakes| {
            // Each was checked, and keys are unique.
            left_out.push(LeftOut { name: "(every rule)".to_owned(), why: mistakes.to_string() });
            RuleSet::default()
        });
        InForce { set: set.with_withdrawn(withdrawn), left_out }
    }
}

impl Value for Rule {
    type Bucket = Book;

    fn key(&self) -> &str {
        self.definition.as_ref().map(|definition| definition.name.as_str()).unwrap_or_default()
    }

    fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    fn gone(entry: &Entry) -> Self {
        Self {
            definition: Some(RuleDefinition { name: entry.key.clone(), ..RuleDefinition::default() }),
            version: entry.revision,
            deleted: true,
            origin: RuleOrigin::User.into(),
            change: RuleChange::Deleted.into(),
            changed_by: "a NATS client".to_owned(),
            changed_at: Some(entry.changed_at.into()),
            ..Self::default()
        }
    }
}

/// A built-in rule as a release brings it.
pub(crate) fn seeded(definition: RuleDefinition) -> Rule {
    Rule {
        seeded: Some(definition.clone()),
        definition: Some(definition),
        origin: RuleOrigin::BuiltIn.into(),
        change: RuleChange::Seeded.into(),
        ..Rule::default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn book(rules: &[Rule]) -> Book {
        let entry = |(index, rule): (usize, &Rule)| Entry {
            key: rule.definition.as_ref().unwrap().name.clone(),
            revision: index as u64 + 1,
            change_id: String::new(),
            changed_at: DateTime::UNIX_EPOCH,
            value: Some(rule.encode_to_vec().into()),
        };
        let entries: Vec<Entry> = rules.iter().enumerate().map(entry).collect();
        let standing = Standing { made_at_ns: 1, revision: entries.len() as u64 };
        Book::of(Contents { standing, entries })
    }

    fn named(name: &str) -> Rule {
        let cpu = &detect::builtin_rules()[2];
        seeded(RuleDefinition { name: name.to_owned(), ..message::definition(cpu) })
    }

    #[test]
    fn built_in_rules_come_first_in_their_order() {
        let book = book(&[named("zebra"), named("cpu_high"), named("alpha"), named("error_rate_high")]);
        let names: Vec<_> =
            book.rules().map(|rule| rule.definition.as_ref().unwrap().name.as_str()).collect();
        assert_eq!(names, ["error_rate_high", "cpu_high", "alpha", "zebra"]);
        assert_eq!(book.get("alpha").unwrap().version, 3);
    }

    #[test]
    fn one_rule_that_nobody_understands_does_not_keep_the_others_from_being_judged_by() {
        let mut unknown = named("from_the_future");
        unknown.definition.as_mut().unwrap().metric = "entropy".to_owned();
        let mut book = book(&[named("good"), unknown, Rule { disabled: true, ..named("off") }]);
        let garbage = Entry {
            key: "garbage".to_owned(),
            revision: 9,
            change_id: String::new(),
            changed_at: DateTime::UNIX_EPOCH,
            value: Some(vec![0xff; 4].into()),
        };
        book.add(Entry { key: "gone".to_owned(), revision: 10, value: None, ..garbage.clone() });
        book.add(garbage);
        let InForce { set, left_out } = book.in_force();
        assert_eq!(set.rules().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["good"]);
        let left_out: Vec<_> = left_out.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(left_out, ["garbage", "from_the_future"]);
        assert!(book.get("gone").unwrap().deleted);
    }

    #[test]
    fn before_anything_is_kept_the_built_in_rules_are_in_force() {
        let book = Book::initial();
        assert!(!book.is_whole());
        assert_eq!(book.in_force().set.rules(), detect::builtin_rules());
    }
}
