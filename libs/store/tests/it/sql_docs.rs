use sqlx::{AssertSqlSafe, Executor as _};

use crate::harness::Database;
use crate::seed;

const PAGE: &str = include_str!("../../../../docs/sql.md");

/// The queries of the page, with the heading each stands under.
fn queries() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut query: Option<String> = None;
    for line in PAGE.lines() {
        match &mut query {
            None if line.starts_with("## ") => line.clone_into(&mut heading),
            None if line == "```sql" => query = Some(String::new()),
            None => {}
            Some(text) if line == "```" => {
                found.push((heading.clone(), text.clone()));
                query = None;
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    found
}

#[tokio::test]
async fn every_query_of_the_page_runs_for_the_reader_and_finds_something() {
    let database = Database::start().await;
    println!("flavour: {}", database.store.flavour());
    seed::an_hour(&database).await;
    let mut reader = database.reader().await;
    let queries = queries();
    assert!(queries.len() >= 12, "{}", queries.len());
    for (heading, query) in queries {
        let rows =
            reader.fetch_all(AssertSqlSafe(query)).await.unwrap_or_else(|error| panic!("{heading}: {error}"));
        println!("{heading}: {} rows", rows.len());
        assert!(!rows.is_empty(), "{heading} returned nothing");
    }
}
