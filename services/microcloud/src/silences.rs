//! `microcloud silences …`

mod words;

use pbjson_types::Timestamp;
use proto::common::v1::{Target as Place, TargetKind};
use proto::ops::v1::silence_definition::End;
use proto::ops::v1::silence_service_connect_client::SilenceServiceClient;
use proto::ops::v1::{
    Silence, SilenceDefinition, SilenceKind, SilenceMatchers, SilenceServiceCreateRequest,
    SilenceServiceDeleteRequest, SilenceServiceEndRequest, SilenceServiceGetRequest,
    SilenceServiceListRequest,
};
use proto::sim::v1::GetStateRequest;

use crate::cli::{AddOptions, ChangeOptions, Kind, SilenceCommand};
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, ids, operator};

pub(crate) use words::{kind, until_and_why};

pub(crate) async fn run(target: &Target, command: SilenceCommand) -> Result<(), Failure> {
    let client = api::silences(target)?;
    match command {
        SilenceCommand::List { all, json } => list(&client, target.simulation(), all, json).await,
        SilenceCommand::Show { id, json } => show(&client, &id, json).await,
        SilenceCommand::Add(options) => add(target, &client, options).await,
        SilenceCommand::End { id, change } => {
            let ChangeOptions { reason, expected_version, .. } = &change;
            let request = SilenceServiceEndRequest {
                silence_id: full_id(&client, &id).await?,
                expected_version: *expected_version,
                operator: operator::name(change.operator.as_deref())?,
                reason: reason.clone(),
                idempotency_key: String::new(),
            };
            changed(client.end(&request).await?.into_inner().silence, change.json)
        }
        SilenceCommand::Delete { id, change } => {
            let ChangeOptions { reason, expected_version, .. } = &change;
            let request = SilenceServiceDeleteRequest {
                silence_id: full_id(&client, &id).await?,
                expected_version: *expected_version,
                operator: operator::name(change.operator.as_deref())?,
                reason: reason.clone(),
                idempotency_key: String::new(),
            };
            changed(client.delete(&request).await?.into_inner().silence, change.json)
        }
    }
}

async fn list(
    client: &SilenceServiceClient,
    simulation_id: String,
    all: bool,
    json: bool,
) -> Result<(), Failure> {
    let request = SilenceServiceListRequest { simulation_id, include_over: all, include_deleted: all };
    let silences = client.list(&request).await?.into_inner().silences;
    if json {
        return output::json(&silences);
    }
    if silences.is_empty() {
        output::line(if all { "No silence yet." } else { "Nothing is silenced." });
        return Ok(());
    }
    output::table(
        &["ID", "KIND", "STATE", "UNTIL (SIMULATED)", "INCIDENTS", "BY", "WHY"],
        silences.iter().map(words::row).collect(),
    );
    Ok(())
}

async fn show(client: &SilenceServiceClient, id: &str, json: bool) -> Result<(), Failure> {
    let request = SilenceServiceGetRequest { silence_id: full_id(client, id).await? };
    let silence = client.get(&request).await?.into_inner().silence.unwrap_or_default();
    if json {
        return output::json(&silence);
    }
    let rows = words::facts(&silence).into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    output::table(&["", ""], rows.collect());
    Ok(())
}

async fn add(target: &Target, client: &SilenceServiceClient, options: AddOptions) -> Result<(), Failure> {
    let simulation_id = target.simulation();
    let starts_at = match options.later {
        Some(later) => Some(now(target).await? + later),
        None => None,
    };
    let kind = if options.maintenance { SilenceKind::Maintenance } else { SilenceKind::Silence };
    let request = SilenceServiceCreateRequest {
        silence: Some(SilenceDefinition {
            kind: kind.into(),
            starts_at: starts_at.map(Timestamp::from),
            end: Some(End::ForS(options.length.as_secs_f64())),
            comment: options.comment.clone(),
            matchers: Some(matchers(&options)),
        }),
        simulation_id,
        operator: operator::name(options.operator.as_deref())?,
        idempotency_key: options.idempotency_key,
    };
    let answer = client.create(&request).await?.into_inner();
    for warning in &answer.warnings {
        output::progress(format!("note: {warning}"));
    }
    changed(answer.silence, options.json)
}

fn matchers(options: &AddOptions) -> SilenceMatchers {
    let places = |kind: TargetKind, ids: &[String]| {
        ids.iter().map(|id| Place { kind: kind.into(), id: id.clone() }).collect::<Vec<_>>()
    };
    let kinds = options.kinds.iter().map(|kind| match kind {
        Kind::Service => TargetKind::Service.into(),
        Kind::Node => TargetKind::Node.into(),
    });
    SilenceMatchers {
        rules: options.what.rules.clone(),
        families: options.what.families.clone(),
        kinds: kinds.collect(),
        targets: [
            places(TargetKind::Service, &options.what.services),
            places(TargetKind::Node, &options.what.nodes),
            places(TargetKind::Zone, &options.what.zones),
        ]
        .concat(),
        labels: options.labels.iter().cloned().collect(),
    }
}

/// Simulated time.
async fn now(target: &Target) -> Result<chrono::DateTime<chrono::Utc>, Failure> {
    let request = GetStateRequest { simulation_id: target.simulation() };
    let state = api::control(target)?.get_state(&request).await?.into_inner().state.unwrap_or_default();
    state.time.and_then(|time| chrono::DateTime::try_from(time).ok()).ok_or_else(|| {
        Failure::Failed(
            "the simulation does not say what time it is: look at `microcloud sim state`".to_owned(),
        )
    })
}

/// Says what a silence is now.
fn changed(silence: Option<Silence>, json: bool) -> Result<(), Failure> {
    let silence = silence.unwrap_or_default();
    if json {
        return output::json(&silence);
    }
    output::line(words::sentence(&silence));
    Ok(())
}

/// Lets people type the first characters of an id.
async fn full_id(client: &SilenceServiceClient, id: &str) -> Result<String, Failure> {
    if ids::is_whole(id) {
        return Ok(id.to_owned());
    }
    let request =
        SilenceServiceListRequest { simulation_id: String::new(), include_over: true, include_deleted: true };
    let silences = client.list(&request).await?.into_inner().silences;
    ids::whole(id, silences.into_iter().map(|silence| silence.id), || {
        format!("no silence starts with {id:?}: see `microcloud silences list --all`")
    })
}
