//! `microcloud grade previews`: what was predicted of actions, against what came. Needs no server.

use eval::calibration::{self, Case, Options, Report};
use preview::Plan;

use crate::cli::PreviewGradeOptions;
use crate::output::{self, Failure};
use crate::{folders, report, runs};

/// A line of progress every so many looks.
const TOLD_EVERY: usize = 20;
/// Most misled cases that are shown; previews.json has every case.
const MAX_ROWS: usize = 30;

pub(crate) fn run(options: &PreviewGradeOptions) -> Result<(), Failure> {
    let plan = Plan::new(options.futures, options.horizon)
        .map_err(|error| Failure::Usage(format!("--futures, --horizon: {error}")))?;
    let looking =
        Options { seeds: options.seeds, plan, workers: runs::one_a_core(options.catalogue.threads)? };
    let told = |done: usize, all: usize| {
        if done.is_multiple_of(TOLD_EVERY) || done == all {
            output::progress(format!("grade: {done} of {all} looks ahead"));
        }
    };
    let grades = calibration::calibrate(
        &folders::named_or_all(&options.catalogue.names, options.catalogue.scenarios.as_deref())?,
        &looking,
        &told,
    )
    .map_err(|error| Failure::Refused(error.to_string()))?;
    if let Some(folder) = &options.out {
        report::write(folder, [("previews.json", report::document(&grades)?)])?;
        output::progress(format!("grade: previews.json in {}", folder.display()));
    }
    if options.json {
        return output::json(&grades);
    }
    summary(&grades);
    misled(&grades.cases);
    Ok(())
}

fn summary(grades: &Report) {
    let Report { best_pct, regret_minutes, p99_in_band_pct, bad_in_band_pct, cases, .. } = grades;
    let row = |measure: &str, value: String, bar: &str| vec![measure.to_owned(), value, bar.to_owned()];
    output::table(
        &["measure", "measured", "bar"],
        vec![
            row("looks ahead", cases.len().to_string(), ""),
            row("best-predicted option is the best", format!("{best_pct:.1} %"), "≥ 90 %"),
            row("lost beyond the best, mean", format!("{regret_minutes:.2} min"), ""),
            row("p99 lies in the 80 % band", format!("{p99_in_band_pct:.1} %"), "75 – 90 %"),
            row("bad requests lie in the 80 % band", format!("{bad_in_band_pct:.1} %"), ""),
        ],
    );
}

fn misled(cases: &[Case]) {
    let mut worst: Vec<&Case> = cases.iter().filter(|case| case.is_misled()).collect();
    worst.sort_by(|a, b| b.regret().total_cmp(&a.regret()));
    if worst.is_empty() {
        return;
    }
    output::line("\nAnother option was better than the one that was predicted to be best");
    let named = |action: &str| if action.is_empty() { "nothing".to_owned() } else { action.to_owned() };
    let row = |case: &&Case| {
        let predicted = case.options.iter().find(|option| option.rank == 1);
        let best = case.options.iter().min_by(|a, b| a.loss.total_cmp(&b.loss));
        vec![
            case.scenario.clone(),
            case.seed.to_string(),
            predicted.map(|option| named(&option.action)).unwrap_or_default(),
            best.map(|option| named(&option.action)).unwrap_or_default(),
            format!("{:.2} min", case.regret()),
        ]
    };
    output::table(
        &["scenario", "seed", "predicted best", "best", "lost beyond it"],
        worst.iter().take(MAX_ROWS).map(row).collect(),
    );
}
