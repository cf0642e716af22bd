//! `incidents` (written by signal-service) and `incident_acknowledgements` (written by the orchestrator).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::{Page, StoreError};

mod record;

pub use record::{EvidenceRecord, ImpactRecord, IncidentRecord, SuspectRecord};

/// An incident at its latest transition. Times are simulated.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct IncidentRow {
    /// Derived id.
    pub id: Uuid,
    /// Simulation it was seen in.
    pub simulation_id: String,
    /// Its run.
    pub run_id: Uuid,
    /// When it opened. Follows from the id.
    pub detected_at: DateTime<Utc>,
    /// Tick it opened at.
    pub tick_id: i64,
    /// 1 info, 2 warning, 3 high, 4 critical.
    pub severity: i32,
    /// One line.
    pub title: String,
    /// What was measured against what.
    pub description: String,
    /// Rule that opened it.
    pub rule_name: String,
    /// Rule family.
    pub family: String,
    /// 1 service, 2 node, 3 zone, 4 simulation.
    pub target_kind: i32,
    /// Who is suffering.
    pub target_id: String,
    /// Metric of the rule.
    pub metric: String,
    /// Value at the last transition, in the metric's unit.
    pub observed_value: f64,
    /// Threshold that was crossed.
    pub threshold: f64,
    /// Labels of the rule that opened it.
    #[sqlx(json)]
    pub labels: BTreeMap<String, String>,
    /// Last transition: 1 opened, 2 escalated, 3 resolved, 4 updated.
    pub transition: i32,
    /// Counts the transitions from 1.
    pub revision: i64,
    /// Tick of the last transition.
    pub updated_tick: i64,
    /// Time of the last transition.
    pub updated_at: DateTime<Utc>,
    /// Whether it is over.
    pub resolved: bool,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Why it ended, or empty.
    pub resolution: String,
    /// The incident that leads its group, when this is a symptom of another one.
    pub symptom_of: Option<Uuid>,
    /// Of a lead: what is known about the group, as signal-service writes it.
    #[sqlx(json)]
    pub record: IncidentRecord,
    /// The silence or maintenance window that says that nobody is to be called.
    pub silenced_by: Option<Uuid>,
    /// How far that goes: 1 silence, 2 maintenance.
    pub silence_kind: Option<i32>,
    /// Version of the silence when it took hold.
    pub silence_version: Option<i64>,
    /// Who is on it, or empty. Read from the acknowledgements; [`upsert_all`] does not write it.
    pub acknowledged_by: String,
    /// Since when (wall clock); likewise.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// Which incidents.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Only this simulation.
    pub simulation_id: Option<String>,
    /// Only open ones.
    pub open_only: bool,
    /// Only this severity or worse; 0 means all.
    pub min_severity: i32,
    /// Only the leads of groups.
    pub leads_only: bool,
    /// Only the symptoms of this incident.
    pub symptom_of: Option<Uuid>,
}

/// Who is on an incident.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Acknowledgement {
    /// Incident.
    pub incident_id: Uuid,
    /// Who said so first.
    pub acknowledged_by: String,
    /// When (wall clock).
    pub acknowledged_at: DateTime<Utc>,
}

/// The columns of [`IncidentRow`], once for all queries.
macro_rules! select_incidents {
    ($rest:literal) => {
        concat!(
            "select i.id, i.simulation_id, i.run_id, i.detected_at, i.tick_id, i.severity, i.title, i.description,
                    i.rule_name, i.family, i.target_kind, i.target_id, i.metric, i.observed_value, i.threshold,
                    i.labels, i.transition, i.revision, i.updated_tick, i.updated_at, i.resolved, i.resolved_at, i.resolution,
                    i.symptom_of, i.record, i.silenced_by, i.silence_kind, i.silence_version, coalesce(k.acknowledged_by, '') as acknowledged_by,
                    k.acknowledged_at
             from incidents i left join incident_acknowledgements k on k.incident_id = i.id ",
            $rest
        )
    };
}

/// Rows of one statement: PostgreSQL takes at most 65 535 parameters, and there are 28 columns.
const ROWS_A_STATEMENT: usize = 1_000;

/// Writes transitions in the order in which they happened, as many of one incident as there are. Says for each whether it is news: when
/// this revision or a newer one is there already, an old message changes nothing. A storm opens thousands at once: one after the
/// other they would keep the rows behind them waiting.
pub async fn upsert_all(conn: &mut PgConnection, rows: &[&IncidentRow]) -> Result<Vec<bool>, StoreError> {
    let mut news = Vec::with_capacity(rows.len());
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let known: Vec<(Uuid, i64)> = sqlx::query_as("select id, revision from incidents where id = any($1)")
            .bind(&ids)
            .fetch_all(&mut *conn)
            .await
            .map_err(StoreError::query("look up incidents"))?;
        let mut told: HashMap<Uuid, i64> = known.into_iter().collect();
        // A statement may touch a row once, and nothing but the newest state is kept.
        let mut newest: BTreeMap<Uuid, &IncidentRow> = BTreeMap::new();
        for &row in rows {
            let held = newest.entry(row.id).or_insert(row);
            if held.revision < row.revision {
                *held = row;
            }
        }
        let written = write(&mut *conn, newest.values().copied()).await?;
        for row in rows {
            let before = told.get(&row.id).copied().unwrap_or(0);
            let is_news = written.contains(&row.id) && before < row.revision;
            if is_news {
                told.insert(row.id, row.revision);
            }
            news.push(is_news);
        }
    }
    Ok(news)
}

