//! `ops.actions`, version 0: an agent proposes. It is checked, recorded as version 1 and told to everyone, or refused
//! with a reason in the audit.

use std::time::Duration;

use bus::{Delivery, Failure};
use proto::ops::v1::{Action, ActionType};
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse, Topology};
use remedy::policy::{Facts, Ruling};
use store::actions::{self, ActionRow, Status, Transition};
use store::{PgConnection, StoreError, inbox, incidents};

use super::{ACTIONS, decode, persist};
use crate::api;
use crate::app::App;
use crate::convert;
use crate::policies::{self, InForce};
use crate::proposal::{Proposal, Refusal};
use crate::record::{self, Change, Note};

/// What came of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Recorded,
    /// Recorded and withdrawn at once: its incident is over.
    Superseded,
    /// The same proposal came before.
    Known,
    Refused(String),
}

pub(crate) async fn handle(app: &App, delivery: &Delivery) -> Result<(), Failure> {
    let action: Action = decode(delivery)?;
    if action.version > 0 {
        // Our own words, on the stream for everyone else.
        return Ok(());
    }
    let outcome = match Proposal::try_from(action.clone()) {
        Err(Refusal(why)) => refuse(app, delivery, &action, why).await?,
        Ok(proposal) => match unknown_target(app, &proposal).await {
            Some(why) => refuse(app, delivery, &action, why).await?,
            None => {
                // Whose yes it takes is not to be guessed: the message waits.
                let policies = policies::in_force(app).await.ok_or_else(|| Failure::wait(NoPolicies))?;
                persist(app, delivery, || record(app, delivery, &proposal, &policies)).await?
            }
        },
    };
    app.relay.wake();
    app.metrics.proposal(outcome.label());
    match outcome {
        Outcome::Refused(why) => {
            tracing::warn!(
                action_id = action.id,
                agent = action.proposed_by,
                reason = why,
                "proposal refused"
            );
            Err(Failure::Poison(why))
        }
        outcome => {
            tracing::info!(
                action_id = action.id,
                incident_id = action.incident_id,
                ?outcome,
                "proposal taken"
            );
            Ok(())
        }
    }
}

impl Outcome {
    fn label(&self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Superseded => "superseded",
            Self::Known => "known",
            Self::Refused(_) => "refused",
        }
    }
}

