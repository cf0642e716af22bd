//! `microcloud policies test`: policies on the proposals of the past.

use proto::ops::v1::policy_service_connect_client::PolicyServiceClient;
use proto::ops::v1::{
    Action, ActionEffect, ApprovalMode, ApprovalPolicy, PolicyTally, PolicyTrial, TestPoliciesRequest,
    TestPoliciesResponse,
};

use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{actions, ids};

pub(super) async fn run(
    client: &PolicyServiceClient,
    target: &Target,
    policies: Vec<ApprovalPolicy>,
    json: bool,
) -> Result<(), Failure> {
    let request = TestPoliciesRequest { policies, simulation_id: target.simulation(), limit: 0 };
    let tried = client.test_policies(&request).await?.into_inner();
    if json {
        return output::json(&tried);
    }
    output::line(told(&tried));
    let approved: Vec<&PolicyTrial> =
        tried.trials.iter().filter(|trial| trial.mode() == ApprovalMode::AutoApprove).collect();
    if !approved.is_empty() {
        output::line("");
        output::table(&["ID", "POLICY", "ACTION", "CAME OF IT"], approved.into_iter().map(row).collect());
    }
    Ok(())
}

/// For example `Would have approved 41 of 50 proposals without asking: 30 effective, 2 harmful, 9 never done. …`
fn told(tried: &TestPoliciesResponse) -> String {
    let TestPoliciesResponse { trials, auto_approved, asked, two_person } = tried;
    let all = trials.len();
    if all == 0 {
        return "There is no proposal yet to try them on.".to_owned();
    }
    let approved = auto_approved.unwrap_or_default();
    let came = came(&approved);
    let came = if came.is_empty() { String::new() } else { format!(": {came}") };
    let count = |tally: Option<PolicyTally>| tally.unwrap_or_default().proposals;
    format!(
        "Would have approved {} of {all} proposals without asking{came}. A person would have been asked about {}, two people about {}.",
        approved.proposals,
        count(*asked),
        count(*two_person)
    )
}

fn came(tally: &PolicyTally) -> String {
    let PolicyTally { proposals: _, effective, ineffective, harmful, unjudged, failed, not_done } = tally;
    let counts = [
        (effective, "effective"),
        (ineffective, "ineffective"),
        (harmful, "harmful"),
        (unjudged, "not judged"),
        (failed, "failed"),
        (not_done, "never done"),
    ];
    let told: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    told.join(", ")
}

fn row(trial: &PolicyTrial) -> Vec<String> {
    let action = trial.action.clone().unwrap_or_default();
    vec![
        ids::short(&action.id),
        trial.policy.clone(),
        actions::words(action.r#type(), &action.target_id, action.replicas),
        outcome(&action),
    ]
}

fn outcome(action: &Action) -> String {
    let word = match action.effect() {
        ActionEffect::Unspecified => action.status().as_str_name().trim_start_matches("ACTION_STATUS_"),
        effect => effect.as_str_name().trim_start_matches("ACTION_EFFECT_"),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_much_would_have_been_approved_and_what_came_of_that() {
        assert_eq!(told(&TestPoliciesResponse::default()), "There is no proposal yet to try them on.");
        let tried = TestPoliciesResponse {
            trials: vec![PolicyTrial::default(); 50],
            auto_approved: Some(PolicyTally {
                proposals: 41,
                effective: 30,
                harmful: 2,
                not_done: 9,
                ..PolicyTally::default()
            }),
            asked: Some(PolicyTally { proposals: 9, ..PolicyTally::default() }),
            two_person: None,
        };
        assert_eq!(
            told(&tried),
            "Would have approved 41 of 50 proposals without asking: 30 effective, 2 harmful, 9 never done. A person would have been asked \
             about 9, two people about 0."
        );
    }
}