/// The incidents that were written: those of which this revision or a newer one was not there.
async fn write(
    conn: &mut PgConnection,
    rows: impl Iterator<Item = &IncidentRow>,
) -> Result<HashSet<Uuid>, StoreError> {
    let mut insert = QueryBuilder::new(
        "insert into incidents as i
            (id, simulation_id, run_id, detected_at, tick_id, severity, title, description, rule_name, family,
             target_kind, target_id, metric, observed_value, threshold, transition, revision, updated_tick, updated_at,
             resolved, resolved_at, resolution, labels, symptom_of, record, silenced_by, silence_kind, silence_version) ",
    );
    insert.push_values(rows, |mut values, row| {
        values
            .push_bind(row.id)
            .push_bind(&row.simulation_id)
            .push_bind(row.run_id)
            .push_bind(row.detected_at)
            .push_bind(row.tick_id)
            .push_bind(row.severity)
            .push_bind(&row.title)
            .push_bind(&row.description)
            .push_bind(&row.rule_name)
            .push_bind(&row.family)
            .push_bind(row.target_kind)
            .push_bind(&row.target_id)
            .push_bind(&row.metric)
            .push_bind(row.observed_value)
            .push_bind(row.threshold)
            .push_bind(row.transition)
            .push_bind(row.revision)
            .push_bind(row.updated_tick)
            .push_bind(row.updated_at)
            .push_bind(row.resolved)
            .push_bind(row.resolved_at)
            .push_bind(&row.resolution)
            .push_bind(Json(&row.labels))
            .push_bind(row.symptom_of)
            .push_bind(Json(&row.record))
            .push_bind(row.silenced_by)
            .push_bind(row.silence_kind)
            .push_bind(row.silence_version);
    });
    insert.push(
        " on conflict (id, detected_at) do update
            set severity = excluded.severity, title = excluded.title, description = excluded.description,
                metric = excluded.metric, observed_value = excluded.observed_value, threshold = excluded.threshold,
                transition = excluded.transition, revision = excluded.revision,
                updated_tick = excluded.updated_tick, updated_at = excluded.updated_at,
                resolved = excluded.resolved, resolved_at = excluded.resolved_at, resolution = excluded.resolution,
                record = excluded.record, silenced_by = excluded.silenced_by, silence_kind = excluded.silence_kind,
                silence_version = excluded.silence_version, recorded_at = clock_timestamp()
            where i.revision < excluded.revision
            returning i.id",
    );
    let written: Vec<Uuid> = insert
        .build_query_scalar()
        // As many statements as there are numbers of rows: not worth remembering.
        .persistent(false)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("write incidents"))?;
    Ok(written.into_iter().collect())
}

/// One incident.
pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Option<IncidentRow>, StoreError> {
    sqlx::query_as(select_incidents!("where i.id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read an incident"))
}

/// Incidents, newest first.
pub async fn list(
    conn: &mut PgConnection,
    filter: &IncidentFilter,
    page: Page,
) -> Result<Vec<IncidentRow>, StoreError> {
    let (after_at, after_id) = page.bounds();
    sqlx::query_as(select_incidents!(
        "where ($1::text is null or i.simulation_id = $1)
           and (not $2 or not i.resolved)
           and i.severity >= $3
           and ($4::timestamptz is null or (i.detected_at, i.id) < ($4, $5))
           and (not $7 or i.symptom_of is null) and ($8::uuid is null or i.symptom_of = $8)
         order by i.detected_at desc, i.id desc limit $6"
    ))
    .bind(&filter.simulation_id)
    .bind(filter.open_only)
    .bind(filter.min_severity)
    .bind(after_at)
    .bind(after_id)
    .bind(page.rows())
    .bind(filter.leads_only)
    .bind(filter.symptom_of)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list incidents"))
}

/// What a detector has to remember of a run: every open incident, what opened or ended within `memory` before the simulation's
/// latest time, and the leads of both. In the order in which they opened, leads before their symptoms.
pub async fn remembered(
    conn: &mut PgConnection,
    simulation_id: &str,
    run_id: Uuid,
    memory: Duration,
) -> Result<Vec<IncidentRow>, StoreError> {
    sqlx::query_as(select_incidents!(
        "cross join (select coalesce((select latest_time - make_interval(secs => $3) from telemetry_clock where simulation_id = $1),
                                     timestamptz '-infinity') as since) c
         where i.simulation_id = $1 and i.run_id = $2
           and (not i.resolved or i.resolved_at >= c.since or i.detected_at >= c.since
                or exists (select from incidents s where s.symptom_of = i.id
                           and (not s.resolved or s.resolved_at >= c.since or s.detected_at >= c.since)))
         order by i.detected_at, i.symptom_of is not null, i.id"
    ))
    .bind(simulation_id)
    .bind(run_id)
    .bind(memory.as_secs_f64())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the incidents to go on with"))
}

/// Says that somebody is on an incident. The first one wins and is returned, whoever asks; `None` when there is no
/// such incident.
pub async fn acknowledge(
    conn: &mut PgConnection,
    incident_id: Uuid,
    operator: &str,
) -> Result<Option<Acknowledgement>, StoreError> {
    sqlx::query(
        "insert into incident_acknowledgements (incident_id, acknowledged_by)
         select $1, $2 where exists (select from incidents where id = $1)
         on conflict (incident_id) do nothing",
    )
    .bind(incident_id)
    .bind(operator)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("acknowledge an incident"))?;
    sqlx::query_as(
        "select incident_id, acknowledged_by, acknowledged_at from incident_acknowledgements where incident_id = $1",
    )
    .bind(incident_id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read an acknowledgement"))
}
