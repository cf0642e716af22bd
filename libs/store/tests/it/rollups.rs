//! Roll-ups against a computation of our own from the same rows, to the last bit.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, FromRow};
use store::deleted::{self, Deleted};
use store::metrics::{Batch, Row};
use store::{Keep, StoreError};
use uuid::Uuid;

use crate::harness::{Database, seconds, start_of_time};

const HOUR: Duration = Duration::from_secs(3600);

/// A row as it was written, whose order is the order that sums are made in.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    time: DateTime<Utc>,
    tick: i64,
    value: f64,
}

/// Simulation, metric, service, node.
type Series = (String, String, String, String);

/// What was written, series by series.
#[derive(Default)]
struct Model(BTreeMap<Series, Vec<Written>>);

/// One row of a view. Doubles are compared by their bits.
#[derive(Debug, Clone, PartialEq, FromRow)]
struct Bucket {
    time: DateTime<Utc>,
    simulation_id: String,
    metric_name: String,
    service_id: String,
    node_id: String,
    avg_bits: i64,
    sum_bits: i64,
    min_bits: i64,
    max_bits: i64,
    p95_bits: i64,
    first_bits: i64,
    last_bits: i64,
    first_time: DateTime<Utc>,
    last_time: DateTime<Utc>,
    samples: i64,
}

impl Model {
    fn write(&mut self, batch: &mut Batch, row: &Row<'_>) {
        batch.push(row).unwrap();
        if row.value.is_finite() {
            let series =
                [row.simulation_id, row.metric, row.service_id, row.node_id].map(str::to_owned).into();
            let written = Written { time: row.time, tick: row.tick, value: row.value + 0.0 };
            self.0.entry(series).or_default().push(written);
        }
    }

    fn minutes(&self) -> Vec<Bucket> {
        let minutes = self.0.iter().flat_map(|(series, rows)| {
            bins(rows, 60, |row| row.time).into_iter().map(|(time, rows)| minute(series, time, rows))
        });
        in_order(minutes)
    }

    fn hours(&self) -> Vec<Bucket> {
        let mut by_series = BTreeMap::<Series, Vec<Bucket>>::new();
        for minute in self.minutes() {
            let Bucket { simulation_id, metric_name, service_id, node_id, .. } = minute.clone();
            by_series.entry((simulation_id, metric_name, service_id, node_id)).or_default().push(minute);
        }
        let hours = by_series.into_values().flat_map(|minutes| {
            bins(&minutes, 3600, |minute| minute.time).into_iter().map(|(time, minutes)| hour(time, &minutes))
        });
        in_order(hours)
    }
}

fn in_order(buckets: impl Iterator<Item = Bucket>) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = buckets.collect();
    buckets.sort_by(|a, b| {
        (&a.simulation_id, &a.metric_name, &a.service_id, &a.node_id, a.time).cmp(&(
            &b.simulation_id,
            &b.metric_name,
            &b.service_id,
            &b.node_id,
            b.time,
        ))
    });
    buckets
}

fn bins<T: Clone>(
    items: &[T],
    width_s: i64,
    time: impl Fn(&T) -> DateTime<Utc>,
) -> BTreeMap<DateTime<Utc>, Vec<T>> {
    let mut bins = BTreeMap::<_, Vec<T>>::new();
    for item in items {
        let second = time(item).timestamp();
        let start = DateTime::from_timestamp(second - second.rem_euclid(width_s), 0).unwrap();
        bins.entry(start).or_default().push(item.clone());
    }
    bins
}

