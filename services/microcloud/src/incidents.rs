//! `microcloud incidents`

use proto::common::v1::Severity;
use proto::ops::v1::{Incident, IncidentServiceListRequest};

use crate::api;
use crate::cli::IncidentOptions;
use crate::output::{self, Failure};
use crate::stack::Target;

pub(crate) async fn run(target: &Target, options: IncidentOptions) -> Result<(), Failure> {
    let request = IncidentServiceListRequest {
        simulation_id: target.simulation(),
        open_only: options.open,
        limit: options.limit,
        ..IncidentServiceListRequest::default()
    };
    let incidents = api::incidents(target)?.list(&request).await?.into_inner().incidents;
    if options.json {
        return output::json(&incidents);
    }
    if incidents.is_empty() {
        output::line(if options.open { "No incident is open." } else { "No incident yet." });
        return Ok(());
    }
    output::table(
        &["ID", "SEVERITY", "STATE", "SINCE (SIMULATED)", "WHAT"],
        incidents.into_iter().map(row).collect(),
    );
    Ok(())
}

fn row(incident: Incident) -> Vec<String> {
    let severity = match incident.severity() {
        Severity::Unspecified => "-",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    };
    let state = match (incident.resolved, incident.acknowledged_by.as_str()) {
        (true, _) => "resolved".to_owned(),
        (false, "") => "open".to_owned(),
        (false, operator) => format!("open, {operator} is on it"),
    };
    let since = incident.detected_at.as_ref().map(output::time).unwrap_or_default();
    vec![incident.id.chars().take(8).collect(), severity.to_owned(), state, since, incident.title]
}
