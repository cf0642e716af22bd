//! What people write about incidents.

use axum::extract::State;
use connectrpc_axum::{ConnectError, ConnectRequest, ConnectResponse};
use http::HeaderMap;
use proto::ops::v1::{
    IncidentNote, IncidentServiceAddNoteRequest, IncidentServiceAddNoteResponse,
    IncidentServiceListNotesRequest, IncidentServiceListNotesResponse, IncidentServiceRemoveNoteRequest,
    IncidentServiceRemoveNoteResponse,
};
use store::idempotency::{self, Claim};
use store::incidents::{self, IncidentRow};
use store::notes::{self, MAX_NOTES, NoteRow};
use store::{PgConnection, StoreError};
use uuid::Uuid;

use super::no_incident;
use crate::api::fields;
use crate::app::App;
use crate::convert::timestamp;
use crate::error;
use crate::record::{self, Note};

/// Longest text of a note, characters.
const MAX_TEXT: usize = 4_000;
/// Of idempotency keys.
const SCOPE: &str = "ops.v1.IncidentService/AddNote";

pub(super) async fn list(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<IncidentServiceListNotesRequest>,
) -> Result<ConnectResponse<IncidentServiceListNotesResponse>, ConnectError> {
    let id = fields::uuid("incident_id", &request.incident_id)?;
    let read = async {
        let mut conn = app.store.acquire().await?;
        let incident = incidents::get(&mut conn, id).await?;
        Ok((incident, notes::list(&mut conn, id).await?))
    };
    let (incident, rows) = read.await.map_err(|e: StoreError| error::database("list the notes", &e))?;
    if incident.is_none() {
        return Err(no_incident(id));
    }
    let notes = rows.into_iter().map(note).collect();
    Ok(ConnectResponse(IncidentServiceListNotesResponse { notes }))
}

/// What became of a wish to write.
enum Added {
    /// It is written, or was before.
    Note(NoteRow, Box<IncidentRow>),
    NoIncident,
    Full,
    KeyReused,
}

pub(super) async fn add(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<IncidentServiceAddNoteRequest>,
) -> Result<ConnectResponse<IncidentServiceAddNoteResponse>, ConnectError> {
    let bare = IncidentServiceAddNoteRequest { idempotency_key: String::new(), ..request.clone() };
    let body_hash = fields::body_hash(SCOPE, &bare);
    let wish = Wish {
        incident: fields::uuid("incident_id", &request.incident_id)?,
        text: fields::text("text", &request.text, MAX_TEXT)?,
        author: fields::operator(&request.operator)?,
        key: fields::idempotency_key(&request.idempotency_key)?,
        body_hash,
    };
    let traceparent = fields::traceparent(&headers);
    let added = written(&app, &wish, &traceparent).await;
    match added.map_err(|e| error::database("write the note", &e))? {
        Added::Note(row, incident) => {
            let note = note(row);
            tell(&app, &incident, &note);
            Ok(ConnectResponse(IncidentServiceAddNoteResponse { note: Some(note) }))
        }
        Added::NoIncident => Err(no_incident(wish.incident)),
        Added::Full => Err(error::exhausted(format!(
            "The incident has {MAX_NOTES} notes, which is all it can have. Remove one of yours, or go on in the post-mortem."
        ))),
        Added::KeyReused => Err(error::invalid(
            "This idempotency_key was used for another note. Choose a new key for each, and repeat only the very same request with it.",
        )),
    }
}

/// A note to write, checked for form.
struct Wish {
    incident: Uuid,
    text: String,
    author: String,
    key: String,
    body_hash: Vec<u8>,
}

