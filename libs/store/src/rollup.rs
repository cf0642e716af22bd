//! Roll-ups of metrics by minute and by hour (migration 0010 says what keeps them right), and the job that makes them.
//!
//! The job works beside the ingest: it reads what is committed, and whoever writes to a minute while it is being rolled up
//! leaves a mark that makes it due again. Being killed at any moment costs the job's own work only.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{Store, StoreError};

/// Minutes in one transaction. A minute of 100 services is 100 000 rows; a million is about two seconds' work.
const MINUTES_A_PIECE: i64 = 10;
/// Hours in one transaction; an hour is as many rows as a minute, for it is made of minutes.
const HOURS_A_PIECE: i64 = 10;
/// Pieces of one simulation before the next one has its turn.
const PIECES_A_TURN: usize = 12;
/// Key of the advisory lock under which buckets are rolled up, and the roll-ups of a deleted simulation dropped.
const LOCK: i64 = 0x6d63_5f72_6f6c;

/// What a turn of the job did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rolled {
    /// Minutes of simulations that were rolled up.
    pub minutes: u64,
    /// Hours of simulations that were rolled up.
    pub hours: u64,
    /// Whether more is due; the next turn should follow at once.
    pub more: bool,
}

/// How far the roll-ups of a simulation have come. All times are simulated.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Coverage {
    /// Newest row of metrics.
    pub latest_time: DateTime<Utc>,
    /// Rows before this have expired; `None` while none has.
    pub rows_from: Option<DateTime<Utc>>,
    /// Oldest minute that is kept; `None` before the first row.
    pub minutes_from: Option<DateTime<Utc>>,
    /// Oldest hour that is kept; `None` before the first row.
    pub hours_from: Option<DateTime<Utc>>,
    /// From here on to the newest minute, views read rows of metrics in place of roll-ups; `None` when there is no such minute.
    pub due_from: Option<DateTime<Utc>>,
    /// The same of hours, which are read from minutes.
    pub hours_due_from: Option<DateTime<Utc>>,
    /// Minutes that have ended and are due.
    pub minutes_due: i64,
    /// Hours that have ended and are due.
    pub hours_due: i64,
}

impl Coverage {
    /// Simulated time between the end of what is rolled up without a gap and the newest minute, which is still written to.
    pub fn lag(&self) -> TimeDelta {
        self.behind(self.due_from, 60_000_000)
    }

    /// The same of hours.
    pub fn hours_lag(&self) -> TimeDelta {
        self.behind(self.hours_due_from, 3_600_000_000)
    }

    fn behind(&self, due_from: Option<DateTime<Utc>>, width_us: i64) -> TimeDelta {
        let into_bucket = TimeDelta::microseconds(self.latest_time.timestamp_micros().rem_euclid(width_us));
        let newest = self.latest_time - into_bucket;
        due_from.map_or(TimeDelta::zero(), |due_from| (newest - due_from).max(TimeDelta::zero()))
    }
}

/// Notes in the transaction that writes rows that their minutes, and the hours of these, are due to be rolled up.
pub(crate) async fn mark_due(
    conn: &mut PgConnection,
    (simulations, minutes): &(Vec<&str>, Vec<DateTime<Utc>>),
) -> Result<(), StoreError> {
    sqlx::query(
        "with written as (select * from unnest($1::text[], $2::timestamptz[]) as w (simulation_id, minute)),
              minutes as (
                insert into rollup_1m_due as d (simulation_id, time) select simulation_id, minute from written order by 1, 2
                on conflict (simulation_id, time) do update set mark = d.mark + 1)
         insert into rollup_1h_due as d (simulation_id, time)
         select distinct simulation_id, rollup_hour(minute) from written order by 1, 2
         on conflict (simulation_id, time) do update set mark = d.mark + 1",
    )
    .bind(simulations)
    .bind(minutes)
    .execute(conn)
    .await
    .map_err(StoreError::query("mark the minutes of a batch as due"))?;
    Ok(())
}

