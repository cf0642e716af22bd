//! What was expected of a proposal, and what came: kept once each.

use store::predictions::{self, Band, Came, Expected, Prediction};
use uuid::Uuid;

use crate::harness::{Database, seconds, start_of_time};
use crate::seed::RUN;

/// Of action `number`: with it the p99 ends at 90 to 110 ms, without it at 800 to 1 200 ms. Due at tick 18 000.
pub(crate) fn prediction(number: u128) -> Prediction {
    let around = |mid: f64, by: f64| Band { low: mid - by, mid, high: mid + by };
    let expected = |p99_ms, error_pct| Expected { p99_ms, error_pct, bad_pct: error_pct.mid };
    Prediction {
        action_id: Uuid::from_u128(number),
        simulation_id: "default".into(),
        run_id: RUN,
        made_at_tick: 12_000,
        made_at: start_of_time() + seconds(600),
        horizon_s: 300,
        due_at_tick: 18_000,
        futures: 8,
        helps: 1.0,
        harms: 0.0,
        rank: 1,
        options: 4,
        refused: String::new(),
        action: expected(around(100.0, 10.0), around(0.2, 0.1)),
        nothing: expected(around(1_000.0, 200.0), Band { low: f64::NAN, mid: f64::NAN, high: f64::NAN }),
        blast_pct: Some(12.5),
        came: Came::Pending,
        came_p99_ms: None,
        came_error_pct: None,
    }
}

#[tokio::test]
async fn a_prediction_is_kept_once_and_settled_once() {
    let database = Database::start().await;
    let mut conn = database.store.acquire().await.unwrap();
    let (acted, not_acted) = (prediction(1), prediction(2));
    for made in [&acted, &not_acted] {
        assert!(predictions::keep(&mut conn, made).await.unwrap());
    }
    assert!(!predictions::keep(&mut conn, &Prediction { helps: 0.0, ..acted.clone() }).await.unwrap());
    let kept = predictions::get(&mut conn, acted.action_id).await.unwrap().unwrap();
    assert_eq!((kept.helps, kept.action, kept.due_at_tick), (1.0, acted.action, 18_000));
    assert_eq!(kept.blast_pct, Some(12.5));
    assert!(kept.nothing.error_pct.mid.is_nan(), "what was not measured stays unknown");

    assert!(predictions::due(&mut conn, "default", 17_999).await.unwrap().is_empty());
    assert_eq!(predictions::due(&mut conn, "default", 18_000).await.unwrap().len(), 2);
    assert!(predictions::settle(&mut conn, acted.action_id, Came::Acted, Some((105.0, 0.9))).await.unwrap());
    assert!(!predictions::settle(&mut conn, acted.action_id, Came::NotActed, None).await.unwrap());
    predictions::settle(&mut conn, not_acted.action_id, Came::NotActed, Some((105.0, 0.2))).await.unwrap();
    assert!(predictions::due(&mut conn, "default", 18_000).await.unwrap().is_empty());
    // Done, the p99 lay in the band of the action; not done, it did not lie in that of doing nothing.
    let in_band: Vec<(String, bool, bool)> =
        sqlx::query_as("select came_as, p99_in_band, error_in_band from action_calibration order by came_as")
            .fetch_all(&mut *conn)
            .await
            .unwrap();
    assert_eq!(in_band, [("acted".into(), true, false), ("not acted".into(), false, false)]);
}
