//! Agents play and get a score, with no server.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::stack::{microcloud, repository};

/// One episode of `cascade_failure`, unless told otherwise.
fn evaluate(folder: &Path, agent: &str, arguments: &[&str]) -> Output {
    let mut command = microcloud(folder);
    command.current_dir(folder).args(["evaluate", "--agent", agent]).args(arguments);
    command.arg("--scenarios").arg(repository().join("scenarios"));
    if !arguments.iter().any(|argument| ["--suite", "--scenario"].contains(argument)) {
        command.args(["--scenario", "cascade_failure", "--seeds", "1"]);
    }
    command.output().unwrap()
}

fn report(folder: &Path, agent: &str, arguments: &[&str]) -> Value {
    let output = evaluate(folder, agent, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{agent}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_agent_is_scored_between_doing_nothing_and_the_best_in_hindsight() {
    let folder = tempfile::tempdir().unwrap();
    let score = |agent| report(folder.path(), agent, &[])["score"].as_f64().unwrap();
    assert!(score("none").abs() < 1e-9);
    assert!(score("oracle") > 95.0);
    assert!(score("rules") > 80.0);
}

#[test]
fn a_program_of_ones_own_plays() {
    let folder = tempfile::tempdir().unwrap();
    let example = repository().join("examples/agents/lockstep.py");
    let report = report(folder.path(), &format!("exec:python3 {}", example.display()), &[]);
    let row = &report["rows"][0];
    assert!(row["gave_up"].is_null(), "{row}");
    assert!(report["score"].as_f64().unwrap() > 50.0, "{row}");
    assert_eq!((&row["cause_rank"], &row["actions"]), (&Value::from(1), &Value::from(1)));
}

#[test]
fn a_program_that_hangs_or_crashes_or_talks_nonsense_has_stopped_playing() {
    let folder = tempfile::tempdir().unwrap();
    for (agent, told) in [
        ("exec:exec sleep 600", "no answer within 300ms"),
        ("exec:exec false", "it "),
        ("exec:no-such-program-here", "it "),
        ("exec:exec yes nonsense", "no object of the form"),
        ("exec:head -c 3000000 /dev/zero; exec cat > /dev/null", "longer than"),
    ] {
        let report = report(folder.path(), agent, &["--agent-timeout", "300ms"]);
        let why = report["rows"][0]["gave_up"].as_str().unwrap_or_default().to_owned();
        assert!(why.contains(told), "{agent}: {why:?}");
        assert!(report["score"].as_f64().unwrap().abs() < 1e-9, "{agent}");
    }
}

#[test]
fn what_was_interrupted_goes_on_and_the_board_has_one_place_an_agent() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--out", "report", "--leaderboard", "board.json"];
    let first = report(folder.path(), "oracle", &options);
    let episodes = folder.path().join("report/episodes.jsonl");
    let kept = fs::read_to_string(&episodes).unwrap();
    assert_eq!(kept.lines().count(), 1);
    // As a killed process may leave it.
    fs::write(&episodes, format!("{kept}{}", &kept[..kept.len() / 2])).unwrap();
    assert_eq!(first, report(folder.path(), "oracle", &options));
    assert_eq!(fs::read_to_string(&episodes).unwrap().lines().count(), 2, "nothing was played again");
    report(folder.path(), "none", &options);

    let board: Value = serde_json::from_slice(&fs::read(folder.path().join("board.json")).unwrap()).unwrap();
    let places: Vec<&str> =
        board.as_array().unwrap().iter().map(|entry| entry["agent"].as_str().unwrap()).collect();
    assert_eq!(places, ["oracle", "none"]);
    let page = fs::read_to_string(folder.path().join("board.md")).unwrap();
    assert!(page.contains("| oracle |"), "{page}");
    for file in ["report.json", "README.md", "losses.svg"] {
        assert!(folder.path().join("report").join(file).exists(), "{file}");
    }
}

#[test]
fn what_cannot_be_played_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (agent, arguments, told) in [
        ("nobody", &[][..], "use rules, none, oracle, restart-everything"),
        ("exec:", &[], "names no command"),
        ("rules", &["--suite", "easy"], "use all, lite, or a family (benign"),
        ("rules", &["--scenario", "absent"], "there is no scenario \"absent\""),
        ("none", &["--leaderboard", "board.md"], "name the JSON file"),
    ] {
        let output = evaluate(folder.path(), agent, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(told), "{agent} {arguments:?}: {error}");
    }
}