/// How far a simulation's telemetry and its roll-ups reach; `None` before the first row.
pub async fn coverage(conn: &mut PgConnection, simulation_id: &str) -> Result<Option<Coverage>, StoreError> {
    sqlx::query_as(
        "select c.latest_time, c.rows_from,
                least((select min(time) from rollup_1m r where r.simulation_id = c.simulation_id), due.time) as minutes_from,
                least((select min(time) from rollup_1h r where r.simulation_id = c.simulation_id), rollup_hour(due.time))
                    as hours_from,
                due.time as due_from, due.ended as minutes_due, hour.time as hours_due_from, hour.ended as hours_due
         from telemetry_clock c
         cross join lateral (select min(d.time) as time, count(*) filter (where d.time < rollup_minute(c.latest_time)) as ended
                             from rollup_1m_due d where d.simulation_id = c.simulation_id) due
         cross join lateral (select min(d.time) as time, count(*) filter (where d.time < rollup_hour(c.latest_time)) as ended
                             from rollup_1h_due d where d.simulation_id = c.simulation_id) hour
         where c.simulation_id = $1",
    )
    .bind(simulation_id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read how far the roll-ups have come"))
}

/// Drops the roll-ups of a deleted simulation, in a transaction after the ones that dropped its rows. The last minute and hour
/// may hold rows of another simulation that has the id by now: they are due to be made anew.
pub(crate) async fn drop_deleted(
    conn: &mut PgConnection,
    simulation_id: &str,
    lived_until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    // Nothing is being rolled up from rows that are gone.
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *conn).await?;
    for statement in [
        "delete from rollup_1m where simulation_id = $1 and time <= $2",
        "delete from rollup_1h where simulation_id = $1 and time <= $2",
        "delete from rollup_1m_due where simulation_id = $1 and time < rollup_minute($2)",
        "delete from rollup_1h_due where simulation_id = $1 and time < rollup_hour($2)",
        "insert into rollup_1m_due as d (simulation_id, time) values ($1, rollup_minute($2))
         on conflict (simulation_id, time) do update set mark = d.mark + 1",
        "insert into rollup_1h_due as d (simulation_id, time) values ($1, rollup_hour($2))
         on conflict (simulation_id, time) do update set mark = d.mark + 1",
        // Without another simulation nobody would take these marks away.
        "delete from rollup_1m_due d where simulation_id = $1 and time <= $2
            and not exists (select from telemetry_clock c where c.simulation_id = d.simulation_id)",
        "delete from rollup_1h_due d where simulation_id = $1 and time <= $2
            and not exists (select from telemetry_clock c where c.simulation_id = d.simulation_id)",
    ] {
        sqlx::query(statement).bind(simulation_id).bind(lived_until).execute(&mut *conn).await?;
    }
    Ok(())
}

impl Store {
    /// Rolls up the minutes and hours that have ended, some pieces of every simulation. To be called every few seconds of
    /// wall time; of several processes one works at a time.
    pub async fn roll_up(&self) -> Result<Rolled, StoreError> {
        let mut conn = self.acquire().await?;
        summarise(&mut conn).await;
        analyse(&mut conn).await;
        let simulations: Vec<String> = sqlx::query_scalar(
            "select simulation_id from telemetry_clock c
             where exists (select from rollup_1m_due d where d.simulation_id = c.simulation_id
                           and d.time < rollup_minute(c.latest_time))
                or exists (select from rollup_1h_due d where d.simulation_id = c.simulation_id
                           and d.time < rollup_hour(c.latest_time))
             order by simulation_id",
        )
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::query("look for what is due to be rolled up"))?;
        drop(conn);
        let mut rolled = Rolled::default();
        for simulation_id in simulations {
            rolled.minutes += self.pieces(&Width::MINUTE, &simulation_id, &mut rolled.more).await?;
            rolled.hours += self.pieces(&Width::HOUR, &simulation_id, &mut rolled.more).await?;
        }
        Ok(rolled)
    }

    /// Piece after piece of one simulation; `more` when the turn ends before the work does.
    async fn pieces(&self, width: &Width, simulation_id: &str, more: &mut bool) -> Result<u64, StoreError> {
        let mut buckets = 0;
        for _ in 0..PIECES_A_TURN {
            let done = self.piece(width, simulation_id).await?;
            buckets += done;
            if done < width.buckets_a_piece.unsigned_abs() {
                return Ok(buckets);
            }
        }
        *more = true;
        Ok(buckets)
    }

    /// One transaction: reads the marks, makes the roll-ups from what is committed, and takes those marks away that nobody
    /// has changed since. Returns for how many buckets; none while another process is at it.
    async fn piece(&self, width: &Width, simulation_id: &str) -> Result<u64, StoreError> {
        let failed = StoreError::query(width.operation);
        let mut tx = self.begin().await?;
        let working = async {
            let ours: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
                .bind(LOCK)
                .fetch_one(&mut *tx)
                .await?;
            if !ours {
                return Ok(0);
            }
            let due: Vec<(DateTime<Utc>, i64)> = sqlx::query_as(width.due)
                .bind(simulation_id)
                .bind(width.buckets_a_piece)
                .fetch_all(&mut *tx)
                .await?;
            let (Some((first, _)), Some((last, _))) = (due.first(), due.last()) else { return Ok(0) };
            // A piece is sorted in memory, once.
            sqlx::query("set local work_mem = '64MB'").execute(&mut *tx).await?;
            sqlx::query(width.make).bind(simulation_id).bind(first).bind(last).execute(&mut *tx).await?;
            let (times, marks): (Vec<DateTime<Utc>>, Vec<i64>) = due.iter().copied().unzip();
            sqlx::query(width.done).bind(simulation_id).bind(times).bind(marks).execute(&mut *tx).await?;
            Ok(due.len() as u64)
        };
        let buckets = working.await.map_err(failed)?;
        tx.commit().await?;
        Ok(buckets)
    }
}