fn minute(series: &Series, time: DateTime<Utc>, mut rows: Vec<Written>) -> Bucket {
    rows.sort_by(|a, b| (a.time, a.tick).cmp(&(b.time, b.tick)).then(a.value.total_cmp(&b.value)));
    let sum = rows.iter().skip(1).fold(rows[0].value, |sum, row| sum + row.value);
    let mut values: Vec<f64> = rows.iter().map(|row| row.value).collect();
    values.sort_by(f64::total_cmp);
    let place = 0.95 * (values.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (values[below], values[above]);
    let p95 = if below == above { low } else { low + (place - place.floor()) * (high - low) };
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    let bits = |value: f64| value.to_bits().cast_signed();
    let (simulation_id, metric_name, service_id, node_id) = series.clone();
    Bucket {
        time,
        simulation_id,
        metric_name,
        service_id,
        node_id,
        avg_bits: bits(sum / rows.len() as f64),
        sum_bits: bits(sum),
        min_bits: bits(values[0]),
        max_bits: bits(values[values.len() - 1]),
        p95_bits: bits(p95),
        first_bits: bits(first.value),
        last_bits: bits(last.value),
        first_time: first.time,
        last_time: last.time,
        samples: i64::try_from(rows.len()).unwrap(),
    }
}

fn hour(time: DateTime<Utc>, minutes: &[Bucket]) -> Bucket {
    let value = |bits: i64| f64::from_bits(bits.cast_unsigned());
    let sums = minutes.iter().map(|minute| value(minute.sum_bits));
    let sum = sums.reduce(|sum, minute| sum + minute).unwrap();
    let samples: i64 = minutes.iter().map(|minute| minute.samples).sum();
    let least = minutes.iter().map(|minute| value(minute.min_bits)).reduce(f64::min).unwrap();
    let most = minutes.iter().map(|minute| value(minute.max_bits)).reduce(f64::max).unwrap();
    let (first, last) = (&minutes[0], &minutes[minutes.len() - 1]);
    Bucket {
        time,
        avg_bits: (sum / samples as f64).to_bits().cast_signed(),
        sum_bits: sum.to_bits().cast_signed(),
        min_bits: least.to_bits().cast_signed(),
        max_bits: most.to_bits().cast_signed(),
        p95_bits: 0,
        last_bits: last.last_bits,
        last_time: last.last_time,
        samples,
        ..first.clone()
    }
}

/// What a view says; hours have no percentile.
async fn read(database: &Database, view: &str) -> Vec<Bucket> {
    let p95 = if view == "metrics_1m" { "p95_value" } else { "0::double precision" };
    let bits = |column: &str, name: &str| {
        format!("('x' || encode(float8send({column}), 'hex'))::bit(64)::bigint as {name}_bits")
    };
    let columns = [
        ("avg_value", "avg"),
        ("sum_value", "sum"),
        ("min_value", "min"),
        ("max_value", "max"),
        (p95, "p95"),
        ("first_value", "first"),
        ("last_value", "last"),
    ]
    .map(|(column, name)| bits(column, name));
    let query = format!(
        "select time, simulation_id, metric_name, service_id, node_id, {}, first_time, last_time, samples from {view}
         order by simulation_id, metric_name, service_id, node_id, time",
        columns.join(", ")
    );
    sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut database.sql().await).await.unwrap()
}

async fn assert_views_are_the_rows(database: &Database, model: &Model, when: &str) {
    for (view, expected) in [("metrics_1m", model.minutes()), ("metrics_1h", model.hours())] {
        let found = read(database, view).await;
        assert_eq!(found.len(), expected.len(), "{view} {when}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{view} {when}");
        }
    }
}

/// Numbers that add up differently in every order.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Of any sign and very different magnitudes, as single precision; sometimes not measured.
    fn value(&mut self) -> f64 {
        let mantissa = (self.roll() % 20_001) as f64 - 10_000.0;
        match self.roll() % 40 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            4 => 1e18,
            _ => f64::from((mantissa * [1e-6, 1e-3, 0.1, 1.0, 1e3, 1e6][(self.roll() % 6) as usize]) as f32),
        }
    }
}

/// A sample a second of two services and a node from one second to another, every seventh tenth of a minute missing.
fn write_span(model: &mut Model, dice: &mut Dice, simulation_id: &str, from_s: i64, to_s: i64) -> Batch {
    let mut batch = Batch::new();
    for second in (from_s..to_s).filter(|second| second / 6 % 7 != 3) {
        let row = Row {
            time: start_of_time() + seconds(second) + TimeDelta::milliseconds(50),
            tick: second * 20,
            node_id: "",
            service_id: "checkout",
            metric: "latency_p99",
            value: dice.value(),
            simulation_id,
        };
        model.write(&mut batch, &row);
        model.write(&mut batch, &Row { service_id: "cart", metric: "cpu_usage", value: dice.value(), ..row });
        let node =
            Row { service_id: "", node_id: "node-a1", metric: "cpu_usage", value: dice.value(), ..row };
        model.write(&mut batch, &node);
        // A second run that lives through the same instant.
        if second % 11 == 0 {
            model.write(&mut batch, &Row { value: dice.value(), ..row });
        }
    }
    batch
}

