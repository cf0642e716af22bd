//! Label matchers as the targets of a rule.

use std::collections::BTreeSet;

use detect::TargetKind;
use promql_parser::label::{MatchOp, Matcher};

/// Labels of an exporter's metric that name a service.
const SERVICES: [&str; 9] = [
    "service",
    "app",
    "application",
    "deployment",
    "statefulset",
    "workload",
    "container",
    "destination_service",
    "persistentvolumeclaim",
];
/// Labels of an exporter's metric that name a machine.
const NODES: [&str; 5] = ["node", "instance", "nodename", "host", "hostname"];

type Targets = (Option<TargetKind>, BTreeSet<String>);

/// Of a metric of ours: every label has to say which targets.
pub(super) fn of_ours(matchers: &[Matcher]) -> Result<Targets, String> {
    let mut targets: Targets = (None, BTreeSet::new());
    for matcher in matchers {
        let kind = match matcher.name.as_str() {
            "service" => TargetKind::Service,
            "node" => TargetKind::Node,
            other => return Err(format!("the label {other}: our metrics have `service` or `node` only")),
        };
        let ids = ids(matcher).ok_or_else(|| negative(matcher))?;
        if targets.0.is_some_and(|other| other != kind) {
            return Err("it names a service and a node; a series is of one of them".to_owned());
        }
        targets.0 = Some(kind);
        targets.1.extend(ids);
    }
    Ok(targets)
}

/// Of an exporter's metric: labels that name a service or a machine count, the others have no meaning here.
pub(super) fn of_theirs(matchers: &[Matcher], notes: &mut Vec<String>) -> Result<Targets, String> {
    let mut targets: Targets = (None, BTreeSet::new());
    for matcher in matchers {
        let kind = match matcher.name.as_str() {
            name if SERVICES.contains(&name) => TargetKind::Service,
            name if NODES.contains(&name) => TargetKind::Node,
            // Chooses the counterpart.
            "mode" | "condition" | "status" | "code" | "status_code" | "response_code" | "resource" => {
                continue;
            }
            name => {
                notes.push(format!("the label {name} has no counterpart here and was left out"));
                continue;
            }
        };
        // `container!=""` is everything that has a name.
        if matches!(matcher.op, MatchOp::NotEqual) && matcher.value.is_empty() {
            continue;
        }
        let ids = ids(matcher).ok_or_else(|| negative(matcher))?;
        if !ids.is_empty() {
            targets.0 = Some(kind);
            targets.1.extend(ids.iter().map(|id| without_port(id)));
        }
    }
    Ok(targets)
}

/// The ids that a matcher lists; none for all; `None` when it is no list.
fn ids(matcher: &Matcher) -> Option<BTreeSet<String>> {
    match matcher.op {
        MatchOp::Equal => Some([matcher.value.clone()].into()),
        MatchOp::Re(_) if matches!(matcher.value.as_str(), ".*" | ".+") => Some(BTreeSet::new()),
        MatchOp::Re(_) => {
            let plain = |id: &str| {
                !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_:".contains(c))
            };
            let listed: Vec<&str> = matcher.value.trim_matches(['(', ')']).split('|').collect();
            listed.iter().all(|id| plain(id)).then(|| listed.into_iter().map(str::to_owned).collect())
        }
        MatchOp::NotEqual | MatchOp::NotRe(_) => None,
    }
}

fn negative(matcher: &Matcher) -> String {
    format!(
        "{matcher}: a rule names what it watches (`=`, or `=~` with names between `|`), not a pattern and not what it leaves out"
    )
}

/// `node-a1:9100` is the exporter on node-a1.
fn without_port(id: &str) -> String {
    match id.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host.to_owned(),
        _ => id.to_owned(),
    }
}
