//! A report as a page in Markdown with a plot.

use eval::benchmark::Report;
use plotters::prelude::SeriesLabelPosition;

use super::tables;
use crate::picture::{self, Curve, Plot, Stroke};

/// Name of the plot's file.
pub(crate) const PLOT: &str = "losses.svg";

pub(crate) fn markdown(report: &Report) -> String {
    let Report { agent, model_version, seeds, rows, standing, .. } = report;
    let score = standing.score.map_or_else(|| "no score".to_owned(), |score| format!("{score:.1}"));
    let mut page = format!(
        "# {agent}: {score}\n\n\
         Written by `microcloud evaluate --out`; [what the words mean](../benchmark.md). {} episodes: every scenario with the seeds 1 to {seeds}; \
         model version {model_version}. The same in full: `report.json`.\n\n![What was lost in every scenario]({PLOT})\n",
        rows.len(),
    );
    for table in tables::all(report) {
        page.push_str(&table.markdown());
    }
    page
}

/// Minutes in which an objective was broken: scenarios from the one that costs the least when nobody acts to the one that costs most.
pub(crate) fn plot(report: &Report) -> Result<String, Box<dyn std::error::Error>> {
    let mut scenarios: Vec<_> = report.scenarios.iter().map(|scenario| &scenario.standing).collect();
    scenarios.sort_by(|a, b| a.slo_minutes_nothing.total_cmp(&b.slo_minutes_nothing));
    let sorted = |of: fn(&eval::benchmark::Standing) -> f64| {
        let mut values: Vec<f64> = scenarios.iter().map(|standing| of(standing)).collect();
        values.sort_by(f64::total_cmp);
        values.into_iter().enumerate().map(|(place, value)| ((place + 1) as f64, value)).collect::<Vec<_>>()
    };
    let (agent, nothing, oracle) = (
        sorted(|standing| standing.slo_minutes),
        sorted(|standing| standing.slo_minutes_nothing),
        sorted(|standing| standing.slo_minutes_oracle),
    );
    let curve = |name, points, stroke| Curve { name, stroke, points };
    let curves = vec![
        curve("nobody acts", &nothing, Stroke::Plain),
        curve(&report.agent, &agent, Stroke::Broad),
        curve("the best in hindsight", &oracle, Stroke::Plain),
    ];
    Ok(picture::svg(&Plot {
        title: "Minutes in which an objective is broken",
        x: "scenarios, from the one that loses least",
        y: "minutes of ten",
        legend: SeriesLabelPosition::UpperLeft,
        curves,
    })?)
}
