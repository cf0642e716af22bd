//! `microcloud automation …`

use proto::ops::v1::policy_service_connect_client::PolicyServiceClient;
use proto::ops::v1::{
    Automation, AutomationMode, GetAutomationRequest, GetAutomationResponse, PauseAutomationRequest,
    ResumeAutomationRequest,
};
use serde_json::json;

use crate::cli::{AutomationCommand, SwitchOptions};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, operator};

pub(crate) async fn run(target: &Target, command: AutomationCommand) -> Result<(), Failure> {
    let client = api::policies(target)?;
    match command {
        AutomationCommand::Status { json } => status(&client, json).await,
        AutomationCommand::Pause(options) => pause(&client, options).await,
        AutomationCommand::Resume(options) => resume(&client, options).await,
    }
}

async fn status(client: &PolicyServiceClient, json: bool) -> Result<(), Failure> {
    let answer = client.get_automation(&GetAutomationRequest {}).await?.into_inner();
    if json {
        return output::json(&answer);
    }
    let GetAutomationResponse { automation, explanation, .. } = &answer;
    let mode = match answer.mode() {
        AutomationMode::Unspecified => "unknown",
        AutomationMode::Automatic => "automatic",
        AutomationMode::Manual => "manual",
        AutomationMode::Paused => "paused",
    };
    let mut rows = vec![vec!["mode".to_owned(), mode.to_owned()], vec![String::new(), explanation.clone()]];
    if let Some(Automation { changed_by, changed_at: Some(at), reason, version, .. }) = automation {
        let last = format!("{changed_by} at {} UTC: {reason} (version {version})", output::time(at));
        rows.push(vec!["last change".to_owned(), last]);
    }
    output::table(&["", ""], rows);
    Ok(())
}

async fn pause(client: &PolicyServiceClient, options: SwitchOptions) -> Result<(), Failure> {
    let SwitchOptions { reason, operator, json } = options;
    let request = PauseAutomationRequest { reason, operator: operator::name(operator.as_deref())? };
    let answer = client.pause_automation(&request).await?.into_inner();
    if json {
        return output::json(&json!({ "automation": answer.automation, "cancelled": answer.cancelled }));
    }
    let by = answer.automation.unwrap_or_default().changed_by;
    output::line(format!(
        "Automation is paused (by {by}); {} approved actions were called back. `microcloud automation resume --reason …` lets it go on.",
        answer.cancelled
    ));
    Ok(())
}

async fn resume(client: &PolicyServiceClient, options: SwitchOptions) -> Result<(), Failure> {
    let SwitchOptions { reason, operator, json } = options;
    let operator = operator::name(operator.as_deref())?;
    let request = ResumeAutomationRequest { reason, operator, expected_version: 0 };
    let answer = client.resume_automation(&request).await?.into_inner();
    if json {
        return output::json(&json!({ "automation": answer.automation }));
    }
    output::line("Automation runs.");
    Ok(())
}
