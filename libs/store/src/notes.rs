//! `incident_notes`: what people write about incidents. Written by the orchestrator.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Most notes of one incident: enough for a long night, and few enough for one page.
pub const MAX_NOTES: i64 = 200;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct NoteRow {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub incident_id: Uuid,
    /// Who wrote it.
    pub author: String,
    /// What it says; empty once it is removed.
    pub text: String,
    /// When it was written (wall clock).
    pub written_at: DateTime<Utc>,
    /// When its author removed it (wall clock).
    pub removed_at: Option<DateTime<Utc>>,
}

/// Notes of an incident that are not removed, oldest first.
pub async fn list(conn: &mut PgConnection, incident_id: Uuid) -> Result<Vec<NoteRow>, StoreError> {
    sqlx::query_as(
        "select * from incident_notes where incident_id = $1 and removed_at is null order by written_at, id",
    )
    .bind(incident_id)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the notes of an incident"))
}

/// One note, removed or not.
pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Option<NoteRow>, StoreError> {
    sqlx::query_as("select * from incident_notes where id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read a note"))
}

/// Writes a note; `None` when the incident has [`MAX_NOTES`] already.
pub async fn add(
    conn: &mut PgConnection,
    id: Uuid,
    incident_id: Uuid,
    author: &str,
    text: &str,
) -> Result<Option<NoteRow>, StoreError> {
    sqlx::query_as(
        "insert into incident_notes (id, incident_id, author, text)
         select $1, $2, $3, $4
         where (select count(*) from incident_notes where incident_id = $2 and removed_at is null) < $5
         returning *",
    )
    .bind(id)
    .bind(incident_id)
    .bind(author)
    .bind(text)
    .bind(MAX_NOTES)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("write a note"))
}

/// Removes a note, and its text with it; `None` when it is not there, or not any more.
pub async fn remove(conn: &mut PgConnection, id: Uuid) -> Result<Option<NoteRow>, StoreError> {
    sqlx::query_as(
        "update incident_notes set text = '', removed_at = clock_timestamp()
         where id = $1 and removed_at is null returning *",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("remove a note"))
}
