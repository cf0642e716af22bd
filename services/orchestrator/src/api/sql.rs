//! `ops.v1.SqlService`: questions of people to the database.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use connectrpc_axum::{Code, ConnectError, ConnectRequest, ConnectResponse};
use proto::ops::v1::sql_service_connect::SqlServiceBuilder;
use proto::ops::v1::{
    SqlColumn, SqlRelation, SqlRow, SqlServiceGetSchemaRequest, SqlServiceGetSchemaResponse,
    SqlServiceQueryRequest, SqlServiceQueryResponse, SqlValue,
};
use store::ask::{Answer, AskError, Column, Question, Relation};

use crate::app::App;
use crate::error;

/// Longest statement, bytes.
const MAX_STATEMENT: usize = 64 * 1024;
/// Rows when the caller does not say, and at most.
const ROWS: u32 = 1_000;
const MAX_ROWS: u32 = 10_000;
/// Most bytes of values in an answer.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How long a statement may take. Shorter than a request's limit, so that the caller learns what took so long.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The service's routes.
pub(crate) fn router(app: App) -> Router {
    SqlServiceBuilder::<App>::new().query(query).get_schema(get_schema).with_state(app).build()
}

async fn query(
    State(app): State<App>,
    ConnectRequest(request): ConnectRequest<SqlServiceQueryRequest>,
) -> Result<ConnectResponse<SqlServiceQueryResponse>, ConnectError> {
    let SqlServiceQueryRequest { statement, max_rows } = request;
    let statement = statement.trim();
    if statement.is_empty() {
        return Err(error::invalid(
            "What is the question? Pass `statement`, for example `select * from open_incidents`.",
        ));
    }
    if statement.len() > MAX_STATEMENT {
        return Err(error::invalid(format!(
            "The statement has {} bytes; at most {MAX_STATEMENT} are read.",
            statement.len()
        )));
    }
    if max_rows > MAX_ROWS {
        return Err(error::invalid(format!(
            "`max_rows` is {max_rows}; at most {MAX_ROWS} rows come in one answer. `limit` and `offset` give the others."
        )));
    }
    let _permit = app.questions.try_acquire().map_err(|_| {
        ConnectError::new(
            Code::ResourceExhausted,
            "As many questions as I take at a time are being answered. Try again in a moment.",
        )
    })?;
    let max_rows = if max_rows == 0 { ROWS } else { max_rows };
    let question =
        Question { statement, max_rows: max_rows as usize, max_bytes: MAX_BYTES, timeout: TIMEOUT };
    let answer = app.store.ask(&question).await.map_err(|error| refused(&error))?;
    Ok(ConnectResponse(response(answer)))
}

async fn get_schema(
    State(app): State<App>,
    ConnectRequest(SqlServiceGetSchemaRequest {}): ConnectRequest<SqlServiceGetSchemaRequest>,
) -> Result<ConnectResponse<SqlServiceGetSchemaResponse>, ConnectError> {
    let relations = app.store.relations().await;
    let relations = relations.map_err(|error| error::database("list what can be asked about", &error))?;
    Ok(ConnectResponse(SqlServiceGetSchemaResponse {
        relations: relations.into_iter().map(relation).collect(),
    }))
}

fn refused(error: &AskError) -> ConnectError {
    match error {
        AskError::Login { login, .. } => {
            tracing::warn!(error = error as &dyn std::error::Error, "a question in SQL could not be asked");
            error::unavailable(format!(
                "The database does not let the login {login:?} in, which may only read. It is made when the services start, if the user of \
                 DB_USER may create roles: docs/storage.md, \"The role microcloud_reader\"."
            ))
        }
        AskError::Forbidden(complaint) => ConnectError::new(
            Code::PermissionDenied,
            format!("Questions may only read, and only what is listed beside: {complaint}."),
        ),
        AskError::TooSlow(after) => ConnectError::new(
            Code::DeadlineExceeded,
            format!(
                "PostgreSQL did not answer this within {} s. Ask about less time, fewer series, or a roll-up: metrics_1m, metrics_1h.",
                after.as_secs()
            ),
        ),
        AskError::Wrong(complaint) => error::invalid(format!("PostgreSQL says: {complaint}.")),
        AskError::Broken(_) => error::database("ask this", error),
    }
}

fn response(answer: Answer) -> SqlServiceQueryResponse {
    let Answer { columns, rows, truncated, elapsed } = answer;
    let row = |values: Vec<Option<String>>| SqlRow {
        values: values.into_iter().map(|text| SqlValue { text }).collect(),
    };
    SqlServiceQueryResponse {
        columns: columns.into_iter().map(column).collect(),
        rows: rows.into_iter().map(row).collect(),
        truncated,
        elapsed_ms: elapsed.as_secs_f64() * 1_000.0,
    }
}

fn relation(relation: Relation) -> SqlRelation {
    let Relation { name, view, columns } = relation;
    SqlRelation { name, view, columns: columns.into_iter().map(column).collect() }
}

fn column(column: Column) -> SqlColumn {
    SqlColumn { name: column.name, r#type: column.kind }
}