/// A width of roll-ups: its statements.
struct Width {
    operation: &'static str,
    buckets_a_piece: i64,
    /// The oldest buckets of a simulation ($1) that have ended and are due, at most $2, with their marks.
    due: &'static str,
    /// Makes the due buckets from $2 to $3 of a simulation ($1).
    make: &'static str,
    /// Takes marks ($3) of buckets ($2) of a simulation ($1) away.
    done: &'static str,
}

impl Width {
    const MINUTE: Self = Self {
        operation: "roll up minutes",
        buckets_a_piece: MINUTES_A_PIECE,
        due: "select d.time, d.mark from rollup_1m_due d join telemetry_clock c using (simulation_id)
              where d.simulation_id = $1 and d.time < rollup_minute(c.latest_time) order by d.time limit $2",
        make: "insert into rollup_1m (time, simulation_id, service_id, node_id, metric_name, sum_value, min_value, max_value,
                                      p95_value, first_value, last_value, first_time, last_time, samples)
               select time, simulation_id, service_id, node_id, metric_name, sum_value, min_value, max_value,
                      p95_value, first_value, last_value, first_time, last_time, samples
               from rollup_1m_fresh where simulation_id = $1 and time between $2 and $3
               on conflict (simulation_id, metric_name, service_id, node_id, time) do update
                  set sum_value = excluded.sum_value, min_value = excluded.min_value, max_value = excluded.max_value,
                      p95_value = excluded.p95_value, first_value = excluded.first_value,
                      last_value = excluded.last_value, first_time = excluded.first_time,
                      last_time = excluded.last_time, samples = excluded.samples",
        done: "delete from rollup_1m_due d using unnest($2::timestamptz[], $3::bigint[]) as done (time, mark)
               where d.simulation_id = $1 and d.time = done.time and d.mark = done.mark",
    };
    const HOUR: Self = Self {
        operation: "roll up hours",
        buckets_a_piece: HOURS_A_PIECE,
        // An hour is made when its minutes are.
        due: "select d.time, d.mark from rollup_1h_due d join telemetry_clock c using (simulation_id)
              where d.simulation_id = $1 and d.time < rollup_hour(c.latest_time)
                and not exists (select from rollup_1m_due m where m.simulation_id = d.simulation_id
                                and m.time >= d.time and m.time < d.time + interval '1 hour')
              order by d.time limit $2",
        make: "insert into rollup_1h (time, simulation_id, service_id, node_id, metric_name, sum_value, min_value, max_value,
                                      first_value, last_value, first_time, last_time, samples)
               select time, simulation_id, service_id, node_id, metric_name, sum_value, min_value, max_value,
                      first_value, last_value, first_time, last_time, samples
               from rollup_1h_fresh where simulation_id = $1 and time between $2 and $3
               on conflict (simulation_id, metric_name, service_id, node_id, time) do update
                  set sum_value = excluded.sum_value, min_value = excluded.min_value, max_value = excluded.max_value,
                      first_value = excluded.first_value, last_value = excluded.last_value,
                      first_time = excluded.first_time, last_time = excluded.last_time, samples = excluded.samples",
        done: "delete from rollup_1h_due d using unnest($2::timestamptz[], $3::bigint[]) as done (time, mark)
               where d.simulation_id = $1 and d.time = done.time and d.mark = done.mark",
    };
}

/// Brings the summaries of the block range index on time up to date: pages that have none are read whole by whoever asks for
/// a time. When somebody is in the way, the next turn does it.
async fn summarise(conn: &mut PgConnection) {
    let summarised = sqlx::query(
        "select brin_summarize_new_values(i.oid)
         from pg_inherits h
         join pg_index x on x.indrelid = h.inhrelid
         join pg_class i on i.oid = x.indexrelid
         join pg_am a on a.oid = i.relam and a.amname = 'brin'
         where h.inhparent = 'metrics'::regclass",
    )
    .execute(conn)
    .await;
    if let Err(error) = summarised {
        tracing::debug!(%error, "the index on the time of metrics is summarised later");
    }
}

/// Gives the planner statistics of partitions that have none yet. Without them it takes a simulation to be a few rows, and reads its whole
/// series index to find a minute, until the server's own job comes by.
async fn analyse(conn: &mut PgConnection) {
    let never: Result<Vec<String>, _> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname)
         from pg_inherits h
         join pg_class c on c.oid = h.inhrelid
         join pg_namespace n on n.oid = c.relnamespace
         where h.inhparent = 'metrics'::regclass and c.reltuples < 0 and pg_relation_size(c.oid) > 0",
    )
    .fetch_all(&mut *conn)
    .await;
    let analysed = async {
        for partition in never? {
            sqlx::query(sqlx::AssertSqlSafe(format!("analyze {partition}"))).execute(&mut *conn).await?;
        }
        Ok::<(), sqlx::Error>(())
    };
    if let Err(error) = analysed.await {
        tracing::debug!(%error, "partitions of metrics are analysed later");
    }
}
