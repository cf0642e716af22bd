//! A report as tables.

use eval::benchmark::{Report, Row, ScenarioScore, Standing};

use crate::report::Table;

/// Every table that has rows, the most important first.
pub(crate) fn all(report: &Report) -> Vec<Table> {
    let overall = ScenarioScore { name: "overall".to_owned(), standing: report.standing.clone() };
    let families: Vec<&ScenarioScore> = std::iter::once(&overall).chain(&report.families).collect();
    let mut tables = vec![
        standings(&format!("{}: score, by family of scenarios", report.agent), "family", &families),
        standings("By scenario", "scenario", &report.scenarios.iter().collect::<Vec<_>>()),
        gave_up(&report.rows),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn standings(title: &str, what: &'static str, scores: &[&ScenarioScore]) -> Table {
    let header = [
        what,
        "score",
        "95 %",
        "restraint",
        "mitigated",
        "after",
        "SLO min",
        "if nobody acts",
        "at best",
        "harm",
        "worse",
        "cost",
        "actions",
        "cause",
    ];
    Table::new(title, &header, scores.iter().map(|score| row(score)).collect())
}

fn row(ScenarioScore { name, standing }: &ScenarioScore) -> Vec<String> {
    let Standing { episodes, worse_than_nothing, .. } = standing;
    vec![
        name.clone(),
        standing.score.map_or_else(none, |score| format!("{score:.1}")),
        interval(standing),
        standing.restraint.map_or_else(none, |restraint| format!("{:.0} %", restraint * 100.0)),
        standing.mitigated_pct.map_or_else(none, |share| format!("{share:.0} %")),
        standing.mitigate_s.map_or_else(none, |seconds| format!("{seconds:.0} s")),
        format!("{:.1}", standing.slo_minutes),
        format!("{:.1}", standing.slo_minutes_nothing),
        format!("{:.1}", standing.slo_minutes_oracle),
        format!("{:.2} %", standing.harm_pct),
        format!("{worse_than_nothing} of {episodes}"),
        format!("{:+.0} %", standing.extra_cost_pct),
        format!("{:.1}", standing.actions),
        standing.cause_top1_pct.map_or_else(none, |share| format!("{share:.0} %")),
    ]
}

pub(crate) fn interval(standing: &Standing) -> String {
    standing.interval.map_or_else(none, |interval| format!("{:.1} – {:.1}", interval.low, interval.high))
}

fn none() -> String {
    "–".to_owned()
}

fn gave_up(rows: &[Row]) -> Table {
    let rows = rows.iter().filter_map(|row| {
        let reason = row.gave_up.clone()?;
        Some(vec![row.scenario.clone(), row.seed.to_string(), reason])
    });
    Table::new("The agent stopped playing", &["scenario", "seed", "why"], rows.collect())
}
