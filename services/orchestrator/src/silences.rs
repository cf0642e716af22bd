//! Silences and maintenance windows: what may become of one.

use chrono::{DateTime, TimeDelta, Utc};
use connectrpc_axum::{Code, ConnectError};
use detect::{MAX_SILENCE_S, MAX_SILENCES};
use pbjson_types::Timestamp;
use proto::common::v1::TargetKind;
use proto::ops::v1::silence_definition::End;
use proto::ops::v1::{Silence, SilenceChange, SilenceDefinition, SilenceKind, SilenceMatchers, SilenceState};
use rulebook::silences::{self, Book};
use serde_json::{Value, json};

use crate::app::App;
use crate::change::{self, Last, Subject};
use crate::error;

/// What is to become of a silence.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Create { simulation_id: String, operator: String, definition: SilenceDefinition },
    Update(SilenceDefinition),
    End,
    Delete,
}

impl Subject for Silence {
    const SERVICE: &'static str = "SilenceService";
    const CALLED: &'static str = "silence";

    fn version(&self) -> u64 {
        self.version
    }

    fn last(&self) -> Last<'_> {
        Last {
            verb: match self.change() {
                SilenceChange::Unspecified => "changed",
                SilenceChange::Created => "created",
                SilenceChange::Updated => "updated",
                SilenceChange::Ended => "ended",
                SilenceChange::Deleted => "deleted",
            },
            by: &self.changed_by,
            at: self.changed_at,
            reason: &self.reason,
        }
    }

    fn signed(self, changed_by: String, at: DateTime<Utc>, reason: String) -> Self {
        Self { changed_by, changed_at: Some(at.into()), reason, ..self }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let what = |silence: &Self| {
            let Self { kind, simulation_id, matchers, starts_at, ends_at, comment, deleted, .. } =
                silence.clone();
            (kind, simulation_id, matchers, starts_at, ends_at, comment, deleted)
        };
        what(self) == what(other)
    }

    fn simulation_id(&self) -> String {
        self.simulation_id.clone()
    }

    fn state(&self) -> Value {
        json!({
            "version": self.version,
            "kind": self.kind().as_str_name(),
            "matchers": self.matchers,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "comment": self.comment,
            "deleted": self.deleted,
        })
    }

    fn ready(_app: &App) -> Result<(), ConnectError> {
        Ok(())
    }
}

/// Reads every silence.
pub(crate) async fn read(app: &App) -> Result<Book, ConnectError> {
    Book::read(&app.bus).await.map_err(|failure| change::unreadable::<Book>(&failure))
}

/// Simulated time of the newest sample: what signal-service goes by.
pub(crate) fn now(app: &App, simulation_id: &str) -> Option<DateTime<Utc>> {
    let hub = app.hubs.find(simulation_id)?;
    let sampled = hub
        .latest()
        .iter()
        .filter_map(|snapshot| snapshot.time)
        .max_by_key(|time| (time.seconds, time.nanos));
    let time = sampled.or_else(|| hub.state().and_then(|state| state.time));
    time.and_then(|time| DateTime::<Utc>::try_from(time).ok())
}

/// Where a silence stands.
pub(crate) fn state(silence: &Silence, now: Option<DateTime<Utc>>) -> SilenceState {
    let (from, to) = (moment(silence.starts_at), moment(silence.ends_at));
    match (now, from, to) {
        _ if silence.deleted => SilenceState::Over,
        (Some(now), Some(from), _) if now < from => SilenceState::Pending,
        (Some(now), _, Some(to)) if now < to => SilenceState::Active,
        (Some(_), Some(_), Some(_)) => SilenceState::Over,
        _ => SilenceState::Unspecified,
    }
}

/// What is not there at the moment, a sentence each.
pub(crate) fn warnings(app: &App, silence: &Silence) -> Vec<String> {
    let SilenceMatchers { rules, families, targets, .. } = silence.matchers.clone().unwrap_or_default();
    let hub = app.hubs.find(&silence.simulation_id);
    let unheard =
        hub.is_none().then(|| format!("Nothing was heard of a simulation {:?} yet.", silence.simulation_id));
    let topology = hub.and_then(|hub| hub.topology());
    let places = targets.into_iter().filter_map(|target| {
        let topology = topology.as_deref()?;
        let (what, known) = match target.kind() {
            TargetKind::Service => {
                ("service", topology.services.iter().any(|service| service.id == target.id))
            }
            TargetKind::Node => ("node", topology.nodes.iter().any(|node| node.id == target.id)),
            TargetKind::Zone => ("zone", topology.zones.iter().any(|zone| zone.id == target.id)),
            TargetKind::Unspecified | TargetKind::Simulation => return None,
        };
        (!known).then_some((what, target.id))
    });
    let book = app.rules.borrow().book.clone();
    let kept: Vec<_> =
        book.rules().filter(|rule| !rule.deleted).filter_map(|rule| rule.definition.as_ref()).collect();
    let rules = rules.into_iter().filter(|name| kept.iter().all(|rule| rule.name != *name));
    let families = families.into_iter().filter(|name| kept.iter().all(|rule| rule.family != *name));
    let unknown =
        places.chain(rules.map(|name| ("rule", name))).chain(families.map(|name| ("family of rules", name)));
    let unknown = unknown.map(|(what, name)| format!("There is no {what} {name:?} at the moment."));
    unheard.into_iter().chain(unknown).collect()
}

