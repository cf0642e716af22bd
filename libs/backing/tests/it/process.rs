use std::time::{Duration, Instant};

use backing::process::{Process, ProcessSpec, Stopped};

#[tokio::test]
async fn a_child_writes_to_its_log_file_and_sees_its_environment() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("logs/greeter.log");
    let spec = ProcessSpec::new("greeter", "/bin/sh")
        .args(["-c", "echo hello $WHOM"])
        .env("WHOM", "world")
        .log_file(&log);
    let mut process = Process::spawn(&spec).await.unwrap();
    assert!(process.wait().await.unwrap().success());
    assert_eq!(process.log_tail(), "hello world\n");
}

#[tokio::test]
async fn stop_is_graceful_when_the_child_listens() {
    let spec = ProcessSpec::new("sleeper", "/bin/sleep").arg("60");
    let mut process = Process::spawn(&spec).await.unwrap();
    assert!(matches!(process.stop(Duration::from_secs(10)).await.unwrap(), Stopped::InTime(_)));
}

#[tokio::test]
async fn stop_kills_a_child_that_does_not_listen() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let spec = ProcessSpec::new("stubborn", "/bin/sh")
        .args(["-c", "trap '' TERM; echo armed; exec sleep 60"])
        .log_file(&log);
    let mut process = Process::spawn(&spec).await.unwrap();
    until(|| process.log_tail().contains("armed")).await;
    assert!(matches!(process.stop(Duration::from_millis(100)).await.unwrap(), Stopped::Killed(_)));
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let error = Process::spawn(&ProcessSpec::new("ghost", "/no/such/program")).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn a_dropped_child_is_gone() {
    let process = Process::spawn(&ProcessSpec::new("sleeper", "/bin/sleep").arg("60")).await.unwrap();
    let pid = process.pid();
    drop(process);
    until(|| !std::path::Path::new(&format!("/proc/{pid}/exe")).exists()).await;
}

/// The parent is `sh`, which dies of kill -9: its child, started as this crate starts them, must follow.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_dies_with_a_killed_parent() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let script = "setpriv --pdeathsig KILL -- sleep 60 & echo $!; wait";
    let spec = ProcessSpec::new("parent", "/bin/sh").args(["-c", script]).log_file(&log);
    let mut parent = Process::spawn(&spec).await.unwrap();
    until(|| parent.log_tail().ends_with('\n')).await;
    let child = parent.log_tail().trim().to_owned();
    let command = || std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
    until(|| command() == "sleep\n").await;
    parent.kill().await.unwrap();
    until(|| command() != "sleep\n" || is_zombie(&child)).await;
}

#[cfg(target_os = "linux")]
fn is_zombie(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "the condition did not become true in 20 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
