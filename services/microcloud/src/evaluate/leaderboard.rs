//! Agents by score, in a file that is kept with a repository: JSON for programs, a page beside it for people.

use std::fs;
use std::path::Path;

use eval::benchmark::{Interval, Report};
use serde::{Deserialize, Serialize};

use crate::output::Failure;
use crate::report::{self, Table};

/// A place on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    agent: String,
    suite: String,
    seeds: u64,
    model_version: u32,
    score: f64,
    low: Option<f64>,
    high: Option<f64>,
    restraint: Option<f64>,
    mitigated_pct: Option<f64>,
    mitigate_s: Option<f64>,
    slo_minutes: f64,
    harm_pct: f64,
    worse_than_nothing: usize,
    extra_cost_pct: f64,
    actions: f64,
}

/// Gives an agent its place: there is one an agent and suite, and the last evaluation counts.
pub(crate) fn enter(file: &Path, report: &Report, suite: &str) -> Result<Table, Failure> {
    let shown = file.display();
    let mut entries: Vec<Entry> = match fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| Failure::because(&format!("{shown} is no leaderboard"), &error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Failure::because(&format!("read {shown}"), &error)),
    };
    let entry = entry(report, suite);
    entries.retain(|known| (&known.agent, &known.suite) != (&entry.agent, &entry.suite));
    entries.push(entry);
    entries.sort_by(|a, b| {
        a.suite.cmp(&b.suite).then(b.score.total_cmp(&a.score)).then_with(|| a.agent.cmp(&b.agent))
    });
    let table = table(&entries);
    let page = format!(
        "# Leaderboard\n\nWritten by `microcloud evaluate --leaderboard`; [what the words mean](../benchmark.md).\n{}",
        table.markdown()
    );
    let values: Vec<serde_json::Value> = entries
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::because("write JSON", &error))?;
    let board = format!("[\n{}\n]\n", report::entry_lines(&values));
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
        return Err(Failure::Usage(format!("--leaderboard {shown} is no file name")));
    };
    let beside = Path::new(name).with_extension("md");
    let beside = beside.to_string_lossy();
    if beside == name {
        return Err(Failure::Usage(format!(
            "--leaderboard {shown}: name the JSON file, for example leaderboard.json; the page is written beside it"
        )));
    }
    report::write(file.parent().unwrap_or(Path::new("")), [(name, board), (&*beside, page)])?;
    Ok(table)
}

fn entry(report: &Report, suite: &str) -> Entry {
    let standing = &report.standing;
    let Interval { low, high } = standing.interval.unwrap_or(Interval { low: f64::NAN, high: f64::NAN });
    Entry {
        agent: report.agent.clone(),
        suite: suite.to_owned(),
        seeds: report.seeds,
        model_version: report.model_version,
        score: standing.score.unwrap_or(0.0),
        low: low.is_finite().then_some(low),
        high: high.is_finite().then_some(high),
        restraint: standing.restraint,
        mitigated_pct: standing.mitigated_pct,
        mitigate_s: standing.mitigate_s,
        slo_minutes: standing.slo_minutes,
        harm_pct: standing.harm_pct,
        worse_than_nothing: standing.worse_than_nothing,
        extra_cost_pct: standing.extra_cost_pct,
        actions: standing.actions,
    }
}

fn table(entries: &[Entry]) -> Table {
    let header = [
        "suite",
        "agent",
        "score",
        "95 %",
        "mitigated",
        "after",
        "SLO min",
        "harm",
        "worse",
        "cost",
        "actions",
        "seeds",
        "model",
    ];
    let dash = || "–".to_owned();
    let row = |entry: &Entry| {
        vec![
            entry.suite.clone(),
            entry.agent.clone(),
            format!("{:.1}", entry.score),
            entry.low.zip(entry.high).map_or_else(dash, |(low, high)| format!("{low:.1} – {high:.1}")),
            entry.mitigated_pct.map_or_else(dash, |share| format!("{share:.0} %")),
            entry.mitigate_s.map_or_else(dash, |seconds| format!("{seconds:.0} s")),
            format!("{:.1}", entry.slo_minutes),
            format!("{:.2} %", entry.harm_pct),
            entry.worse_than_nothing.to_string(),
            format!("{:+.0} %", entry.extra_cost_pct),
            format!("{:.1}", entry.actions),
            entry.seeds.to_string(),
            entry.model_version.to_string(),
        ]
    };
    Table::new("Agents by score", &header, entries.iter().map(row).collect())
}
