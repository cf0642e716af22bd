//! Runs without any server: the same hash every time, recorded, reproduced, branched.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::stack::{microcloud, repository};

/// Runs in a folder of its own, where no stack is: nothing here needs one.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let scenarios = repository().join("scenarios");
    let mut command = microcloud(folder);
    command.env("MICROCLOUD_URL", "http://127.0.0.1:9").env("NATS_URL", "nats://127.0.0.1:9");
    command.current_dir(folder).args(arguments);
    if matches!(arguments.first(), Some(&"run" | &"replay")) {
        command.arg("--scenarios").arg(scenarios);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(folder, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn the_same_run_gives_the_same_hash_and_is_reproduced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let first =
        json(folder, &["run", "cascade_failure", "--seed", "7", "--for", "1m30s", "--out", "run.mcr"]);
    let second = json(folder, &["run", "cascade_failure", "--seed", "7", "--for", "90s", "--threads", "2"]);
    assert_eq!(first["hash"], second["hash"]);
    assert_eq!(first["ticks"], 1800);
    assert_eq!(first["simulated_s"], 90.0);
    assert!(first["wall_s"].as_f64().unwrap() > 0.0 && first["speed"].as_f64().unwrap() > 1.0, "{first}");
    assert_ne!(
        first["hash"],
        json(folder, &["run", "cascade_failure", "--seed", "8", "--for", "90s"])["hash"]
    );

    let told = ok(folder, &["replay", "run.mcr"]);
    assert!(told.contains(first["hash"].as_str().unwrap()) && told.contains("reproduced"), "{told}");
    assert_eq!(json(folder, &["replay", "run.mcr"])["reproduced"], true);
}

#[test]
fn a_branch_goes_on_differently_and_is_a_run_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["run", "normal", "--for", "1m", "--out", "run.mcr"]);
    let branch = |arguments: &[&str]| {
        json(folder, &[&["replay", "run.mcr", "--branch-at", "20s"], arguments].concat())
    };
    let same = branch(&[]);
    assert_eq!(same["hash"], same["recorded_hash"], "nothing was made different");
    let hurt = branch(&["--inject", "error_burst:checkout:0.9", "--out", "branch.mcr"]);
    assert_ne!(hurt["hash"], hurt["recorded_hash"]);
    assert!(
        hurt["unanswered_percent"].as_f64().unwrap()
            > hurt["as_recorded"]["unanswered_percent"].as_f64().unwrap(),
        "{hurt}"
    );
    assert_ne!(branch(&["--seed", "9"])["hash"], same["hash"]);
    assert_ne!(branch(&["--scenario", "high_load"])["hash"], same["hash"]);
    assert_eq!(branch(&["--act", "scale_up:catalog:2"])["events"]["ACTION_SUCCEEDED"], 1);
    assert_eq!(branch(&["--for", "2m"])["ticks"], 2400);
    let told = ok(folder, &["replay", "branch.mcr"]);
    assert!(told.contains("a branch from 20 s on") && told.contains("reproduced"), "{told}");
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["run", "normal", "--for", "10s", "--out", "run.mcr"]);
    let whole = std::fs::read(folder.join("run.mcr")).unwrap();
    std::fs::write(folder.join("cut.mcr"), &whole[..whole.len() - 40]).unwrap();
    std::fs::write(folder.join("text.mcr"), "description: no recording\n").unwrap();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["replay", "cut.mcr"], 1, "cut off"),
        (&["replay", "text.mcr"], 1, "not a recording"),
        (&["replay", "none.mcr"], 1, "none.mcr"),
        (&["replay", "run.mcr", "--branch-at", "11s"], 2, "after the end"),
        (&["replay", "run.mcr", "--branch-at", "5s", "--inject", "gremlins:web"], 2, "node_crash"),
        (&["replay", "run.mcr", "--branch-at", "5s", "--act", "reboot:web"], 2, "RESTART_SERVICE"),
        (&["replay", "run.mcr", "--branch-at", "5s", "--act", "scale_up:nobody"], 2, "catalog"),
        (&["run", "no_such", "--for", "1m"], 2, "cascade_failure"),
        (&["run", "normal", "--for", "soon"], 2, "--for"),
    ];
    for (arguments, code, named) in cases {
        let output = run(folder, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains(named), "{arguments:?}: {}", text(&output));
    }
}

#[test]
fn scenarios_are_listed_and_checked_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let shipped = repository().join("scenarios");
    let shipped = shipped.to_str().unwrap();
    let listed = json(folder, &["scenario", "list", "--scenarios", shipped]);
    for scenario in listed.as_array().unwrap() {
        assert!(!scenario["family"].as_str().unwrap().is_empty(), "{scenario}");
        assert!(!scenario["description"].as_str().unwrap().is_empty(), "{scenario}");
        assert!(scenario["difficulty"].is_u64(), "{scenario}");
    }
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"cascade_failure") && names.contains(&"trace_replay"), "{names:?}");

    // A scenario of one's own on a shipped topology.
    let mine = "description: Mine.\nfamily: own\ntopology: topologies/shop.yaml\ntraffic: [{service: cdn, constant: {rps: 50}}]\n";
    std::fs::write(folder.join("mine.yaml"), mine).unwrap();
    ok(folder, &["scenario", "check", "mine.yaml", "--scenarios", shipped]);
    assert_eq!(json(folder, &["run", "./mine.yaml", "--for", "2s"])["scenario"], "mine");
    std::fs::write(folder.join("wrong.yaml"), mine.replace("rps: 50", "rps: .nan").replace("cdn", "wob"))
        .unwrap();
    let output = run(folder, &["scenario", "check", "mine.yaml", "wrong.yaml", "--scenarios", shipped]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let told = text(&output);
    assert!(
        told.contains("wrong.yaml:4: rps is NaN") && told.contains("there is no service \"wob\""),
        "{told}"
    );
}
