//! The card: what would come of each option, as a table.

use proto::ops::v1::{
    Band, BlastRadius, Expected, PlannedAction, Prediction, PredictionCame, Preview, PreviewOption,
};

use crate::{actions, output};

/// Place of the proposal among the options of a preview that is about one.
pub(crate) const PROPOSAL: usize = 1;

/// Callers that are named; there may be many.
const CALLERS_NAMED: usize = 3;

/// Prints the options, best first, and says of a proposal what is to be known before it is approved.
pub(crate) fn print(preview: &Preview, proposal: Option<usize>) {
    let time = preview.time.as_ref().map(output::time).unwrap_or_default();
    output::line(format!(
        "What would come of it in the next {} simulated s, seen from {time} (simulated), tick {}, under up to {} futures of chance:",
        preview.horizon_s, preview.tick, preview.futures
    ));
    output::table(
        &[
            "PLACE",
            "OPTION",
            "FAIL OR SLOW",
            "P99 AT THE END",
            "FAILING AT THE END",
            "OBJECTIVE BROKEN",
            "COST",
            "HOW SURE",
            "TOUCHES",
        ],
        rows(preview, proposal),
    );
    let refused = refused(preview);
    let warning = proposal.and_then(|proposal| warning(preview, proposal));
    if warning.is_some() || !refused.is_empty() {
        output::line("");
    }
    for text in refused.into_iter().chain(warning) {
        output::line(text);
    }
}

/// Prints what was expected of a proposal when it was made, beside what came.
pub(crate) fn print_prediction(prediction: &Prediction) {
    let time = prediction.made_at.as_ref().map(output::time).unwrap_or_default();
    output::line(format!(
        "What was expected when it was proposed, at {time} (simulated), of the minute that ends {} simulated s later:",
        prediction.horizon_s
    ));
    output::table(&["", "P99", "FAILING"], compared(prediction));
}

fn compared(prediction: &Prediction) -> Vec<Vec<String>> {
    let expected = |name: &str, expected: Option<&Expected>| {
        let of = |band: fn(&Expected) -> Option<&Band>| expected.and_then(band);
        let (p99, error) = (of(|told| told.p99_ms.as_ref()), of(|told| told.error_pct.as_ref()));
        vec![name.to_owned(), band(p99, "ms"), band(error, "%")]
    };
    let came = match prediction.came() {
        PredictionCame::Unspecified => "what came is not known yet",
        PredictionCame::Acted => "what came: it was done",
        PredictionCame::NotActed => "what came: nothing was done",
        PredictionCame::NotComparable => "what came cannot be compared",
    };
    let got = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{} {unit}", number(value)))
    };
    vec![
        expected("with the action", prediction.action.as_ref()),
        expected("with nothing done", prediction.nothing.as_ref()),
        vec![came.to_owned(), got(prediction.came_p99_ms, "ms"), got(prediction.came_error_pct, "%")],
    ]
}

fn rows(preview: &Preview, proposal: Option<usize>) -> Vec<Vec<String>> {
    let computed = preview.options.iter().enumerate().filter(|(_, option)| option.rank > 0);
    let mut options: Vec<(usize, &PreviewOption)> = computed.collect();
    options.sort_by_key(|(_, option)| option.rank);
    let nothing = preview.options.first();
    options.into_iter().map(|(place, option)| row(option, nothing, proposal == Some(place))).collect()
}

fn refused(preview: &Preview) -> Vec<String> {
    let refused = preview.options.iter().filter(|option| !option.refused.is_empty());
    refused.map(|option| format!("{} would be refused now: {}", title(option), option.refused)).collect()
}

fn row(option: &PreviewOption, nothing: Option<&PreviewOption>, proposed: bool) -> Vec<String> {
    let mut name = title(option);
    if proposed {
        name += " (proposed)";
    }
    vec![
        option.rank.to_string(),
        name,
        band(option.bad_pct.as_ref(), "%"),
        band(option.p99_ms.as_ref(), "ms"),
        band(option.error_pct.as_ref(), "%"),
        band(option.slo_minutes.as_ref(), "min"),
        cost(option, nothing),
        certainty(option, nothing),
        option.blast_radius.as_ref().map_or_else(|| "nothing".to_owned(), touched),
    ]
}

