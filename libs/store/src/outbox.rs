//! `outbox`: messages that are published after their transaction has committed.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, QueryBuilder};

use crate::StoreError;

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Message id, by which the stream and every consumer know it again.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// Full name of the message type.
    pub message_type: String,
    /// Simulation it is about.
    pub simulation_id: String,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
    /// Encoded message.
    pub payload: Vec<u8>,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Unsent {
    /// Place in the outbox.
    pub position: i64,
    /// Message id.
    pub message_id: String,
    /// Subject.
    pub subject: String,
    /// Full name of the message type.
    pub message_type: String,
    /// Simulation it is about.
    pub simulation_id: String,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
    /// Encoded message.
    pub payload: Vec<u8>,
}

/// What has been published on subjects of one stream.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Sent {
    /// How many messages, as far back as the outbox remembers.
    pub messages: i64,
    /// Highest place that the stream gave one of them.
    pub last_stream_sequence: Option<i64>,
    /// When the last one was acknowledged (wall clock).
    pub last_sent_at: Option<DateTime<Utc>>,
}

/// Messages of one statement: PostgreSQL takes at most 65 535 parameters, and there are 7 columns.
const MESSAGES_A_STATEMENT: usize = 1_000;

/// Puts a message in the outbox. `false` when this producer has put one with the same id there before.
pub async fn enqueue(
    conn: &mut PgConnection,
    producer: &str,
    message: &OutboxMessage,
) -> Result<bool, StoreError> {
    Ok(enqueue_all(conn, producer, &[message]).await? == 1)
}

/// Puts messages in the outbox, in this order, and says how many of them this producer had not put there before.
pub async fn enqueue_all(
    conn: &mut PgConnection,
    producer: &str,
    messages: &[&OutboxMessage],
) -> Result<u64, StoreError> {
    let mut put = 0;
    for messages in messages.chunks(MESSAGES_A_STATEMENT) {
        let mut insert = QueryBuilder::new(
            "insert into outbox (producer, message_id, subject, message_type, simulation_id, traceparent, payload) ",
        );
        insert.push_values(messages, |mut values, message| {
            values
                .push_bind(producer)
                .push_bind(&message.id)
                .push_bind(&message.subject)
                .push_bind(&message.message_type)
                .push_bind(&message.simulation_id)
                .push_bind(message.traceparent.as_deref())
                .push_bind(&message.payload);
        });
        insert.push(" on conflict (producer, message_id) do nothing");
        let insert = insert.build().persistent(messages.len() == 1).execute(&mut *conn).await;
        put += insert.map_err(StoreError::query("put messages in the outbox"))?.rows_affected();
    }
    Ok(put)
}

/// Takes back a message that was not sent; `false` when it was, or is not there. Waits while a relay is sending it.
pub async fn withdraw(conn: &mut PgConnection, producer: &str, message_id: &str) -> Result<bool, StoreError> {
    let gone = sqlx::query("delete from outbox where producer = $1 and message_id = $2 and sent_at is null")
        .bind(producer)
        .bind(message_id)
        .execute(conn)
        .await
        .map_err(StoreError::query("take a message back"))?;
    Ok(gone.rows_affected() == 1)
}

/// Takes the producer's oldest unsent messages, in order, until the transaction ends. Empty when another relay of the
/// same producer is at work: two at a time would overtake each other.
pub async fn claim(conn: &mut PgConnection, producer: &str, limit: u32) -> Result<Vec<Unsent>, StoreError> {
    let alone: bool =
        sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended('outbox/' || $1, 0))")
            .bind(producer)
            .fetch_one(&mut *conn)
            .await
            .map_err(StoreError::query("take the relay's place"))?;
    if !alone {
        return Ok(Vec::new());
    }
    sqlx::query_as(
        "select position, message_id, subject, message_type, simulation_id, traceparent, payload
         from outbox where producer = $1 and sent_at is null
         order by position limit $2 for update skip locked",
    )
    .bind(producer)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("claim messages of the outbox"))
}

/// Notes which claimed messages the stream has acknowledged: position and stream sequence of each.
pub async fn mark_sent(conn: &mut PgConnection, acknowledged: &[(i64, u64)]) -> Result<(), StoreError> {
    let (positions, sequences): (Vec<i64>, Vec<i64>) = acknowledged
        .iter()
        .map(|(position, sequence)| (*position, i64::try_from(*sequence).unwrap_or(i64::MAX)))
        .unzip();
    sqlx::query(
        "update outbox o set sent_at = clock_timestamp(), stream_sequence = a.sequence
         from unnest($1::bigint[], $2::bigint[]) as a (position, sequence) where o.position = a.position",
    )
    .bind(positions)
    .bind(sequences)
    .execute(conn)
    .await
    .map_err(StoreError::query("mark messages as sent"))?;
    Ok(())
}

/// How many messages of the producer wait.
pub async fn backlog(conn: &mut PgConnection, producer: &str) -> Result<i64, StoreError> {
    sqlx::query_scalar("select count(*) from outbox where producer = $1 and sent_at is null")
        .bind(producer)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("count the outbox"))
}

/// What was published on a subject since the given wall-clock time.
pub async fn sent_since(
    conn: &mut PgConnection,
    subject: &str,
    since: DateTime<Utc>,
) -> Result<Sent, StoreError> {
    sqlx::query_as(
        "select count(*) as messages, max(stream_sequence) as last_stream_sequence, max(sent_at) as last_sent_at
         from outbox where sent_at > $2 and subject = $1",
    )
    .bind(subject)
    .bind(since)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count what was sent"))
}
