//! One statement of somebody's own, asked over a connection of its own, as a login that may only read.
//!
//! What protects is what the login was granted; the transaction is read-only besides, and the server ends what takes too long. As nothing
//! is left of the connection afterwards, no setting and no lock of a statement outlives it.

use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgErrorPosition, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use uuid::Uuid;

use crate::{Store, StoreError};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A statement, and how much of an answer is wanted.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// One statement.
    pub statement: &'a str,
    /// Most rows.
    pub max_rows: usize,
    /// Most bytes of values.
    pub max_bytes: usize,
    /// Time after which the server ends it.
    pub timeout: Duration,
}

/// A column of an answer or a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// PostgreSQL's name of the type.
    pub kind: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows of values as PostgreSQL writes them; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there was more.
    pub truncated: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// A table or view that can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Name.
    pub name: String,
    /// Whether it is a view.
    pub view: bool,
    /// Columns, in order.
    pub columns: Vec<Column>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The login cannot be used.
    #[error("no connection as {login}")]
    Login {
        /// Its name.
        login: String,
        /// What the server or the connection said.
        #[source]
        source: sqlx::Error,
    },
    /// The statement reads what it may not, or would change something.
    #[error("{0}")]
    Forbidden(Complaint),
    /// It took too long.
    #[error("the statement was ended after {0:?}")]
    TooSlow(Duration),
    /// Anything else that PostgreSQL has to say about it.
    #[error("{0}")]
    Wrong(Complaint),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] sqlx::Error),
}

/// PostgreSQL's complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to do, or empty.
    pub hint: String,
    /// Where in the statement, in characters from 1.
    pub position: Option<usize>,
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(position) = self.position {
            write!(f, " at character {position}")?;
        }
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// The login for questions, and how to be it.
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: String,
    options: PgConnectOptions,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Login {
    /// A login of the database's own. Its password follows from the owner's, so that every service knows it and none has to be told.
    pub(crate) fn new(owner: PgConnectOptions, database: &str, owner_password: &str) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(format!("microcloud asks {database} {owner_password}"));
        let password = Uuid::from_bytes(std::array::from_fn(|at| digest[at])).simple().to_string();
        let name: String = database.chars().take(32).chain("_asks".chars()).collect();
        let options = owner.username(&name).password(&password).application_name("microcloud sql");
        Self { name, password, options }
    }
}

impl Store {
    /// Asks one statement.
    ///
    /// # Errors
    /// When the login cannot be used, or what PostgreSQL says against the statement.
    pub async fn ask(&self, question: &Question<'_>) -> Result<Answer, AskError> {
        let login = self.login();
        let refused = |source| AskError::Login { login: login.name.clone(), source };
        let connecting = PgConnection::connect_with(&login.options);
        let mut conn = tokio::time::timeout(CONNECT, connecting)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(refused)?;
        let begin =
            format!("set statement_timeout = {}; begin transaction read only", question.timeout.as_millis());
        conn.execute(AssertSqlSafe(begin)).await.map_err(AskError::Broken)?;
        let answer = run(&mut conn, question).await.map_err(|error| complaint(error, question.timeout));
        // An answer that was cut short is still on its way: such a connection is dropped rather than closed politely.
        if answer.as_ref().is_ok_and(|answer| !answer.truncated) {
            conn.close().await.ok();
        }
        answer
    }

    /// What [`Store::ask`] may read: views first, then tables, by name.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn relations(&self) -> Result<Vec<Relation>, StoreError> {
        let rows: Vec<(String, bool, String, String)> = sqlx::query_as(
            "select c.relname::text, c.relkind in ('v', 'm'), a.attname::text, format_type(a.atttypid, null)
             from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
               and has_table_privilege(to_regrole('microcloud_reader'), c.oid, 'select')
             order by 2 desc, 1, a.attnum",
        )
        .fetch_all(&mut *self.acquire().await?)
        .await
        .map_err(StoreError::query("list what can be asked about"))?;
        let mut relations: Vec<Relation> = Vec::new();
        for (relation, view, name, kind) in rows {
            if relations.last().is_none_or(|last| last.name != relation) {
                relations.push(Relation { name: relation, view, columns: Vec::new() });
            }
            if let Some(last) = relations.last_mut() {
                last.columns.push(Column { name, kind });
            }
        }
        Ok(relations)
    }
}

async fn run(conn: &mut PgConnection, question: &Question<'_>) -> Result<Answer, sqlx::Error> {
    let started = Instant::now();
    // Preparing takes one statement only; running it without gives every value as text.
    let prepared = conn.prepare(AssertSqlSafe(question.statement).into_sql_str()).await?;
    let columns = prepared
        .columns()
        .iter()
        .map(|column| Column {
            name: column.name().to_owned(),
            kind: column.type_info().name().to_lowercase(),
        })
        .collect();
    let mut answer = Answer { columns, rows: Vec::new(), truncated: false, elapsed: Duration::ZERO };
    let mut bytes = 0;
    {
        let mut rows = sqlx::raw_sql(AssertSqlSafe(question.statement)).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            let values = texts(&row)?;
            bytes += values.iter().flatten().map(String::len).sum::<usize>();
            if answer.rows.len() == question.max_rows || bytes > question.max_bytes {
                answer.truncated = true;
                break;
            }
            answer.rows.push(values);
        }
    }
    answer.elapsed = started.elapsed();
    Ok(answer)
}

fn texts(row: &PgRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len())
        .map(|at| {
            let value = row.try_get_raw(at)?;
            if value.is_null() {
                return Ok(None);
            }
            value.as_str().map(|text| Some(text.to_owned())).map_err(sqlx::Error::Decode)
        })
        .collect()
}

fn complaint(error: sqlx::Error, timeout: Duration) -> AskError {
    let sqlx::Error::Database(refusal) = &error else { return AskError::Broken(error) };
    let postgres = refusal.try_downcast_ref::<PgDatabaseError>();
    let complaint = Complaint {
        message: refusal.message().to_owned(),
        hint: postgres.and_then(PgDatabaseError::hint).unwrap_or_default().to_owned(),
        position: postgres.and_then(PgDatabaseError::position).and_then(|position| match position {
            PgErrorPosition::Original(at) => Some(at),
            PgErrorPosition::Internal { .. } => None,
        }),
    };
    match refusal.code().as_deref() {
        Some("57014") => AskError::TooSlow(timeout),
        // Not granted; not in a read-only transaction.
        Some("42501" | "25006") => AskError::Forbidden(complaint),
        // The server ends what stands in its way when it stops.
        Some("57P01" | "57P02" | "57P03") => AskError::Broken(error),
        _ => AskError::Wrong(complaint),
    }
}
