//! `microcloud incidents show`

use proto::common::v1::TargetKind;
use proto::ops::v1::incident_service_connect_client::IncidentServiceClient;
use proto::ops::v1::{
    Incident, IncidentServiceGetRequest, IncidentServiceListRequest, Preview, PreviewIncidentRequest,
    SilenceServiceGetRequest,
};
use serde_json::json;

use super::{PAGE, severity, state, suspect};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, ids, preview, silences};

pub(super) async fn run(
    target: &Target,
    client: &IncidentServiceClient,
    id: &str,
    with_preview: bool,
    json: bool,
) -> Result<(), Failure> {
    let incident_id = super::full_id(target, id).await?;
    let request = IncidentServiceGetRequest { incident_id: incident_id.clone() };
    let incident = client.get(&request).await?.into_inner().incident.unwrap_or_default();
    let of_it = IncidentServiceListRequest {
        symptom_of: incident_id.clone(),
        limit: PAGE,
        ..IncidentServiceListRequest::default()
    };
    let symptoms = client.list(&of_it).await?.into_inner().incidents;
    if json {
        let mut shown = json!({ "incident": incident, "symptoms": symptoms });
        if with_preview {
            shown["preview"] = json!(preview(target, incident_id).await?);
        }
        return output::json(&shown);
    }
    let mut facts = facts(&incident);
    if let Some(silenced) = silenced(target, &incident).await? {
        facts.push((silences::kind(incident.silence_kind()), silenced));
    }
    let rows = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    output::table(&["", ""], rows.collect());
    if !symptoms.is_empty() {
        output::line("");
        output::table(
            &["SYMPTOM", "SEVERITY", "STATE", "SINCE (SIMULATED)", "WHAT"],
            symptoms.iter().map(symptom).collect(),
        );
    }
    if with_preview {
        let preview = preview(target, incident_id).await?;
        output::line("");
        preview::print(&preview, None);
    }
    Ok(())
}

async fn preview(target: &Target, incident_id: String) -> Result<Preview, Failure> {
    let request = PreviewIncidentRequest { incident_id, ..PreviewIncidentRequest::default() };
    let answer = api::actions(target)?.preview_incident(&request).await?.into_inner();
    Ok(answer.preview.unwrap_or_default())
}

fn facts(incident: &Incident) -> Vec<(&'static str, String)> {
    let time = |at: &Option<pbjson_types::Timestamp>| at.as_ref().map(output::time).unwrap_or_default();
    let mut facts = vec![
        ("incident", incident.title.clone()),
        ("id", incident.id.clone()),
        ("state", state(incident)),
        ("severity", severity(incident).to_owned()),
        ("target", suffering(incident)),
        ("rule", format!("{} (family {})", incident.rule_name, incident.family)),
        ("measured", incident.description.clone()),
        ("since", format!("{} (simulated), tick {}", time(&incident.detected_at), incident.tick)),
    ];
    if incident.resolved {
        facts
            .push(("until", format!("{} (simulated), {}", time(&incident.resolved_at), incident.resolution)));
    }
    for (name, value) in &incident.labels {
        facts.push(("label", format!("{name}: {value}")));
    }
    if !incident.symptom_of.is_empty() {
        facts.push(("symptom of", incident.symptom_of.clone()));
    }
    if let Some(impact) = incident.impact.as_ref().filter(|impact| impact.requests > 0.0) {
        facts.push((
            "impact",
            format!(
                "{:.0} requests of users, {:.0} failed, at least {:.0} slow; {:.1} % affected in the worst 10 s; {:.1} % of a day's error budget",
                impact.requests, impact.failed, impact.slow, impact.worst_pct, impact.budget_burnt_pct
            ),
        ));
    }
    for one in &incident.suspects {
        facts.push(("suspect", format!("{}: {}", suspect(one), one.reasons.join(" "))));
    }
    facts
}

/// Who silences it, until when, and why.
async fn silenced(target: &Target, incident: &Incident) -> Result<Option<String>, Failure> {
    if incident.silenced_by.is_empty() {
        return Ok(None);
    }
    let request = SilenceServiceGetRequest { silence_id: incident.silenced_by.clone() };
    let silence = api::silences(target)?.get(&request).await?.into_inner().silence.unwrap_or_default();
    Ok(Some(silences::until_and_why(&silence)))
}

fn suffering(incident: &Incident) -> String {
    let Some(target) = &incident.target else { return String::new() };
    let kind = match target.kind() {
        TargetKind::Unspecified => return target.id.clone(),
        TargetKind::Service => "service",
        TargetKind::Node => "node",
        TargetKind::Zone => "zone",
        TargetKind::Simulation => "simulation",
    };
    format!("{kind} {}", target.id)
}

fn symptom(incident: &Incident) -> Vec<String> {
    vec![
        ids::short(&incident.id),
        severity(incident).to_owned(),
        state(incident),
        incident.detected_at.as_ref().map(output::time).unwrap_or_default(),
        incident.title.clone(),
    ]
}
