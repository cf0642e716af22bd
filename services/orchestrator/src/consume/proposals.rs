//! `ops.actions`, version 0: an agent proposes. It is checked, recorded as version 1 and told to everyone, or refused
//! with a reason in the audit.

use bus::{Delivery, Failure};
use connectrpc_axum::Code;
use proto::ops::v1::Action;
use store::agents::AgentRow;
use store::{PgConnection, StoreError, actions, inbox};

use super::{ACTIONS, decode, persist};
use crate::agents::identity;
use crate::app::App;
use crate::policies::{self, InForce};
use crate::proposal::{Proposal, Refusal};
use crate::proposals::{self, Outcome, Proposer, Refused};
use crate::record::{self, Note};

pub(crate) async fn handle(app: &App, delivery: &Delivery) -> Result<(), Failure> {
    let action: Action = decode(delivery)?;
    if action.version > 0 {
        // Our own words, on the stream for everyone else.
        return Ok(());
    }
    let agent = persist(app, delivery, || identity::registered(app, &action.proposed_by)).await?;
    // Counted once: a message that waits for a server must not run out of its agent's part meanwhile.
    if delivery.attempt == 1 && app.agents.admit(agent.as_ref(), &action.simulation_id).is_err() {
        // The tally of refusals has it. As a dead letter it would only fill the stream of those.
        app.metrics.proposal("limited");
        return Ok(());
    }
    let outcome = judged(app, delivery, &action, agent).await?;
    app.relay.wake();
    app.metrics.proposal(outcome.label());
    if let Outcome::Refused(Refused { why, .. }) = outcome {
        tracing::warn!(action_id = action.id, agent = action.proposed_by, reason = why, "proposal refused");
        return Err(Failure::Poison(why));
    }
    tracing::info!(
        action_id = action.id,
        incident_id = action.incident_id,
        outcome = outcome.label(),
        "proposal taken"
    );
    Ok(())
}

async fn judged(
    app: &App,
    delivery: &Delivery,
    action: &Action,
    agent: Option<AgentRow>,
) -> Result<Outcome, Failure> {
    let Some(agent) = agent else {
        let why = format!(
            "proposed_by is {:?}, which is no agent, or one that is retired; register it with ops.v1.AgentService/RegisterAgent",
            record::printable(&action.proposed_by)
        );
        return refuse(app, delivery, action, Refused::new(Code::Unauthenticated, why)).await;
    };
    let proposal = match Proposal::try_from(action.clone()) {
        Err(Refusal(why)) => {
            return refuse(app, delivery, action, Refused::new(Code::InvalidArgument, why)).await;
        }
        Ok(proposal) => proposal,
    };
    if let Some(why) = proposals::unknown_target(app, &proposal).await {
        return refuse(app, delivery, action, Refused::new(Code::NotFound, why)).await;
    }
    let by = Proposer::Agent(agent);
    // Whose yes it takes is not to be guessed: the message waits.
    let policies = policies::in_force(app).await.ok_or_else(|| Failure::wait(NoPolicies))?;
    persist(app, delivery, || record(app, delivery, &proposal, &by, &policies)).await
}

async fn record(
    app: &App,
    delivery: &Delivery,
    proposal: &Proposal,
    by: &Proposer,
    policies: &InForce,
) -> Result<Outcome, StoreError> {
    let trace = delivery.traceparent.as_deref();
    let mut tx = app.store.begin().await?;
    if !inbox::first_time(&mut tx, ACTIONS, &delivery.id).await? {
        return repeated(&mut tx, proposal).await;
    }
    let outcome = match proposals::judge(app, &mut tx, proposal, by, policies, trace).await? {
        // Whoever chose another id waits for news of that one.
        Outcome::Known(row) if row.id != proposal.id => Outcome::Refused(proposals::in_the_way(&row)),
        outcome => outcome,
    };
    if let Outcome::Refused(Refused { why, .. }) = &outcome {
        record::note(&mut tx, note(&proposal.action, why), trace).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// NATS did not say which policies are in force.
#[derive(Debug, thiserror::Error)]
#[error("the approval policies cannot be read")]
struct NoPolicies;

/// A redelivery: nothing more is written, and the answer is what it was.
async fn repeated(conn: &mut PgConnection, proposal: &Proposal) -> Result<Outcome, StoreError> {
    Ok(match actions::get(conn, proposal.id).await? {
        Some(row) => proposals::same_or_refused(row, proposal),
        None => {
            Outcome::refused(Code::FailedPrecondition, "this proposal was refused before; the audit says why")
        }
    })
}

async fn refuse(
    app: &App,
    delivery: &Delivery,
    action: &Action,
    refused: Refused,
) -> Result<Outcome, Failure> {
    persist(app, delivery, || async {
        let mut tx = app.store.begin().await?;
        if inbox::first_time(&mut tx, ACTIONS, &delivery.id).await? {
            record::note(&mut tx, note(action, &refused.why), delivery.traceparent.as_deref()).await?;
            tx.commit().await?;
        }
        Ok(Outcome::Refused(refused.clone()))
    })
    .await
}

/// What the audit keeps of a refused proposal.
fn note(action: &Action, why: &str) -> Note {
    Note {
        actor: record::printable(&action.proposed_by),
        verb: "action.propose.refused",
        simulation_id: record::printable(&action.simulation_id),
        subject_id: record::printable(&action.id),
        reason: record::without_nul(why),
    }
}
