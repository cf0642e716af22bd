use std::time::Duration;

use proptest::prelude::*;
use sqlx::{Connection as _, Executor as _, Row as _};
use store::Flavour;
use store::metrics::{Aggregate, Batch, Row, Selection, SeriesQuery, Source};
use store::progress::{self, Progress};
use uuid::Uuid;

use crate::harness::{Database, sample, seconds, start_of_time};

#[tokio::test]
async fn what_is_written_is_what_is_read() {
    let database = Database::start().await;
    let at = start_of_time() + chrono::TimeDelta::microseconds(50_001);
    let mut batch = Batch::new();
    batch
        .push(&Row {
            time: at,
            tick: i64::MAX,
            node_id: "node-ä",
            service_id: "",
            metric: "cpu_usage",
            value: -0.1,
            simulation_id: "default",
        })
        .unwrap();
    batch.push(&sample("checkout", "error_rate", at, f64::NAN)).unwrap();
    assert_eq!(database.write(&batch).await, 1);
    let row = database.sql().await.fetch_one("select * from metrics").await.unwrap();
    assert_eq!(row.get::<chrono::DateTime<chrono::Utc>, _>("time"), at);
    assert_eq!(row.get::<i64, _>("tick_id"), i64::MAX);
    assert_eq!(row.get::<String, _>("node_id"), "node-ä");
    assert_eq!(row.get::<String, _>("service_id"), "");
    assert_eq!(row.get::<String, _>("metric_name"), "cpu_usage");
    assert_eq!(row.get::<f64, _>("metric_value").to_bits(), (-0.1_f64).to_bits());
    assert_eq!(row.get::<String, _>("simulation_id"), "default");
    assert_eq!(row.get::<Option<serde_json::Value>, _>("labels"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_rows_survive_the_binary_format() {
    let database = Database::start().await;
    let ids = "[a-zA-Zäß€🙂 _.:-]{0,24}";
    let value = any::<f32>().prop_map(f64::from);
    let row = (0..4_000_000_000_000_000_i64, any::<i64>(), ids, ids, ids, value);
    let runtime = tokio::runtime::Handle::current();
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config::with_cases(12));
    tokio::task::block_in_place(|| {
        runner
            .run(&prop::collection::vec(row, 1..40), |rows| {
                runtime.block_on(round_trip(&database, &rows));
                Ok(())
            })
            .unwrap();
    });
}

type AnyRow = (i64, i64, String, String, String, f64);

async fn round_trip(database: &Database, rows: &[AnyRow]) {
    let mut batch = Batch::new();
    for (micros, tick, node_id, service_id, metric, value) in rows {
        let time = chrono::DateTime::from_timestamp_micros(*micros).unwrap();
        batch
            .push(&Row {
                time,
                tick: *tick,
                node_id,
                service_id,
                metric,
                value: *value,
                simulation_id: "any",
            })
            .unwrap();
    }
    // Rolled back: thousands of partitions would follow otherwise.
    let mut tx = database.store.begin().await.unwrap();
    tx.execute("delete from metrics").await.unwrap();
    store::metrics::copy(&mut tx, &batch).await.unwrap();
    let mut read: Vec<AnyRow> = sqlx::query_as(
        "select (extract(epoch from time) * 1000000)::bigint, tick_id, node_id, service_id, metric_name, metric_value
         from metrics where simulation_id = 'any'",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    tx.rollback().await.unwrap();
    // Negative zero is written as plain zero.
    let measured = rows.iter().filter(|row| row.5.is_finite()).cloned();
    let mut written: Vec<AnyRow> =
        measured.map(|row| (row.0, row.1, row.2, row.3, row.4, row.5 + 0.0)).collect();
    read.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    written.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    assert_eq!(read, written);
}

#[tokio::test]
async fn a_batch_that_comes_again_is_recognised() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    batch.push(&sample("checkout", "error_rate", start_of_time(), 1.0)).unwrap();
    let earlier = Progress {
        simulation_id: "default".into(),
        shard: 0,
        run_id: Uuid::from_u128(1),
        tick: 20,
        stream_sequence: 7,
    };
    let next_run = Progress { run_id: Uuid::from_u128(2), tick: 0, stream_sequence: 8, ..earlier.clone() };
    for (snapshot, is_new) in
        [(&earlier, true), (&earlier, false), (&next_run, true), (&next_run, false), (&earlier, false)]
    {
        let mut tx = database.store.begin().await.unwrap();
        let moved = progress::advance(&mut tx, snapshot).await.unwrap();
        assert_eq!(moved, is_new);
        if moved {
            store::metrics::copy(&mut tx, &batch).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    assert_eq!(database.count("metrics").await, 2);
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(progress::get_all(&mut conn).await.unwrap(), vec![next_run]);
}

#[tokio::test]
async fn the_clock_of_a_simulation_never_goes_back() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    for offset in [60, 0, 30] {
        batch.clear();
        batch.push(&sample("checkout", "error_rate", start_of_time() + seconds(offset), 1.0)).unwrap();
        database.write(&batch).await;
    }
    let mut conn = database.store.acquire().await.unwrap();
    let latest = store::metrics::latest_time(&mut conn, "default").await.unwrap();
    assert_eq!(latest, Some(start_of_time() + seconds(60)));
    assert_eq!(store::metrics::latest_time(&mut conn, "other").await.unwrap(), None);
}

#[tokio::test]
async fn partitions_are_there_before_the_rows() {
    let database = Database::start().await;
    if database.store.flavour() != Flavour::Plain {
        println!("skipped: {} makes chunks by itself", database.store.flavour());
        return;
    }
    let mut batch = Batch::new();
    for hours in 0..40 {
        batch.push(&sample("checkout", "error_rate", start_of_time() + seconds(hours * 3600), 1.0)).unwrap();
    }
    database.write(&batch).await;
    assert_eq!(database.count("metrics").await, 40);
    assert_eq!(database.count("metrics_default").await, 0, "every row has a partition of its own time");
    // The next six hours are made ahead.
    let query = "select count(*) from pg_inherits where inhparent = 'metrics'::regclass";
    let partitions: i64 = database.sql().await.fetch_one(query).await.unwrap().get(0);
    assert_eq!(partitions, 8 + 1 + 1, "eight, the next, the default");
}

#[tokio::test]
async fn writers_that_need_the_same_new_partition_do_not_collide() {
    let database = Database::start().await;
    let mut writers = Vec::new();
    for writer in 0..6 {
        let store = database.store.clone();
        writers.push(tokio::spawn(async move {
            let mut batch = Batch::new();
            for hour in 0..30 {
                let at = start_of_time() + seconds(hour * 3600);
                let simulation_id = format!("simulation-{writer}");
                let row = Row { simulation_id: &simulation_id, ..sample("checkout", "error_rate", at, 1.0) };
                batch.push(&row).unwrap();
            }
            store::retry(|| async {
                let mut tx = store.begin().await?;
                store::metrics::copy(&mut tx, &batch).await?;
                store::metrics::note(&mut tx, &batch).await?;
                tx.commit().await
            })
            .await
        }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(database.count("metrics").await, 6 * 30);
}

#[tokio::test]
async fn nothing_is_lost_while_somebody_holds_the_table() {
    let database = Database::start().await;
    if database.store.flavour() != Flavour::Plain {
        println!("skipped: {} makes chunks by itself", database.store.flavour());
        return;
    }
    let mut analyst = database.sql().await;
    let mut long_query = analyst.begin().await.unwrap();
    long_query.execute("select count(*) from metrics").await.unwrap();
    let mut batch = Batch::new();
    batch.push(&sample("checkout", "error_rate", start_of_time(), 1.0)).unwrap();
    database.write(&batch).await;
    assert_eq!(database.count("metrics_default").await, 1, "the default partition took it");
    long_query.rollback().await.unwrap();
    batch.clear();
    batch.push(&sample("checkout", "error_rate", start_of_time() + seconds(1), 2.0)).unwrap();
    database.write(&batch).await;
    assert_eq!(database.count("metrics").await, 2);
    assert_eq!(database.count("metrics_default").await, 0, "and gave it back");
}

#[tokio::test]
async fn an_absurd_span_of_time_is_stored_without_making_partitions_for_ever() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    for year in ["1971", "2041", "2999"] {
        let at = format!("{year}-01-01T00:00:00Z").parse().unwrap();
        batch.push(&sample("checkout", "error_rate", at, 1.0)).unwrap();
    }
    database.write(&batch).await;
    assert_eq!(database.count("metrics").await, 3);
    if database.store.flavour() == Flavour::Plain {
        let query = "select count(*) from pg_inherits where inhparent = 'metrics'::regclass";
        let partitions: i64 = database.sql().await.fetch_one(query).await.unwrap().get(0);
        assert!(partitions < 70, "{partitions}");
    }
}

#[tokio::test]
async fn series_come_in_steps_of_simulated_time() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    for second in 0..20_i32 {
        let at = start_of_time() + seconds(second.into());
        batch.push(&sample("cart", "latency_p99", at, 5.0)).unwrap();
        batch.push(&sample("checkout", "latency_p99", at, second.into())).unwrap();
        batch.push(&sample("checkout", "cpu_usage", at, 50.0)).unwrap();
        let node = Row { node_id: "node-a1", service_id: "", ..sample("", "cpu_usage", at, 70.0) };
        batch.push(&node).unwrap();
    }
    database.write(&batch).await;
    let mut tx = database.store.begin().await.unwrap();
    let mut what = SeriesQuery {
        simulation_id: "default".into(),
        metrics: vec!["latency_p99".into()],
        selection: Selection::Services,
        from: start_of_time(),
        to: start_of_time() + seconds(60),
        step: Duration::from_secs(10),
        aggregate: Aggregate::Max,
    };
    let series = store::metrics::query(&mut tx, &what).await.unwrap();
    let names: Vec<&str> = series.iter().map(|one| one.service_id.as_str()).collect();
    assert_eq!(names, ["cart", "checkout"]);
    let values: Vec<f64> = series[1].points.iter().map(|point| point.value).collect();
    assert_eq!(values, [9.0, 19.0]);
    for (aggregate, expected) in [
        (Aggregate::Avg, 4.5),
        (Aggregate::Min, 0.0),
        (Aggregate::P95, 8.55),
        (Aggregate::Sum, 45.0),
        (Aggregate::Count, 10.0),
        (Aggregate::Last, 9.0),
        (Aggregate::Rate, 1.0),
    ] {
        what.aggregate = aggregate;
        let series = store::metrics::query(&mut tx, &what).await.unwrap();
        assert!((series[1].points[0].value - expected).abs() < 1e-9, "{aggregate:?}");
    }
    what.metrics = vec!["latency_p99".into(), "cpu_usage".into()];
    what.selection = Selection::Named { services: vec!["checkout".into()], nodes: vec!["node-a1".into()] };
    let series = store::metrics::query(&mut tx, &what).await.unwrap();
    let found: Vec<_> = series.iter().map(|one| (&*one.metric, &*one.service_id, &*one.node_id)).collect();
    let expected =
        [("latency_p99", "checkout", ""), ("cpu_usage", "checkout", ""), ("cpu_usage", "", "node-a1")];
    assert_eq!(found, expected, "in the order of the request, and a node's series is not a service's");
    what.selection = Selection::Nodes;
    assert_eq!(store::metrics::query(&mut tx, &what).await.unwrap().len(), 1);
}

/// Steps that each source can answer say the same, from every source and before and after they are rolled up.
#[tokio::test]
async fn an_answer_does_not_depend_on_where_it_was_read() {
    let database = Database::start().await;
    let mut batch = Batch::new();
    for second in 0..3 * 3_600_i32 {
        let at = start_of_time() + seconds(second.into());
        // Sums of these are exact in any order.
        batch.push(&sample("checkout", "cpu_usage", at, f64::from(second % 997) / 8.0)).unwrap();
    }
    database.write(&batch).await;
    let mut answers = Vec::new();
    for rolled_up in [false, true] {
        if rolled_up {
            while database.store.roll_up().await.unwrap().more {}
        }
        for aggregate in [
            Aggregate::Avg,
            Aggregate::Min,
            Aggregate::Max,
            Aggregate::Sum,
            Aggregate::Count,
            Aggregate::Last,
            Aggregate::Rate,
        ] {
            let mut tx = database.store.begin().await.unwrap();
            let mut by_source = Vec::new();
            // A step of an hour and a bit over a year contains everything; none of its parts is a bucket's width.
            for step_s in [3_600 * 9_000, 60 * 9_001 * 60 + 60, 32_400_001] {
                let what = SeriesQuery {
                    simulation_id: "default".into(),
                    metrics: vec!["cpu_usage".into()],
                    selection: Selection::Services,
                    from: start_of_time(),
                    to: start_of_time() + seconds(2 * 3_600),
                    step: Duration::from_secs(step_s),
                    aggregate,
                };
                let series = store::metrics::query(&mut tx, &what).await.unwrap();
                let values: Vec<u64> = series[0].points.iter().map(|point| point.value.to_bits()).collect();
                by_source.push((what.source(), values));
            }
            let sources: Vec<Source> = by_source.iter().map(|(source, _)| *source).collect();
            assert_eq!(sources, [Source::Hours, Source::Minutes, Source::Rows]);
            assert!(
                by_source.iter().all(|(_, values)| values == &by_source[0].1),
                "{aggregate:?}: {by_source:?}"
            );
            answers.push(by_source);
        }
    }
    assert_eq!(answers[..7], answers[7..], "rolled up or not");
}