fn moment(time: Option<Timestamp>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::<Utc>::try_from(time).ok())
}

impl change::Wish for Wish {
    type Subject = Silence;

    async fn on(&self, app: &App, id: &str, kept: Option<&Silence>) -> Result<Silence, ConnectError> {
        let there = || kept.filter(|kept| !kept.deleted).ok_or_else(|| missing(id, kept)).cloned();
        match self {
            Self::Create { simulation_id, operator, definition } => {
                if read(app).await?.count() >= MAX_SILENCES {
                    return Err(ConnectError::new(
                        Code::ResourceExhausted,
                        format!(
                            "There are {MAX_SILENCES} silences, and there cannot be more. Delete those that are over."
                        ),
                    ));
                }
                let new = Silence {
                    id: id.to_owned(),
                    simulation_id: simulation_id.clone(),
                    created_by: operator.clone(),
                    change: SilenceChange::Created.into(),
                    ..Silence::default()
                };
                said(app, new, definition)
            }
            Self::Update(definition) => {
                let updated = Silence { change: SilenceChange::Updated.into(), ..there()? };
                said(app, updated, definition)
            }
            Self::End => ended(app, there()?),
            // Deleting it twice is as good as once.
            Self::Delete => Ok(Silence {
                deleted: true,
                change: SilenceChange::Deleted.into(),
                ..kept.cloned().ok_or_else(|| missing(id, kept))?
            }),
        }
    }
}

/// The silence with what a definition says, checked.
fn said(app: &App, silence: Silence, definition: &SilenceDefinition) -> Result<Silence, ConnectError> {
    let SilenceDefinition { kind, matchers, starts_at, comment, end } = definition.clone();
    let now = now(app, &silence.simulation_id);
    let Some(starts_at) = moment(starts_at.or(silence.starts_at)).or(now) else {
        return Err(timeless(&silence.simulation_id));
    };
    let ends_at = match end {
        Some(End::EndsAt(ends_at)) => moment(Some(ends_at)),
        Some(End::ForS(for_s)) => Some(starts_at + lasting(for_s)?),
        None => None,
    };
    let ends_at = ends_at.ok_or_else(|| {
        error::invalid("Say when it is over: for_s (simulated seconds) or ends_at (a simulated time).")
    })?;
    if let Some(now) = now.filter(|now| ends_at <= *now) {
        return Err(error::invalid(format!(
            "It would be over already: it is {now} in the simulation {:?}. Choose a later end.",
            silence.simulation_id
        )));
    }
    let kind = if kind == 0 { SilenceKind::Silence.into() } else { kind };
    let silence = Silence {
        kind,
        matchers,
        starts_at: Some(starts_at.into()),
        ends_at: Some(ends_at.into()),
        comment,
        ..silence
    };
    silences::checked(&silence)
        .map_err(|mistakes| error::invalid(format!("The silence cannot be kept: {mistakes}.")))?;
    Ok(silence)
}

fn lasting(for_s: f64) -> Result<TimeDelta, ConnectError> {
    let allowed = for_s > 0.0 && for_s <= MAX_SILENCE_S as f64;
    let micros = (for_s * 1e6).round();
    // In range: a week is 6e11 microseconds.
    let lasting = allowed.then(|| TimeDelta::microseconds(micros as i64));
    lasting.ok_or_else(|| {
        error::invalid(format!(
            "for_s must be more than 0 and at most {MAX_SILENCE_S} (a week) simulated seconds."
        ))
    })
}

/// The silence, over now.
fn ended(app: &App, silence: Silence) -> Result<Silence, ConnectError> {
    let now = now(app, &silence.simulation_id);
    match (state(&silence, now), now, moment(silence.starts_at)) {
        (SilenceState::Over, ..) => Ok(silence),
        (SilenceState::Active, Some(now), Some(starts_at)) => Ok(Silence {
            // One that began with the newest sample ends with the next.
            ends_at: Some(now.max(starts_at + TimeDelta::milliseconds(1)).into()),
            change: SilenceChange::Ended.into(),
            ..silence
        }),
        (SilenceState::Pending, ..) => Err(error::precondition(format!(
            "Silence {} has not begun. SilenceService.Delete takes it away.",
            silence.id
        ))),
        _ => Err(timeless(&silence.simulation_id)),
    }
}

fn timeless(simulation_id: &str) -> ConnectError {
    error::unavailable(format!(
        "I have not heard of the simulation {simulation_id:?} yet, so I do not know its time. Check its id (`microcloud sim list`), \
         or give starts_at and ends_at."
    ))
}

/// The refusal of a change of something that is not there.
pub(crate) fn missing(id: &str, kept: Option<&Silence>) -> ConnectError {
    error::not_found(match kept {
        Some(kept) => format!("{} SilenceService.Create makes another one.", change::last_change(kept)),
        None => format!("There is no silence {id}. SilenceService.List names the ones there are."),
    })
}