async fn written(app: &App, wish: &Wish, traceparent: &str) -> Result<Added, StoreError> {
    let mut tx = app.store.begin().await?;
    let Some(incident) = incidents::get(&mut tx, wish.incident).await? else { return Ok(Added::NoIncident) };
    if !wish.key.is_empty() {
        match idempotency::claim(&mut tx, SCOPE, &wish.key, &wish.body_hash).await? {
            Claim::New => {}
            Claim::Replay(id) => {
                let row = match Uuid::from_slice(&id) {
                    Ok(id) => notes::get(&mut tx, id).await?,
                    Err(_) => None,
                };
                return Ok(row.map_or(Added::NoIncident, |row| Added::Note(row, Box::new(incident))));
            }
            Claim::Mismatch => return Ok(Added::KeyReused),
        }
    }
    let Some(row) = notes::add(&mut tx, Uuid::new_v4(), wish.incident, &wish.author, &wish.text).await?
    else {
        return Ok(Added::Full);
    };
    if !wish.key.is_empty() {
        idempotency::finish(&mut tx, SCOPE, &wish.key, row.id.as_bytes()).await?;
    }
    audit(&mut tx, "incident.note", &row, wish.text.clone(), &incident, traceparent).await?;
    tx.commit().await?;
    Ok(Added::Note(row, Box::new(incident)))
}

pub(super) async fn remove(
    State(app): State<App>,
    headers: HeaderMap,
    ConnectRequest(request): ConnectRequest<IncidentServiceRemoveNoteRequest>,
) -> Result<ConnectResponse<IncidentServiceRemoveNoteResponse>, ConnectError> {
    let id = fields::uuid("note_id", &request.note_id)?;
    let operator = fields::operator(&request.operator)?;
    let traceparent = fields::traceparent(&headers);
    let failed = |e: StoreError| error::database("remove the note", &e);
    let mut tx = app.store.begin().await.map_err(failed)?;
    let Some(before) = notes::get(&mut tx, id).await.map_err(failed)? else {
        return Err(error::not_found(format!(
            "There is no note {id}. IncidentService.ListNotes names those there are."
        )));
    };
    if before.author != operator {
        return Err(error::forbidden(format!(
            "{} wrote this note, and nobody else removes it. Add one that says what is wrong with it.",
            before.author
        )));
    }
    let Some(row) = notes::remove(&mut tx, id).await.map_err(failed)? else {
        return Ok(ConnectResponse(IncidentServiceRemoveNoteResponse { note: Some(note(before)) }));
    };
    let incident = incidents::get(&mut tx, row.incident_id).await.map_err(failed)?;
    if let Some(incident) = &incident {
        audit(&mut tx, "incident.note.remove", &row, before.text, incident, &traceparent)
            .await
            .map_err(failed)?;
    }
    tx.commit().await.map_err(failed)?;
    let note = note(row);
    if let Some(incident) = incident {
        tell(&app, &incident, &note);
    }
    Ok(ConnectResponse(IncidentServiceRemoveNoteResponse { note: Some(note) }))
}

async fn audit(
    conn: &mut PgConnection,
    verb: &'static str,
    row: &NoteRow,
    text: String,
    incident: &IncidentRow,
    traceparent: &str,
) -> Result<(), StoreError> {
    let entry = Note {
        actor: row.author.clone(),
        verb,
        simulation_id: incident.simulation_id.clone(),
        subject_id: incident.id.to_string(),
        reason: text,
    };
    record::note(conn, entry, Some(traceparent)).await
}

/// Puts it on the event stream of the incident's simulation. It is recorded already; a page that misses it asks for the list anew.
fn tell(app: &App, incident: &IncidentRow, note: &IncidentNote) {
    if let Some(hub) = app.hubs.find(&incident.simulation_id)
        && let Err(failure) = hub.publish_note(note)
    {
        tracing::error!(error = &failure as &dyn std::error::Error, "note not put on the event stream");
    }
}

fn note(row: NoteRow) -> IncidentNote {
    IncidentNote {
        id: row.id.to_string(),
        incident_id: row.incident_id.to_string(),
        author: row.author,
        text: row.text,
        written_at: Some(timestamp(row.written_at)),
        removed: row.removed_at.is_some(),
    }
}
