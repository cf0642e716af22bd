use remedy::track_record::Trials;
use serde_json::json;
use store::agent::{self, AgentCooldown, AgentDecision, AgentState};
use uuid::Uuid;

use crate::harness::Database;

#[tokio::test]
async fn a_restarted_agent_finds_what_it_knew() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let mut known = AgentState {
        incident_id: Uuid::from_u128(1),
        simulation_id: "default".into(),
        run_id: Uuid::from_u128(2),
        state: json!({"attempt": 1}),
        updated_tick: 10,
    };
    agent::save_state(&mut conn, &known).await.unwrap();
    known.state = json!({"attempt": 2});
    known.updated_tick = 20;
    agent::save_state(&mut conn, &known).await.unwrap();
    assert_eq!(agent::state(&mut conn, known.incident_id).await.unwrap(), Some(known.clone()));
    assert_eq!(agent::states(&mut conn, "default", None).await.unwrap(), vec![known.clone()]);
    assert!(agent::states(&mut conn, "default", Some(Uuid::from_u128(3))).await.unwrap().is_empty());
    agent::remove_state(&mut conn, known.incident_id).await.unwrap();
    assert_eq!(agent::state(&mut conn, known.incident_id).await.unwrap(), None);
}

#[tokio::test]
async fn one_decision_counts_per_incident_and_tick() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let first = AgentDecision {
        incident_id: Uuid::from_u128(1),
        tick: 10,
        action_id: Some(Uuid::from_u128(5)),
        decision: "propose".into(),
        reason: "CPU 97 %".into(),
    };
    let second = AgentDecision { action_id: None, decision: "wait".into(), ..first.clone() };
    assert!(agent::record_decision(&mut conn, &first).await.unwrap());
    assert!(!agent::record_decision(&mut conn, &second).await.unwrap());
    assert_eq!(agent::decisions(&mut conn, first.incident_id).await.unwrap(), vec![first]);
}

#[tokio::test]
async fn a_cooldown_is_never_shortened() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for until_tick in [100, 50] {
        let cooldown =
            AgentCooldown { simulation_id: "default".into(), key: "checkout/2".into(), until_tick };
        agent::set_cooldown(&mut conn, &cooldown).await.unwrap();
    }
    assert_eq!(agent::cooldowns(&mut conn, "default").await.unwrap()[0].until_tick, 100);
    agent::clear_cooldowns(&mut conn, "default").await.unwrap();
    assert!(agent::cooldowns(&mut conn, "default").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_track_record_adds_up_and_tells_how_sure_it_is() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    for helped in [true, false, true] {
        agent::learn(&mut conn, "slow", "SCALE_UP", helped).await.unwrap();
    }
    agent::learn(&mut conn, "down", "RESTART_SERVICE", false).await.unwrap();
    let record = agent::track_record(&mut conn).await.unwrap();
    let counts: Vec<_> = record.iter().map(|it| (it.ailment.as_str(), it.helped, it.tried)).collect();
    assert_eq!(counts, [("down", 0, 1), ("slow", 2, 3)]);
    // As Wilson's interval in `remedy::track_record`.
    let bands: Vec<(f64, f64, f64)> = sqlx::query_as(
        "select helped_pct::float8, low_pct::float8, high_pct::float8 from track_record order by ailment",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for (row, trials) in bands.iter().zip([Trials { helped: 0, tried: 1 }, Trials { helped: 2, tried: 3 }]) {
        let (low, high) = trials.band();
        assert!(
            (row.1 - 100.0 * low).abs() < 0.06 && (row.2 - 100.0 * high).abs() < 0.06,
            "{row:?} {trials:?}"
        );
    }
}
