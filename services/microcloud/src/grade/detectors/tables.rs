//! The grades as tables, for the terminal and for the page alike.

use std::collections::{BTreeMap, BTreeSet};

use eval::grade::{Bar, ForecastRow, Listed, Named, Report, Score, Verdict};

use crate::report::Table;

/// Most rows of a list that are shown; `grades.json` has every case.
const MAX_ROWS: usize = 60;

/// Every table that has rows, the most important first.
pub(crate) fn all(report: &Report) -> Vec<Table> {
    let mut tables = vec![
        Table::new("Bars", &["measure", "measured", "bar", ""], report.bars.iter().map(bar).collect()),
        scores("Overall and by detector", "detector", &with_overall(report)),
        causes(report),
        scores("Every rule as if it were the only one", "rule", &report.rules),
        scores("By family of scenarios", "family", &report.families),
        scores("By difficulty", "difficulty", &report.difficulties),
        Table::new(
            "Forecasts",
            &[
                "stretch",
                "metric",
                "ahead",
                "made",
                "in the 80 % band",
                "below it",
                "error",
                "of the last value",
            ],
            report.forecasts.iter().map(forecast).collect(),
        ),
    ];
    tables.extend([
        list(
            "Missed: a fault that breaks an objective, and no true incident (s after the onset)",
            &report.missed,
        ),
        misled(&report.misled),
        list(
            "Late: the first true incident came more than 30 s after the onset (s after the onset)",
            &report.late,
        ),
        list("False incidents (s after the onset; benign ones after the start)", &report.false_incidents),
        list("Faults that break no objective (not counted in recall)", &report.harmless),
    ]);
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn with_overall(report: &Report) -> Vec<Named> {
    let overall = Named { name: "all".to_owned(), score: report.overall.clone() };
    std::iter::once(overall).chain(report.detectors.iter().cloned()).collect()
}

fn bar(bar: &Bar) -> Vec<String> {
    let Bar { measure, value, at_least, at_most, passed } = bar;
    let limit = match (at_least, at_most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("≥ {least}"),
        (None, Some(most)) => format!("≤ {most}"),
        (None, None) => String::new(),
    };
    let verdict = match passed {
        Some(true) => "pass",
        Some(false) => "MISSED",
        None => "not measured",
    };
    vec![(*measure).to_owned(), number(*value, 3), limit, verdict.to_owned()]
}

fn scores(title: &str, what: &'static str, named: &[Named]) -> Table {
    let header = [
        what,
        "found",
        "recall",
        "true",
        "collateral",
        "false",
        "precision",
        "F1",
        "median s",
        "p95 s",
        "repeats",
        "a fault",
        "benign h",
        "false/day",
        "at most",
    ];
    Table::new(title, &header, named.iter().map(score).collect())
}

fn score(named: &Named) -> Vec<String> {
    let Named { name, score } = named;
    let Score {
        faults,
        found,
        true_incidents,
        collateral,
        false_incidents,
        repeats,
        incidents_per_fault,
        symptoms_per_fault: _,
        cause_top1: _,
        cause_top3: _,
        cause_top1_at_end: _,
        cause_top3_at_end: _,
        precision,
        recall,
        f1,
        time_to_detect_median_s,
        time_to_detect_p95_s,
        benign_hours,
        benign_incidents: _,
        false_per_day,
        false_per_day_at_most,
    } = score;
    vec![
        name.clone(),
        format!("{found} of {faults}"),
        number(*recall, 3),
        true_incidents.to_string(),
        collateral.to_string(),
        false_incidents.to_string(),
        number(*precision, 3),
        number(*f1, 3),
        number(*time_to_detect_median_s, 0),
        number(*time_to_detect_p95_s, 0),
        repeats.to_string(),
        number(*incidents_per_fault, 1),
        format!("{benign_hours:.0}"),
        number(*false_per_day, 2),
        number(*false_per_day_at_most, 2),
    ]
}

fn causes(report: &Report) -> Table {
    let header = [
        "family or difficulty",
        "incidents a fault",
        "symptoms a fault",
        "top-1",
        "top-3",
        "top-1 at the end",
        "top-3 at the end",
    ];
    let overall = Named { name: "all".to_owned(), score: report.overall.clone() };
    let named = std::iter::once(&overall).chain(&report.families).chain(&report.difficulties);
    let row = |Named { name, score }: &Named| {
        let Score { incidents_per_fault, symptoms_per_fault, cause_top1, cause_top3, .. } = score;
        vec![
            name.clone(),
            number(*incidents_per_fault, 1),
            number(*symptoms_per_fault, 1),
            number(*cause_top1, 3),
            number(*cause_top3, 3),
            number(score.cause_top1_at_end, 3),
            number(score.cause_top3_at_end, 3),
        ]
    };
    let rows = named.filter(|named| named.score.faults > 0).map(row).collect();
    Table::new("Root cause, a minute after the incident opened and at the end", &header, rows)
}

fn forecast(row: &ForecastRow) -> Vec<String> {
    let ForecastRow { stretch, metric, horizon_s, made, coverage, below, error, naive_error } = row;
    vec![
        (*stretch).to_owned(),
        (*metric).to_owned(),
        format!("{} min", horizon_s / 60),
        made.to_string(),
        format!("{:.1} %", coverage * 100.0),
        format!("{:.1} %", below * 100.0),
        format!("{error:.2}"),
        format!("{naive_error:.2}"),
    ]
}

/// Cases that differ in seed and time only are one row.
fn list(title: &str, cases: &[Listed]) -> Table {
    let mut alike: BTreeMap<(&str, &str, &str, Option<&str>), Vec<&Listed>> = BTreeMap::new();
    for case in cases {
        let Listed { scenario, rule, target, verdict, .. } = case;
        alike.entry((scenario, rule, target, verdict.map(Verdict::as_str))).or_default().push(case);
    }
    let rows = alike.into_iter().take(MAX_ROWS).map(|((scenario, rule, target, verdict), cases)| {
        let [scenario, rule, target, verdict] =
            [scenario, rule, target, verdict.unwrap_or_default()].map(str::to_owned);
        let after_onset = |time: fn(&Listed) -> Option<f64>| {
            range(cases.iter().filter_map(|case| Some(time(case)? - case.onset_s.unwrap_or(0.0))))
        };
        let [broken, opened] = [after_onset(|case| case.broken_s), after_onset(|case| case.opened_s)];
        vec![scenario, seeds(&cases), broken, opened, rule, target, verdict]
    });
    let header = ["scenario", "seeds", "broken s", "opened s", "rule", "target", "verdict"];
    Table::new(&format!("{title}: {}", cases.len()), &header, rows.collect())
}

/// Faults that were put down to something else.
fn misled(cases: &[Listed]) -> Table {
    let mut alike: BTreeMap<(&str, String), Vec<&Listed>> = BTreeMap::new();
    for case in cases {
        alike.entry((&case.scenario, case.suspects.join(", "))).or_default().push(case);
    }
    let rows = alike.into_iter().take(MAX_ROWS);
    let rows = rows.map(|((scenario, suspects), cases)| vec![scenario.to_owned(), seeds(&cases), suspects]);
    let title = format!("Misled: the root cause is not the first suspect after 1 min: {}", cases.len());
    Table::new(&title, &["scenario", "seeds", "suspects, most likely first"], rows.collect())
}

fn seeds(cases: &[&Listed]) -> String {
    let seeds: BTreeSet<u64> = cases.iter().map(|case| case.seed).collect();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    seeds.join(" ")
}

fn range(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    let (least, most) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
    match (least, most) {
        (Some(least), Some(most)) if most > least => format!("{least:.0} to {most:.0}"),
        (least, _) => number(least, 0),
    }
}

/// A number with so many decimals; a dash when there is none.
fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}
