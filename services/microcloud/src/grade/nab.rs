//! `microcloud grade nab`: the anomaly scores of our detector for series in files, in the form that the scorer of the
//! Numenta Anomaly Benchmark reads (Lavin & Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", ICMLA 2015).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use detect::stats::AnomalyState;
use serde::de::IgnoredAny;
use serde_json::json;

use super::series::{self, Row};
use crate::cli::NabOptions;
use crate::output::{self, Failure};

/// A score that noise reaches once in a thousand samples: what the summary counts as an alarm.
const ALARM: f64 = 0.999;

/// What was scored of a file.
struct Scored {
    name: String,
    rows: usize,
    alarms: usize,
    /// Timestamp and score of the strongest row.
    strongest: Option<(String, f64)>,
}

pub(crate) fn run(options: &NabOptions) -> Result<(), Failure> {
    let names = names(&options.windows)?;
    let mut files = Vec::new();
    for name in names {
        let rows = series::read(&options.data.join(&name))
            .map_err(|error| Failure::because("read a series", &error))?;
        let scores = scores(&rows);
        write(&options.out.join(&name), &rows, &scores)?;
        files.push(summary(name, &rows, &scores));
    }
    if options.json {
        let files: Vec<_> = files.iter().map(document).collect();
        return output::json(&json!({ "out": options.out, "alarm_score": ALARM, "files": files }));
    }
    let cells = |file: Scored| {
        let (at, score) = file.strongest.map_or(("–".to_owned(), String::new()), |(at, score)| {
            (at, format!("1 − {:.1e}", 1.0 - score))
        });
        vec![file.name, file.rows.to_string(), file.alarms.to_string(), at, score]
    };
    let written = files.len();
    output::table(
        &["file", "rows", "alarms at 0.999", "strongest at", "score"],
        files.into_iter().map(cells).collect(),
    );
    let out = options.out.display();
    output::line(format!(
        "{written} files written to {out}; grade them with nab_score.py DATA_DIR WINDOWS_JSON {out}"
    ));
    Ok(())
}

/// The files to score. The windows beside them are what a detector must not know: they are skipped unread.
fn names(path: &Path) -> Result<Vec<String>, Failure> {
    let shown = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Failure::because(&format!("read {shown}"), &error))?;
    #[allow(clippy::zero_sized_map_values)] // A set cannot be read from an object.
    let windows: BTreeMap<String, IgnoredAny> = serde_json::from_str(&text).map_err(|error| {
        Failure::because(&format!("{shown} is no JSON object with file names as keys"), &error)
    })?;
    if windows.is_empty() {
        return Err(Failure::Usage(format!("{shown} names no file")));
    }
    for name in windows.keys() {
        // Scores are written below --out under the same name: it must not lead elsewhere.
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || name.is_empty() {
            return Err(Failure::Usage(format!(
                "{shown}: `{name}` is not of the form <category>/<file>.csv"
            )));
        }
    }
    Ok(windows.into_keys().collect())
}

/// One score a row, each from the rows up to it; 0 where the value is unknown.
fn scores(rows: &[Row]) -> Vec<f64> {
    let mut state = AnomalyState::default();
    let score = |row: &Row| state.observe(row.time_s, row.number).map_or(0.0, |anomaly| anomaly.score);
    rows.iter().map(score).collect()
}

fn write(path: &Path, rows: &[Row], scores: &[f64]) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::error::Error| Failure::because(&format!("write {}", path.display()), error);
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut writer = csv::Writer::from_path(path).map_err(|error| failed(&error))?;
    writer.write_record(["timestamp", "value", "anomaly_score"]).map_err(|error| failed(&error))?;
    for (row, score) in rows.iter().zip(scores) {
        let score = score.to_string();
        writer.write_record([&row.timestamp, &row.value, &score]).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))
}

fn summary(name: String, rows: &[Row], scores: &[f64]) -> Scored {
    let strongest =
        rows.iter().zip(scores).filter(|(_, score)| **score > 0.0).max_by(|a, b| a.1.total_cmp(b.1));
    Scored {
        name,
        rows: rows.len(),
        alarms: scores.iter().filter(|score| **score >= ALARM).count(),
        strongest: strongest.map(|(row, score)| (row.timestamp.clone(), *score)),
    }
}

fn document(file: &Scored) -> serde_json::Value {
    let strongest = file.strongest.as_ref().map(|(at, score)| json!({ "timestamp": at, "score": score }));
    json!({ "file": file.name, "rows": file.rows, "alarms": file.alarms, "strongest": strongest })
}
