use std::process::Command;

use backing::{Postgres, PostgresOptions, StartError, process::Stopped};

#[tokio::test]
async fn it_keeps_its_data_over_stop_kill_and_restart() {
    let mut server = Postgres::ephemeral().await.unwrap();
    psql(&server, &server.url(), "create table kept (n int); insert into kept values (1)").unwrap();
    assert!(matches!(server.stop().await.unwrap(), Stopped::InTime(_)));
    server.restart().await.unwrap();
    psql(&server, &server.url(), "checkpoint").unwrap_err();
    psql(&server, &server.superuser_url(), "checkpoint").unwrap();
    psql(&server, &server.url(), "insert into kept values (2)").unwrap();
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(psql(&server, &server.url(), "select sum(n) from kept").unwrap(), "3");
    let data = server.data_directory().to_owned();
    drop(server);
    assert!(!data.exists());
}

#[tokio::test]
async fn a_durable_server_is_created_once_and_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let options = PostgresOptions {
        home: Some(home.path().to_owned()),
        dbname: "cloud".to_owned(),
        user: "owner".to_owned(),
        password: "it's @ secret".to_owned(),
        ..PostgresOptions::default()
    };
    let mut server = Postgres::start(options.clone()).await.unwrap();
    let data = server.data_directory().to_owned();
    assert_eq!(psql(&server, &server.url(), "create table t as select 7 as n").unwrap(), "SELECT 1");
    assert_eq!(psql(&server, &server.url(), "show fsync").unwrap(), "on");

    let second = Postgres::start(PostgresOptions { port: None, ..options.clone() }).await.unwrap_err();
    assert!(matches!(second, StartError::AlreadyRunning { pid, .. } if pid == server.pid()), "{second}");

    server.stop().await.unwrap();
    drop(server);
    let server = Postgres::start(options).await.unwrap();
    assert_eq!(server.data_directory(), data);
    assert_eq!(psql(&server, &server.url(), "select n from t").unwrap(), "7");
    drop(server);
    if !data.starts_with(home.path()) {
        std::fs::remove_dir_all(data.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_stale_pid_file_does_not_keep_it_from_starting() {
    let mut server = Postgres::ephemeral().await.unwrap();
    server.kill().await.unwrap();
    // The number of a process that lives, and is no PostgreSQL.
    let file = server.data_directory().join("postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap();
    let rest = text.split_once('\n').unwrap().1;
    std::fs::write(&file, format!("{}\n{rest}", std::process::id())).unwrap();
    server.restart().await.unwrap();
    assert_eq!(psql(&server, &server.url(), "select 1").unwrap(), "1");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = Postgres::ephemeral().await.unwrap();
    let options =
        PostgresOptions { port: Some(server.port()), unsafe_but_fast: true, ..PostgresOptions::default() };
    let error = Postgres::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { .. }), "{error}");
}

fn psql(server: &Postgres, url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(server.bin_dir().join("psql"))
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
