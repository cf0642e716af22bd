//! `microcloud incidents …`

use std::collections::BTreeSet;

use proto::common::v1::Severity;
use proto::ops::v1::incident_service_connect_client::IncidentServiceClient;
use proto::ops::v1::{Incident, IncidentServiceListRequest, Suspect, SuspectKind};

use crate::cli::{IncidentCommand, IncidentListOptions, IncidentsOptions};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, ids, silences};

mod show;

/// Longest page the API gives.
const PAGE: u32 = 1_000;

pub(crate) async fn run(target: &Target, options: IncidentsOptions) -> Result<(), Failure> {
    let client = api::incidents(target)?;
    match options.command {
        None => list(&client, target.simulation(), options.list).await,
        Some(IncidentCommand::Show { id, preview, json }) => {
            show::run(target, &client, &id, preview, json).await
        }
    }
}

async fn list(
    client: &IncidentServiceClient,
    simulation_id: String,
    options: IncidentListOptions,
) -> Result<(), Failure> {
    let IncidentListOptions { open, symptoms, limit, json } = options;
    let request = IncidentServiceListRequest {
        simulation_id,
        open_only: open,
        limit: if open { PAGE } else { limit },
        // Among open ones a symptom whose lead is over speaks for itself.
        leads_only: !symptoms && !open,
        ..IncidentServiceListRequest::default()
    };
    let mut incidents = client.list(&request).await?.into_inner().incidents;
    if !symptoms {
        drop_told_symptoms(&mut incidents);
    }
    incidents.truncate(limit as usize);
    if json {
        return output::json(&incidents);
    }
    if incidents.is_empty() {
        output::line(if open { "No incident is open." } else { "No incident yet." });
        return Ok(());
    }
    output::table(
        &["ID", "SEVERITY", "STATE", "SINCE (SIMULATED)", "WHAT", "SYMPTOMS", "USERS", "SUSPECT"],
        incidents.iter().map(row).collect(),
    );
    Ok(())
}

/// A list shows a symptom only while it does not show its lead.
fn drop_told_symptoms(incidents: &mut Vec<Incident>) {
    let shown: BTreeSet<String> = incidents.iter().map(|incident| incident.id.clone()).collect();
    incidents.retain(|incident| !shown.contains(&incident.symptom_of));
}

fn row(incident: &Incident) -> Vec<String> {
    let lead = incident.symptom_of.is_empty();
    let of_leads =
        |text: Option<String>| if lead { text.unwrap_or_else(|| "-".to_owned()) } else { String::new() };
    vec![
        ids::short(&incident.id),
        severity(incident).to_owned(),
        state(incident),
        incident.detected_at.as_ref().map(output::time).unwrap_or_default(),
        incident.title.clone(),
        if lead { symptoms(incident) } else { format!("of {}", ids::short(&incident.symptom_of)) },
        of_leads(users(incident)),
        of_leads(incident.suspects.first().map(suspect)),
    ]
}

fn severity(incident: &Incident) -> &'static str {
    match incident.severity() {
        Severity::Unspecified => "-",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// For example `open, silence, ana is on it`.
fn state(incident: &Incident) -> String {
    let mut state = if incident.resolved { "resolved" } else { "open" }.to_owned();
    if !incident.silenced_by.is_empty() {
        state += &format!(", {}", silences::kind(incident.silence_kind()));
    }
    if !incident.resolved && !incident.acknowledged_by.is_empty() {
        state += &format!(", {} is on it", incident.acknowledged_by);
    }
    state
}

/// For example `5, 3 open`.
fn symptoms(incident: &Incident) -> String {
    match (incident.symptoms, incident.open_symptoms) {
        (0, _) => "-".to_owned(),
        (all, 0) => format!("{all}, over"),
        (all, open) => format!("{all}, {open} open"),
    }
}

/// For example `1204 failed, 36.2 % at worst`; `None` while no user was harmed.
fn users(incident: &Incident) -> Option<String> {
    let impact = incident.impact.as_ref().filter(|impact| impact.failed + impact.slow > 0.0)?;
    let harmed = if impact.failed > 0.0 {
        format!("{:.0} failed", impact.failed)
    } else {
        format!("{:.0} slow", impact.slow)
    };
    Some(format!("{harmed}, {:.1} % at worst", impact.worst_pct))
}

/// For example `zone zone-a 71 %`.
fn suspect(suspect: &Suspect) -> String {
    let kind = match suspect.kind() {
        SuspectKind::Unspecified => "",
        SuspectKind::Service => "service ",
        SuspectKind::Node => "node ",
        SuspectKind::Zone => "zone ",
    };
    format!("{kind}{} {:.0} %", suspect.id, suspect.share * 100.0)
}

/// Lets people type the first characters of an id; ids are unique among all simulations.
pub(crate) async fn full_id(target: &Target, id: &str) -> Result<String, Failure> {
    if ids::is_whole(id) {
        return Ok(id.to_owned());
    }
    let request = IncidentServiceListRequest { limit: PAGE, ..IncidentServiceListRequest::default() };
    let newest = api::incidents(target)?.list(&request).await?.into_inner().incidents;
    ids::whole(id, newest.into_iter().map(|incident| incident.id), || {
        format!(
            "none of the {PAGE} newest incidents starts with {id:?}: see `microcloud incidents`, or write the whole id"
        )
    })
}

#[cfg(test)]
mod tests {
    use proto::ops::v1::Impact;

    use super::*;

    fn incident(id: &str, symptom_of: &str) -> Incident {
        Incident { id: id.to_owned(), symptom_of: symptom_of.to_owned(), ..Incident::default() }
    }

    #[test]
    fn a_symptom_is_told_with_its_lead_and_by_itself_when_the_lead_is_over() {
        let mut incidents = vec![incident("c", "a"), incident("b", "gone"), incident("a", "")];
        drop_told_symptoms(&mut incidents);
        let ids: Vec<_> = incidents.iter().map(|incident| incident.id.as_str()).collect();
        assert_eq!(ids, ["b", "a"]);
    }

    #[test]
    fn a_lead_says_what_followed_whom_it_cost_and_who_is_suspected() {
        let mut lead = incident("a", "");
        assert_eq!(row(&lead)[5..], ["-", "-", "-"]);
        (lead.symptoms, lead.open_symptoms) = (5, 3);
        lead.impact = Some(Impact { requests: 100.0, failed: 12.0, worst_pct: 36.24, ..Impact::default() });
        lead.suspects = vec![Suspect {
            kind: SuspectKind::Zone.into(),
            id: "zone-a".to_owned(),
            share: 0.714,
            ..Suspect::default()
        }];
        assert_eq!(row(&lead)[5..], ["5, 3 open", "12 failed, 36.2 % at worst", "zone zone-a 71 %"]);
        assert_eq!(row(&incident("b", "0123456789"))[5..], ["of 01234567", "", ""]);
    }

    #[test]
    fn a_silenced_incident_says_so_while_it_is_open_and_afterwards() {
        let mut silenced = Incident { silenced_by: "1".to_owned(), silence_kind: 2, ..incident("a", "") };
        "ana".clone_into(&mut silenced.acknowledged_by);
        assert_eq!(state(&silenced), "open, maintenance, ana is on it");
        silenced.resolved = true;
        assert_eq!(state(&silenced), "resolved, maintenance");
    }
}