async fn roll_up(database: &Database) {
    while database.store.roll_up().await.unwrap().more {}
}

#[tokio::test]
async fn views_are_the_rows_to_the_last_bit_before_while_and_after_they_are_rolled_up() {
    let database = Database::start().await;
    println!("flavour: {}", database.store.flavour());
    let (mut model, mut dice) = (Model::default(), Dice(7));
    // Two simulations whose clocks are a week apart, in the middle of an hour.
    for (simulation_id, from_s) in [("default", 1_500), ("fast", 7 * 86_400 + 40)] {
        let batch = write_span(&mut model, &mut dice, simulation_id, from_s, from_s + 4_000);
        database.write(&batch).await;
    }
    assert_views_are_the_rows(&database, &model, "before the job ran").await;
    let rolled = database.store.roll_up().await.unwrap();
    assert!(rolled.minutes > 100 && rolled.hours == 2, "{rolled:?}");
    roll_up(&database).await;
    assert_eq!(database.count("rollup_1m_due").await, 2, "the newest minute of each is still written to");
    assert_eq!(database.count("rollup_1h_due").await, 2);
    assert_views_are_the_rows(&database, &model, "after the job ran").await;

    // Another shard's rows of minutes that are rolled up, and a simulation that starts again at an earlier time.
    let mut late = Batch::new();
    for second in 1_500..2_000 {
        let row = Row {
            time: start_of_time() + seconds(second),
            tick: second * 20,
            node_id: "",
            service_id: "checkout",
            metric: "latency_p99",
            value: dice.value(),
            simulation_id: "default",
        };
        model.write(&mut late, &row);
    }
    database.write(&late).await;
    database.write(&write_span(&mut model, &mut dice, "fast", 86_400, 86_700)).await;
    assert_views_are_the_rows(&database, &model, "with late rows").await;
    roll_up(&database).await;
    assert_eq!(database.count("rollup_1m_due").await, 2);
    assert_views_are_the_rows(&database, &model, "after late rows were rolled up").await;
}

#[tokio::test]
async fn a_job_that_is_killed_at_any_moment_leaves_no_gap_and_doubles_nothing() {
    let database = Database::start().await;
    let (mut model, mut dice) = (Model::default(), Dice(11));
    for round in 0..40_i64 {
        let batch = write_span(&mut model, &mut dice, "default", round * 100, round * 100 + 100);
        let late = write_span(
            &mut model,
            &mut dice,
            "default",
            (round - 2).max(0) * 90,
            (round - 2).max(0) * 90 + 5,
        );
        let job = tokio::spawn({
            let store = database.store.clone();
            async move { store.roll_up().await }
        });
        let rival = tokio::spawn({
            let store = database.store.clone();
            async move { store.roll_up().await }
        });
        database.write(&batch).await;
        tokio::time::sleep(Duration::from_micros(dice.roll() % 9_000)).await;
        job.abort();
        database.write(&late).await;
        rival.await.unwrap().unwrap();
        if round % 10 == 9 {
            assert_views_are_the_rows(&database, &model, &format!("in round {round}")).await;
        }
    }
    roll_up(&database).await;
    assert_eq!(database.count("rollup_1m_due").await, 1);
    assert_views_are_the_rows(&database, &model, "at the end").await;
}

