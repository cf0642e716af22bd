use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _};
use store::audit::{self, AuditEntry};

use crate::harness::Database;

fn entry(number: u32) -> AuditEntry {
    AuditEntry {
        actor: "ada".into(),
        action: "action.approve".into(),
        simulation_id: "default".into(),
        subject_id: format!("action-{number}"),
        before: Some(json!({"status": 1})),
        after: Some(json!({"status": 2})),
        reason: "looks right".into(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
    }
}

async fn with_entries(count: u32) -> Database {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for number in 0..count {
        audit::append(&mut conn, &entry(number)).await.unwrap();
    }
    assert_eq!(audit::verify(&mut conn).await.unwrap(), None);
    database
}

#[tokio::test]
async fn concurrent_entries_make_one_chain_without_gaps() {
    let database = Database::start().await;
    let mut writers = Vec::new();
    for number in 0..10 {
        let store = database.store.clone();
        writers.push(tokio::spawn(async move {
            for _ in 0..5 {
                let mut tx = store.begin().await.unwrap();
                audit::append(&mut tx, &entry(number)).await.unwrap();
                // Every third transaction is undone, and leaves no trace in the chain.
                if number % 3 == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(audit::verify(&mut conn).await.unwrap(), None);
    assert_eq!(database.count("audit").await, 6 * 5);
    assert_eq!(audit::append(&mut conn, &entry(1)).await.unwrap(), 31);
    assert_eq!(audit::of_subject(&mut conn, "action-1").await.unwrap().len(), 6);
}

#[tokio::test]
async fn an_entry_cannot_be_changed_or_removed() {
    let database = with_entries(2).await;
    let mut owner = database.sql().await;
    for attempt in ["update audit set actor = 'eve'", "delete from audit", "truncate audit"] {
        let refusal = owner.execute(attempt).await.unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{attempt}: {refusal}");
    }
}

#[tokio::test]
async fn the_chain_does_not_depend_on_the_settings_of_a_session() {
    let database = with_entries(3).await;
    let mut foreign = database.sql().await;
    foreign
        .execute("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set extra_float_digits = 0")
        .await
        .unwrap();
    assert_eq!(audit::verify(&mut foreign).await.unwrap(), None);
    audit::append(&mut foreign, &entry(3)).await.unwrap();
    let mut conn = database.store.acquire().await.unwrap();
    assert_eq!(audit::verify(&mut conn).await.unwrap(), None);
}

#[tokio::test]
async fn whoever_switches_the_trigger_off_is_found_out() {
    for (tampering, place, problem) in [
        ("update audit set reason = 'other' where seq = 3", 3, "changed"),
        ("update audit set after = '{\"status\": 5}' where seq = 2", 2, "changed"),
        ("delete from audit where seq = 2", 2, "missing"),
        ("delete from audit where seq = 5", 5, "cut off"),
        (
            "update audit set previous_hash = sha256('x'), hash = sha256('y') where seq = 4",
            4,
            "does not continue",
        ),
    ] {
        let database = with_entries(5).await;
        let mut superuser = database.superuser().await;
        superuser.execute("set session_replication_role = replica").await.unwrap();
        superuser.execute(AssertSqlSafe(tampering)).await.unwrap();
        let mut conn = database.store.acquire().await.unwrap();
        let broken = audit::verify(&mut conn).await.unwrap().expect(tampering);
        assert_eq!(broken.seq, place, "{tampering}");
        assert!(broken.problem.contains(problem), "{tampering}: {}", broken.problem);
    }
}
