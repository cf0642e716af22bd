//! Silences as people read them.

use proto::common::v1::TargetKind;
use proto::ops::v1::{Silence, SilenceChange, SilenceKind, SilenceState};

use crate::ids;
use crate::output;

pub(super) fn row(silence: &Silence) -> Vec<String> {
    vec![
        ids::short(&silence.id),
        kind(silence.kind()).to_owned(),
        state(silence).to_owned(),
        until(silence),
        incidents(silence),
        silence.created_by.clone(),
        silence.comment.clone(),
    ]
}

/// For example `1f2e3d4c: silence of service checkout, active until 2026-11-21 10:30:00 (simulated)`.
pub(super) fn sentence(silence: &Silence) -> String {
    let Silence { id, .. } = silence;
    format!(
        "{}: {} of {}, {} until {} (simulated)",
        ids::short(id),
        kind(silence.kind()),
        incidents(silence),
        state(silence),
        until(silence)
    )
}

pub(super) fn facts(silence: &Silence) -> Vec<(&'static str, String)> {
    let time = |at: &Option<pbjson_types::Timestamp>| at.as_ref().map(output::time).unwrap_or_default();
    let change = match silence.change() {
        SilenceChange::Unspecified => "changed",
        SilenceChange::Created => "created",
        SilenceChange::Updated => "updated",
        SilenceChange::Ended => "ended",
        SilenceChange::Deleted => "deleted",
    };
    let mut facts = vec![
        ("id", silence.id.clone()),
        ("kind", kind(silence.kind()).to_owned()),
        ("state", state(silence).to_owned()),
        ("incidents", incidents(silence)),
        ("simulation", silence.simulation_id.clone()),
        ("from", format!("{} (simulated)", time(&silence.starts_at))),
        ("until", format!("{} (simulated)", until(silence))),
        ("why", silence.comment.clone()),
        ("created by", silence.created_by.clone()),
        ("version", silence.version.to_string()),
        ("last change", format!("{change} by {} at {} UTC", silence.changed_by, time(&silence.changed_at))),
    ];
    if !silence.reason.is_empty() {
        facts.push(("reason", silence.reason.clone()));
    }
    facts
}

/// For example `ana, until 2026-11-21 10:30:00: new disks`.
pub(crate) fn until_and_why(silence: &Silence) -> String {
    format!("{}, until {}: {}", silence.created_by, until(silence), silence.comment)
}

/// `silence` or `maintenance`.
pub(crate) fn kind(kind: SilenceKind) -> &'static str {
    match kind {
        SilenceKind::Unspecified | SilenceKind::Silence => "silence",
        SilenceKind::Maintenance => "maintenance",
    }
}

fn state(silence: &Silence) -> &'static str {
    match silence.state() {
        _ if silence.deleted => "deleted",
        SilenceState::Unspecified => "unknown",
        SilenceState::Pending => "to come",
        SilenceState::Active => "active",
        SilenceState::Over => "over",
    }
}

fn until(silence: &Silence) -> String {
    silence.ends_at.as_ref().map(output::time).unwrap_or_default()
}

/// For example `service checkout or cart; family latency; label team=shop`.
fn incidents(silence: &Silence) -> String {
    let matchers = silence.matchers.clone().unwrap_or_default();
    let places = matchers.targets.iter().map(|target| {
        let kind = match target.kind() {
            TargetKind::Service => "service ",
            TargetKind::Node => "node ",
            TargetKind::Zone => "zone ",
            TargetKind::Unspecified | TargetKind::Simulation => "",
        };
        format!("{kind}{}", target.id)
    });
    let mut parts = vec![places.collect::<Vec<_>>().join(" or ")];
    for (what, names) in [("rule", &matchers.rules), ("family", &matchers.families)] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(" or ")));
        }
    }
    let kinds = matchers.kinds().map(|kind| if kind == TargetKind::Node { "nodes" } else { "services" });
    let kinds: Vec<&str> = kinds.collect();
    if !kinds.is_empty() {
        parts.push(format!("{} only", kinds.join(" and ")));
    }
    parts.extend(matchers.labels.iter().map(|(name, value)| format!("label {name}={value}")));
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use proto::common::v1::Target;
    use proto::ops::v1::SilenceMatchers;

    use super::*;

    #[test]
    fn which_incidents_are_meant_is_told_in_one_line() {
        let target = |kind: TargetKind, id: &str| Target { kind: kind.into(), id: id.to_owned() };
        let silence = Silence {
            matchers: Some(SilenceMatchers {
                targets: vec![target(TargetKind::Node, "node-b1"), target(TargetKind::Zone, "zone-a")],
                families: vec!["cpu".to_owned()],
                kinds: vec![TargetKind::Node.into()],
                labels: [("team".to_owned(), "shop".to_owned())].into(),
                ..SilenceMatchers::default()
            }),
            ..Silence::default()
        };
        assert_eq!(
            incidents(&silence),
            "node node-b1 or zone zone-a; family cpu; nodes only; label team=shop"
        );
    }
}