#[tokio::test]
async fn roll_ups_outlive_the_rows_and_no_row_goes_before_it_is_rolled_up() {
    let database = Database::start().await;
    let (mut model, mut dice) = (Model::default(), Dice(13));
    for day in 0..4 {
        let from_s = day * 86_400;
        database.write(&write_span(&mut model, &mut dice, "default", from_s, from_s + 300)).await;
    }
    let keep = Keep { rows: 24 * HOUR, minutes: 49 * HOUR, hours: 90 * 24 * HOUR };
    let rows = database.count("metrics").await;
    database.store.enforce_retention(keep).await.unwrap();
    assert_eq!(database.count("metrics").await, rows, "nothing of it is rolled up");
    roll_up(&database).await;
    let forever = Keep { minutes: 90 * 24 * HOUR, ..keep };
    assert!(!database.store.enforce_retention(forever).await.unwrap().metrics.is_empty());
    assert!(database.count("metrics").await < rows);
    assert_views_are_the_rows(&database, &model, "when the rows have expired").await;

    let coverage = store::rollup::coverage(&mut database.store.acquire().await.unwrap(), "default").await;
    let coverage = coverage.unwrap().unwrap();
    assert!(coverage.rows_from > Some(start_of_time()), "{coverage:?}");
    assert_eq!(coverage.minutes_from, Some(start_of_time()));
    assert_eq!(coverage.due_from, Some(start_of_time() + seconds(3 * 86_400 + 240)));
    assert_eq!((coverage.minutes_due, coverage.hours_due), (0, 0), "what has ended is rolled up");
    assert_eq!(coverage.hours_due_from, Some(start_of_time() + seconds(3 * 86_400)));
    assert!(coverage.lag().is_zero() && coverage.hours_lag().is_zero());

    database.store.enforce_retention(keep).await.unwrap();
    let minutes = read(&database, "metrics_1m").await;
    let kept =
        model.minutes().into_iter().filter(|minute| minute.time >= start_of_time() + seconds(2 * 86_400));
    assert!(kept.clone().all(|minute| minutes.contains(&minute)), "nothing younger goes");
    assert!(minutes.len() < model.minutes().len(), "what is older goes");
    assert_eq!(read(&database, "metrics_1h").await, model.hours(), "the hours stay");
}

#[tokio::test]
async fn a_deleted_simulation_takes_its_roll_ups_along_and_leaves_those_of_its_successor() {
    let database = Database::start().await;
    let (mut model, mut dice) = (Model::default(), Dice(17));
    let mut gone = Model::default();
    // The successor begins in the minute, and the hour, in which the first one ended.
    database.write(&write_span(&mut gone, &mut dice, "game-day", 0, 4_000)).await;
    database.write(&write_span(&mut model, &mut dice, "game-day", 4_010, 4_200)).await;
    database.write(&write_span(&mut model, &mut dice, "default", 0, 400)).await;
    roll_up(&database).await;
    let deleted = Deleted {
        simulation_id: "game-day".into(),
        run_id: Uuid::from_u128(1),
        lived_until: start_of_time() + seconds(4_005),
    };
    let mut tx = database.store.begin().await.unwrap();
    deleted::note(&mut tx, &deleted).await.unwrap();
    tx.commit().await.unwrap();
    database.store.sweep_deleted().await.unwrap();
    assert_views_are_the_rows(&database, &model, "after the sweep").await;
    roll_up(&database).await;
    assert_views_are_the_rows(&database, &model, "and rolled up again").await;

    let all =
        Deleted { run_id: Uuid::from_u128(2), lived_until: start_of_time() + seconds(5_000), ..deleted };
    let mut tx = database.store.begin().await.unwrap();
    deleted::note(&mut tx, &all).await.unwrap();
    tx.commit().await.unwrap();
    database.store.sweep_deleted().await.unwrap();
    for table in ["rollup_1m", "rollup_1h", "rollup_1m_due", "rollup_1h_due"] {
        let left = database.count(&format!("{table} where simulation_id = 'game-day'")).await;
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn a_batch_that_is_rolled_back_marks_nothing() -> Result<(), StoreError> {
    let database = Database::start().await;
    let batch = write_span(&mut Model::default(), &mut Dice(19), "default", 0, 100);
    let mut tx = database.store.begin().await?;
    store::metrics::copy(&mut tx, &batch).await?;
    store::metrics::note(&mut tx, &batch).await?;
    tx.rollback().await?;
    assert_eq!(database.count("rollup_1m_due").await, 0);
    Ok(())
}

#[tokio::test]
async fn the_planner_knows_every_partition_that_is_rolled_up() -> Result<(), StoreError> {
    let database = Database::start().await;
    let batch = write_span(&mut Model::default(), &mut Dice(7), "default", 0, 200);
    let mut tx = database.store.begin().await?;
    store::metrics::copy(&mut tx, &batch).await?;
    store::metrics::note(&mut tx, &batch).await?;
    tx.commit().await?;
    let unknown = "(select from pg_inherits h join pg_class c on c.oid = h.inhrelid
                    where h.inhparent = 'metrics'::regclass and c.reltuples < 0 and pg_relation_size(c.oid) > 0) u";
    assert_eq!(database.count(unknown).await, 1);
    roll_up(&database).await;
    assert_eq!(database.count(unknown).await, 0);
    Ok(())
}
