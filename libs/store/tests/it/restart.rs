use store::inbox;

use crate::harness::Database;

#[tokio::test]
async fn a_transaction_outlives_a_restart_of_the_server() {
    let mut database = Database::durable().await;
    let store = database.store.clone();
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !*stopped.borrow_and_update() {
            let id = format!("m-{written}");
            store::retry(|| async {
                let mut tx = store.begin().await?;
                inbox::first_time(&mut tx, "writer", &id).await?;
                tx.commit().await
            })
            .await
            .unwrap();
            written += 1;
            tokio::task::yield_now().await;
        }
        written
    });
    for _ in 0..2 {
        let before = database.count("inbox").await;
        database.server.kill().await.unwrap();
        database.server.restart().await.unwrap();
        // The writer goes on by itself.
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
        while database.count("inbox").await < before + 10 {
            assert!(tokio::time::Instant::now() < deadline, "nothing was written after the restart");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    stop.send(true).unwrap();
    let written: i64 = writer.await.unwrap();
    assert_eq!(database.count("inbox").await, written);
}
