//! The grades as a page in Markdown.

use eval::grade::Report;

use super::plots::Picture;
use super::tables;

pub(crate) fn markdown(report: &Report, plots: &[Picture]) -> String {
    let Report { model_version, seeds, after_onset_s, benign_s, runs, .. } = report;
    let mut page = format!(
        "# How good the detectors are\n\n\
         Written by `microcloud grade detectors --out`; [what the words mean](../grades.md). {} runs: every scenario with {seeds} seeds, \
         {:.0} min after the onset, benign ones for {:.1} h; model version {model_version}. The same in full: `grades.json`.\n",
        runs.len(),
        after_onset_s / 60.0,
        benign_s / 3_600.0,
    );
    for plot in plots {
        page.push_str(&format!("\n![{}]({}.svg)\n", plot.title, plot.name));
    }
    for table in tables::all(report) {
        page.push_str(&table.markdown());
    }
    page
}
