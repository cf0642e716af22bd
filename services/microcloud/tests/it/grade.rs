//! The detectors against what is known to be true.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::stack::{microcloud, repository};

/// What the detector has to reach on the benchmark's files that are at hand; a little below what it does reach (76.3).
const NAB_FLOOR: f64 = 74.5;

fn grade(folder: &Path, arguments: &[&str]) -> Output {
    microcloud(folder).current_dir(folder).arg("grade").arg("nab").args(arguments).output().unwrap()
}

/// A folder `data/web` with one file, and the windows that name it.
fn folder_with(file: &str, windows: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("data/web")).unwrap();
    fs::write(folder.path().join("data/web/requests.csv"), file).unwrap();
    fs::write(folder.path().join("windows.json"), windows).unwrap();
    folder
}

/// Two days of five-minute rows with a jump in the end.
fn series() -> String {
    let rows = (0..600).map(|row| {
        let value = 100 + row * 37 % 11 + if row >= 560 { 60 } else { 0 };
        format!("2014-04-{:02} {:02}:{:02}:00,{value}\n", 1 + row / 288, row % 288 / 12, row % 12 * 5)
    });
    format!("timestamp,value\n{}", rows.collect::<String>())
}

const WINDOWS: &str = r#"{"web/requests.csv": [["2014-04-02 22:00:00", "2014-04-03 01:00:00"]]}"#;

#[test]
fn scores_are_written_beside_the_rows_and_the_windows_do_not_matter() {
    let folder = folder_with(&series(), WINDOWS);
    let output = grade(folder.path(), &["data", "windows.json", "--out", "scores", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["files"][0]["strongest"]["timestamp"].as_str().unwrap().get(..13), Some("2014-04-02 22"));

    let scores = fs::read_to_string(folder.path().join("scores/web/requests.csv")).unwrap();
    let rows: Vec<&str> = scores.lines().collect();
    assert_eq!((rows.len(), rows[0]), (601, "timestamp,value,anomaly_score"));
    assert!(rows[1].starts_with("2014-04-01 00:00:00,100,"), "{}", rows[1]);

    fs::write(folder.path().join("windows.json"), r#"{"web/requests.csv": []}"#).unwrap();
    assert!(grade(folder.path(), &["data", "windows.json", "--out", "again"]).status.success());
    assert_eq!(scores, fs::read_to_string(folder.path().join("again/web/requests.csv")).unwrap());
}

#[test]
fn a_score_does_not_depend_on_later_rows() {
    let whole = series();
    let half: String = whole.split_inclusive('\n').take(301).collect();
    let scores = [whole, half].map(|file| {
        let folder = folder_with(&file, WINDOWS);
        assert!(grade(folder.path(), &["data", "windows.json", "--out", "scores"]).status.success());
        fs::read_to_string(folder.path().join("scores/web/requests.csv")).unwrap()
    });
    assert!(scores[0].starts_with(&scores[1]));
}

#[test]
fn mistakes_in_files_are_told_with_their_place() {
    for (file, windows, told) in [
        (
            "timestamp,value\n2014-04-01 00:00:00,1\nyesterday,2\n",
            WINDOWS,
            "requests.csv line 3: `yesterday` is no timestamp",
        ),
        ("timestamp,value\n2014-04-01 00:00:00,many\n", WINDOWS, "requests.csv line 2: `many` is no number"),
        ("time,value\n2014-04-01 00:00:00,1\n", WINDOWS, "no column `timestamp`"),
        ("timestamp,value\n", WINDOWS, "has no rows"),
        ("", r#"{"web/absent.csv": []}"#, "absent.csv cannot be read"),
        ("", r#"{"../outside.csv": []}"#, "`../outside.csv` is not of the form"),
        ("", "[]", "no JSON object"),
    ] {
        let folder = folder_with(file, windows);
        let output = grade(folder.path(), &["data", "windows.json", "--out", "scores"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(told), "expected {told:?}: {error}");
    }
}

fn detectors(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = microcloud(folder);
    command.current_dir(folder).args(["grade", "detectors", "--scenarios"]);
    command.arg(repository().join("scenarios")).args(arguments).output().unwrap()
}

#[test]
fn detectors_are_graded_without_a_server_and_every_key_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let few = ["--scenario", "cascade_failure", "--scenario", "normal", "--seeds", "1"];
    let output = detectors(
        folder.path(),
        &[&few[..], &["--for", "5m", "--benign", "10m", "--out", "grades"]].concat(),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("error_rate_high") && told.contains("1 of 1"), "{told}");

    let read = |name: &str| fs::read_to_string(folder.path().join("grades").join(name)).unwrap();
    let grades: serde_json::Value = serde_json::from_str(&read("grades.json")).unwrap();
    assert_eq!((grades["runs"].as_array().unwrap().len(), grades["overall"]["found"].as_u64()), (2, Some(1)));
    let page = read("README.md");
    let pictures: Vec<&str> = page.lines().filter_map(|line| line.strip_suffix(".svg)")).collect();
    assert!(pictures.len() >= 3, "{page}");
    for picture in pictures {
        let (_, name) = picture.split_once("](").unwrap();
        assert!(read(&format!("{name}.svg")).starts_with("<svg"), "{name}");
    }

    let docs = fs::read_to_string(repository().join("docs/grades.md")).unwrap();
    for (key, value) in grades.as_object().unwrap() {
        assert!(docs.contains(&format!("`{key}`")) || docs.contains(&format!("`{key}[]`")), "{key}");
        let entry = value.as_array().map_or(Some(value), |entries| entries.first());
        for key in entry.and_then(|entry| entry.as_object()).into_iter().flat_map(|entry| entry.keys()) {
            assert!(docs.contains(&format!("`{key}`")), "{key}");
        }
    }
}

#[test]
fn impossible_grades_are_refused_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        (["--scenario", "nope"], "cascade_failure"),
        (["--for", "25h"], "from 1s to 24h"),
        (["--benign", "0s"], "from 1s to 24h"),
        (["--seeds", "0"], "--seeds"),
        (["--threads", "0"], "--threads"),
    ] {
        let output = detectors(folder.path(), &arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}

/// The benchmark's files and its scorer lie beside the repository on machines that have them.
fn benchmark() -> Option<(PathBuf, PathBuf)> {
    let repository = repository();
    let shared = repository.ancestors().map(|folder| folder.join("shared"));
    shared
        .map(|shared| (shared.join("data/nab"), shared.join("tools/nab_score.py")))
        .find(|(data, scorer)| data.join("windows.json").is_file() && scorer.is_file())
}

#[test]
fn the_benchmark_is_beaten() {
    let Some((data, scorer)) = benchmark() else {
        println!("skipped: no ../shared/data/nab and ../shared/tools/nab_score.py");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (files, windows) = (data.join("data"), data.join("windows.json"));
    let output =
        grade(folder.path(), &[files.to_str().unwrap(), windows.to_str().unwrap(), "--out", "scores"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut python = Command::new("python3");
    python.arg(scorer).arg(&files).arg(&windows).arg(folder.path().join("scores")).arg("--json");
    let output = match python.output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: python3 does not start: {error}");
            return;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let grade: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let score = grade["score"].as_f64().unwrap();
    println!("NAB standard profile: {score:.2}");
    assert!(score > NAB_FLOOR, "{grade:#}");
}