/// What is to be known before a proposal is approved; `None` when it is the best option.
fn warning(preview: &Preview, proposal: usize) -> Option<String> {
    let proposed = preview.options.get(proposal)?;
    if !proposed.refused.is_empty() {
        return Some(format!("The cloud would refuse the proposal now: {}", proposed.refused));
    }
    let best = preview.options.iter().find(|option| option.rank == 1).filter(|_| proposed.rank != 1);
    let better = best.map(|best| format!(" Better: {}.", title(best)));
    if proposed.harms > 0.5 {
        let sure = certainty(proposed, preview.options.first());
        return Some(format!("The proposal probably does harm: {sure}.{}", better.unwrap_or_default()));
    }
    better.map(|better| format!("The proposal is not the best option.{better}"))
}

fn title(option: &PreviewOption) -> String {
    option.action.as_ref().map_or_else(
        || "do nothing".to_owned(),
        |action: &PlannedAction| actions::words(action.r#type(), &action.target_id, action.replicas.max(1)),
    )
}

/// For example `120 ms (90 to 200)`: the middle future, and where eight in ten of them lie.
fn band(band: Option<&Band>, unit: &str) -> String {
    let Some(band) = band else { return "no data".to_owned() };
    let (low, mid, high) = (number(band.low), number(band.mid), number(band.high));
    if low == high { format!("{mid} {unit}") } else { format!("{mid} {unit} ({low} to {high})") }
}

/// Three digits are what a person compares.
fn number(value: f64) -> String {
    match value.abs() {
        size if size < 0.005 => "0".to_owned(),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Core hours: all of them when nothing is done, else what is to be paid beyond those.
fn cost(option: &PreviewOption, nothing: Option<&PreviewOption>) -> String {
    let of = |option: &PreviewOption| option.core_hours.as_ref().map(|band| band.mid);
    let Some(all) = of(option) else { return "no data".to_owned() };
    match nothing.filter(|_| option.action.is_some()).and_then(of) {
        None => format!("{} core h", number(all)),
        Some(otherwise) => {
            let more = all - otherwise;
            let sign = if more < -0.005 { "" } else { "+" };
            format!("{sign}{} core h", number(more))
        }
    }
}

/// For example `helps in 7 of 8 futures`. Where one side's futures agreed, so that fewer were computed, they are compared with all of
/// the other side.
fn certainty(option: &PreviewOption, nothing: Option<&PreviewOption>) -> String {
    if option.action.is_none() {
        return "-".to_owned();
    }
    let futures = option.futures.max(nothing.map_or(0, |nothing| nothing.futures));
    let told: Vec<String> = [("helps", option.helps), ("harms", option.harms)]
        .into_iter()
        .filter(|(_, share)| *share > 0.0)
        .map(|(word, share)| format!("{word} in {:.0} of {futures} futures", share * f64::from(futures)))
        .collect();
    if told.is_empty() { format!("no difference in {futures} of {futures} futures") } else { told.join(", ") }
}

/// For example `2 of 24 replicas of orders-db; called by orders, gateway`.
fn touched(blast: &BlastRadius) -> String {
    let services = blast.services.join(", ");
    let mut text = format!("{} of {} replicas: {services}", blast.replicas, blast.of_replicas);
    if let [_, ..] = blast.callers.as_slice() {
        let named = blast.callers.iter().take(CALLERS_NAMED).cloned().collect::<Vec<_>>().join(", ");
        text += &format!("; called by {named}");
    }
    if let more @ 1.. = blast.callers.len().saturating_sub(CALLERS_NAMED) {
        text += &format!(" and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(target_id: &str, replicas: u32) -> PlannedAction {
        PlannedAction { r#type: 2, target_id: target_id.to_owned(), replicas }
    }

    fn flat(mid: f64) -> Band {
        Band { low: mid, mid, high: mid }
    }

    fn preview() -> Preview {
        let nothing = PreviewOption {
            rank: 2,
            futures: 8,
            bad_pct: Some(Band { low: 30.0, mid: 36.24, high: 41.0 }),
            core_hours: Some(flat(1.5)),
            ..PreviewOption::default()
        };
        let scale = PreviewOption {
            action: Some(action("orders-db", 0)),
            rank: 1,
            futures: 2,
            p99_ms: Some(Band { low: 90.0, mid: 123.4, high: 1_200.0 }),
            bad_pct: Some(flat(0.1)),
            core_hours: Some(flat(1.83)),
            helps: 0.875,
            harms: 0.125,
            blast_radius: Some(BlastRadius {
                services: vec!["orders-db".to_owned()],
                replicas: 2,
                of_replicas: 24,
                callers: ["a", "b", "c", "d"].map(ToOwned::to_owned).to_vec(),
            }),
            ..PreviewOption::default()
        };
        let refused = PreviewOption {
            action: Some(action("gone", 1)),
            refused: "there is no service gone".to_owned(),
            ..PreviewOption::default()
        };
        Preview { options: vec![nothing, refused, scale], ..Preview::default() }
    }

    #[test]
    fn options_come_best_first_with_units_and_bands() {
        let rows = rows(&preview(), Some(2));
        assert_eq!(
            rows[0],
            [
                "1",
                "SCALE_UP orders-db +1 (proposed)",
                "0.10 %",
                "123 ms (90.0 to 1200)",
                "no data",
                "no data",
                "+0.33 core h",
                "helps in 7 of 8 futures, harms in 1 of 8 futures",
                "2 of 24 replicas: orders-db; called by a, b, c and 1 more"
            ]
        );
        assert_eq!(rows[1][..3], ["2", "do nothing", "36.2 % (30.0 to 41.0)"]);
        assert_eq!(rows[1][6..], ["1.50 core h", "-", "nothing"]);
        assert_eq!(rows.len(), 2);
        assert_eq!(refused(&preview()), ["SCALE_UP gone +1 would be refused now: there is no service gone"]);
    }

    #[test]
    fn what_came_stands_under_what_was_expected() {
        let expected =
            |p99_ms| Expected { p99_ms: Some(flat(p99_ms)), error_pct: Some(flat(0.5)), bad_pct: None };
        let mut prediction = Prediction {
            action: Some(expected(120.0)),
            nothing: Some(expected(900.0)),
            ..Prediction::default()
        };
        assert_eq!(compared(&prediction)[2], ["what came is not known yet", "-", "-"]);
        prediction.set_came(PredictionCame::Acted);
        (prediction.came_p99_ms, prediction.came_error_pct) = (Some(118.0), Some(0.4));
        assert_eq!(
            compared(&prediction),
            [
                ["with the action", "120 ms", "0.50 %"],
                ["with nothing done", "900 ms", "0.50 %"],
                ["what came: it was done", "118 ms", "0.40 %"]
            ]
        );
    }

    #[test]
    fn a_proposal_that_is_refused_harms_or_is_not_the_best_is_told_of() {
        let mut preview = preview();
        assert_eq!(warning(&preview, 2), None);
        assert!(warning(&preview, 1).is_some_and(|text| text.contains("there is no service gone")));
        (preview.options[0].rank, preview.options[2].rank) = (1, 2);
        assert_eq!(
            warning(&preview, 2).as_deref(),
            Some("The proposal is not the best option. Better: do nothing.")
        );
        (preview.options[2].helps, preview.options[2].harms) = (0.0, 0.75);
        assert_eq!(
            warning(&preview, 2).as_deref(),
            Some("The proposal probably does harm: harms in 6 of 8 futures. Better: do nothing.")
        );
    }
}