async fn record(
    app: &App,
    delivery: &Delivery,
    proposal: &Proposal,
    policies: &InForce,
) -> Result<Outcome, StoreError> {
    let trace = delivery.traceparent.as_deref();
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, ACTIONS, &delivery.id).await? {
        return repeated(&mut tx, proposal).await;
    }
    let outcome = match incidents::get(&mut tx, proposal.incident_id).await? {
        None => Outcome::Refused(format!(
            "incident {} is unknown; propose for an incident on ops.incidents",
            proposal.incident_id
        )),
        Some(incident)
            if incident.run_id != proposal.run_id
                || incident.simulation_id != proposal.action.simulation_id =>
        {
            Outcome::Refused(format!("incident {} belongs to another run or simulation", incident.id))
        }
        Some(incident) => {
            // Taking back what is no longer needed is only ever proposed once the incident is over.
            let undo = matches!(proposal.kind, ActionType::ScaleDown | ActionType::RemoveComponent);
            let over = (incident.resolved && !undo).then(|| incident.resolution.clone());
            let ruling = policies.decide(&facts(app, proposal, incident.severity));
            take(&mut tx, proposal, over, (&ruling, app.limits.action_ttl), trace).await?
        }
    };
    if let Outcome::Refused(why) = &outcome {
        record::note(&mut tx, note(&proposal.action, why), trace).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// NATS did not say which policies are in force.
#[derive(Debug, thiserror::Error)]
#[error("the approval policies cannot be read")]
struct NoPolicies;

/// What is known about a proposal when it arrives; a prediction takes its time.
fn facts(app: &App, proposal: &Proposal, severity: i32) -> Facts {
    let topology = app.hubs.find(&proposal.action.simulation_id).and_then(|hub| hub.topology());
    let Action { target_id, replicas, .. } = &proposal.action;
    policies::facts(proposal.remedy, target_id, *replicas, Some(severity), topology.as_deref())
}

/// Records the proposal, and withdraws it in the same breath when its incident is over.
async fn take(
    conn: &mut PgConnection,
    proposal: &Proposal,
    over: Option<String>,
    (ruling, ttl): (&Ruling, Duration),
    trace: Option<&str>,
) -> Result<Outcome, StoreError> {
    let ttl = ruling.expiry_s.map_or(ttl, |seconds| Duration::from_secs(seconds.into()));
    let ruling = policies::stored(ruling);
    let new = actions::record_proposed(conn, &convert::proposed_row(proposal), &ruling, ttl).await?;
    let Some(row) = actions::get(conn, proposal.id).await? else {
        return Ok(Outcome::Refused("the action could not be read back; propose it again".to_owned()));
    };
    if !new {
        return Ok(same_or_refused(&row, proposal));
    }
    let mut changes = vec![Change {
        from: None,
        actor: row.proposed_by.clone(),
        verb: "action.propose",
        reason: row.reason.clone(),
        row,
    }];
    if let Some(resolution) = over {
        let reason = format!("its incident was over when it was proposed: {resolution}");
        let with = Transition { decision_reason: Some(reason.clone()), ..Transition::default() };
        let moved =
            actions::transition(conn, proposal.id, &[Status::Proposed], Status::Superseded, &with).await?;
        changes.extend(moved.map(|row| Change {
            from: Some(Status::Proposed),
            row,
            actor: record::PRODUCER.to_owned(),
            verb: "action.supersede",
            reason,
        }));
    }
    record::changes(conn, &changes, trace).await?;
    Ok(if changes.len() > 1 { Outcome::Superseded } else { Outcome::Recorded })
}

/// A redelivery: nothing more is written, and the answer is what it was.
async fn repeated(conn: &mut PgConnection, proposal: &Proposal) -> Result<Outcome, StoreError> {
    Ok(match actions::get(conn, proposal.id).await? {
        Some(row) => same_or_refused(&row, proposal),
        None => Outcome::Refused("this proposal was refused before; the audit says why".to_owned()),
    })
}

fn same_or_refused(row: &ActionRow, proposal: &Proposal) -> Outcome {
    if convert::came_from(row, proposal) {
        Outcome::Known
    } else {
        Outcome::Refused(format!(
            "action {} was proposed before with another body; derive the id from incident, attempt, type and target",
            row.id
        ))
    }
}

async fn refuse(app: &App, delivery: &Delivery, action: &Action, why: String) -> Result<Outcome, Failure> {
    persist(app, delivery, || async {
        let mut tx = app.store.begin().await?;
        if inbox::first_time(&mut tx, ACTIONS, &delivery.id).await? {
            record::note(&mut tx, note(action, &why), delivery.traceparent.as_deref()).await?;
            tx.commit().await?;
        }
        Ok(Outcome::Refused(why.clone()))
    })
    .await
}

/// What the audit keeps of a refused proposal. Its fields may hold anything: they are cut and made printable.
fn note(action: &Action, why: &str) -> Note {
    let printable = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(128).collect() };
    Note {
        actor: printable(&action.proposed_by),
        verb: "action.propose.refused",
        simulation_id: printable(&action.simulation_id),
        subject_id: printable(&action.id),
        reason: why.chars().filter(|c| *c != '\0').collect(),
    }
}

/// Why the target does not exist, or `None`. While sim-engine cannot be asked the proposal passes: the executor checks
/// the target again at the moment of effect.
async fn unknown_target(app: &App, proposal: &Proposal) -> Option<String> {
    let cached = app.hubs.find(&proposal.action.simulation_id).and_then(|hub| hub.topology());
    if cached.is_some_and(|topology| proposal.targets_something_in(&topology)) {
        return None;
    }
    // What is cached may be older than the proposal.
    let asked = GetTopologyRequest { simulation_id: proposal.action.simulation_id.clone() };
    let answer: GetTopologyResponse = api::control::call(app, "GetTopology", &asked).await.ok()?;
    let topology: Topology = answer.topology?;
    let exists = proposal.targets_something_in(&topology);
    (!exists).then(|| {
        format!(
            "{} is no {} of the running topology",
            proposal.action.target_id,
            if proposal.kind == ActionType::DrainNode { "node" } else { "service" }
        )
    })
}
