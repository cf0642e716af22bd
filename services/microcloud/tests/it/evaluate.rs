//! Agents play and get a score, with no server.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

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

/// An evaluation that waits for clients, and where.
fn hosting(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut command = microcloud(folder);
    command.args([
        "evaluate",
        "--agent",
        "connect",
        "--json",
        "--scenario",
        "cascade_failure",
        "--seeds",
        "1",
    ]);
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let at = loop {
        let line = lines.next().expect("it says where agents play").unwrap();
        if let Some((_, at)) = line.split_once("agents play at ") {
            break at.to_owned();
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, at)
}

/// A call as a client makes it.
#[allow(clippy::needless_pass_by_value)] // It is written where it is made.
fn step(at: &str, body: Value) -> Value {
    let url = format!("{at}/eval.v1.EpisodeService/Step");
    let call = async { reqwest::Client::new().post(url).json(&body).send().await?.json().await };
    tokio::runtime::Runtime::new().unwrap().block_on(call).unwrap()
}

fn row(hosting: Child) -> Value {
    let output = hosting.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["rows"][0].clone()
}

#[test]
fn a_client_plays_what_the_same_program_plays_by_its_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let (evaluation, at) = hosting(folder.path(), &[]);
    let example = repository().join("examples/agents/connect_lockstep.py");
    let played = Command::new("python3").arg(example).arg(&at).status().unwrap();
    assert!(played.success(), "the client heard that everything was played");
    let by_connect = row(evaluation);
    assert!(by_connect["gave_up"].is_null(), "{by_connect}");

    let example = repository().join("examples/agents/lockstep.py");
    let by_pipe =
        report(folder.path(), &format!("exec:python3 {}", example.display()), &[])["rows"][0].clone();
    for what in ["score", "gain", "cause_rank", "actions"] {
        assert_eq!(by_connect[what], by_pipe[what], "{what}");
    }
}

#[test]
fn a_client_that_hangs_or_talks_nonsense_has_stopped_playing() {
    let folder = tempfile::tempdir().unwrap();
    let (evaluation, at) = hosting(folder.path(), &["--agent-timeout", "300ms"]);
    let begun = step(&at, json!({}));
    assert_eq!((&begun["turn"], &begun["says"][0]["type"]), (&Value::from(1), &Value::from("begin")));
    assert_eq!(step(&at, json!({ "episodeId": "episode-9" }))["code"], "not_found");
    let why = row(evaluation)["gave_up"].as_str().unwrap_or_default().to_owned();
    assert!(why.contains("no answer within 300ms"), "{why}");

    let (evaluation, at) = hosting(folder.path(), &[]);
    let first = step(&at, json!({}));
    let id = first["episodeId"].as_str().unwrap();
    let turn =
        |number: u32, answer: Value| step(&at, json!({ "episodeId": id, "turn": number, "answer": answer }));
    assert_eq!(turn(7, json!({}))["code"], "invalid_argument");
    let second = turn(1, json!({}));
    assert_eq!(second["turn"], 2);
    assert_eq!(turn(1, json!({})), second, "a call that is repeated has the same response");
    let over = turn(2, json!({ "action": [] }));
    assert_eq!(over["says"][0]["type"], "end");
    assert!(over["stopped"].as_str().unwrap().contains("unknown field"), "{over}");
    let why = row(evaluation)["gave_up"].as_str().unwrap_or_default().to_owned();
    assert!(why.contains("no object of the form"), "{why}");
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
fn an_evaluation_in_two_parts_is_the_one_in_one_to_the_last_bit() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let play = |folder: &Path, seeds| {
        report(folder, "rules", &["--scenario", "noisy_neighbour", "--seeds", seeds, "--out", "report"])
    };
    play(folder.path(), "1");
    assert_eq!(play(folder.path(), "2"), play(other.path(), "2"));
    let page = |folder: &Path| fs::read(folder.join("report/report.json")).unwrap();
    assert_eq!(page(folder.path()), page(other.path()));
    let episodes = fs::read_to_string(folder.path().join("report/episodes.jsonl")).unwrap();
    assert_eq!(episodes.lines().count(), 2, "the first was not played again");
}

#[test]
fn what_cannot_be_played_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (agent, arguments, told) in [
        ("nobody", &[][..], "use rules, none, oracle, restart-everything"),
        ("connect:nowhere", &[], "connect:PORT"),
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
