//! `microcloud policies …`

use proto::ops::v1::policy_service_connect_client::PolicyServiceClient;
use proto::ops::v1::{ApprovalPolicies, ApprovalPolicy, GetPoliciesRequest, SetPoliciesRequest};

use crate::cli::{ChangeOptions, PolicyCommand};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, operator};

mod file;
mod trial;

pub(crate) async fn run(target: &Target, command: PolicyCommand) -> Result<(), Failure> {
    let client = api::policies(target)?;
    match command {
        PolicyCommand::Show { json } => show(&client, json).await,
        PolicyCommand::Apply { file, change } => set(&client, file::read(&file)?, change).await,
        PolicyCommand::Test { file, json } => trial::run(&client, target, file::read(&file)?, json).await,
        PolicyCommand::Clear { change } => set(&client, Vec::new(), change).await,
    }
}

async fn show(client: &PolicyServiceClient, json: bool) -> Result<(), Failure> {
    let policies =
        client.get_policies(&GetPoliciesRequest {}).await?.into_inner().policies.unwrap_or_default();
    if json {
        return output::json(&policies);
    }
    let ApprovalPolicies { policies: list, version, changed_by, changed_at, reason } = policies;
    if version > 0 {
        let at = changed_at.as_ref().map(output::time).unwrap_or_default();
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        output::line(format!("# version {version}, set by {changed_by} at {at} UTC{because}"));
    }
    if list.is_empty() {
        output::line("# No policy: a person is asked about everything.\n[]");
        return Ok(());
    }
    output::line(file::write(&list)?.trim_end());
    Ok(())
}

async fn set(
    client: &PolicyServiceClient,
    policies: Vec<ApprovalPolicy>,
    change: ChangeOptions,
) -> Result<(), Failure> {
    let ChangeOptions { operator, reason, expected_version, json } = change;
    let request = SetPoliciesRequest {
        policies,
        expected_version,
        operator: operator::name(operator.as_deref())?,
        reason,
        idempotency_key: String::new(),
    };
    let policies = client.set_policies(&request).await?.into_inner().policies.unwrap_or_default();
    if json {
        return output::json(&policies);
    }
    output::line(match policies.policies.len() {
        0 => format!("No policy: a person is asked about everything (version {}).", policies.version),
        1 => format!("1 policy is in force (version {}).", policies.version),
        many => format!("{many} policies are in force (version {}).", policies.version),
    });
    Ok(())
}
