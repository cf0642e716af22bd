//! `microcloud rules import`: alerts of Prometheus.

use proto::ops::v1::RuleDefinition;
use serde_json::json;

use crate::api;
use crate::cli::ImportOptions;
use crate::output::{self, Failure};
use crate::stack::Target;

use super::prometheus::{self, Imported, Translated};
use super::{apply, file};

pub(super) async fn run(target: &Target, options: &ImportOptions) -> Result<(), Failure> {
    let text = file::text(&options.file, prometheus::MAX_FILE_BYTES)?;
    let Imported { mut alerts, recordings } = prometheus::import(&text, options.divide_time)
        .map_err(|error| Failure::Usage(format!("{}: {error}", options.file.display())))?;
    for alert in &mut alerts {
        refuse_mistakes(alert);
    }
    let rules: Vec<RuleDefinition> = alerts.iter().filter_map(|alert| alert.rule.clone().ok()).collect();
    let applied = match &options.out {
        _ if rules.is_empty() => Vec::new(),
        Some(path) => {
            let doing = format!("write {}", path.display());
            std::fs::write(path, file::write(&rules)?).map_err(|error| Failure::because(&doing, &error))?;
            Vec::new()
        }
        None => apply::apply(&api::rules(target)?, &rules, &options.change).await?,
    };
    if options.change.json {
        let told = |alert: &Translated| {
            let name = alert.rule.as_ref().ok().map(|rule| &rule.name);
            json!({ "alert": alert.alert, "rule": name, "why_not": alert.rule.as_ref().err(), "notes": alert.notes })
        };
        let told: Vec<_> = alerts.iter().map(told).collect();
        let counts = (rules.len(), recordings);
        output::json(
            &json!({ "alerts": told, "imported": counts.0, "recording_rules": counts.1, "applied": applied }),
        )?;
    } else {
        print(&alerts, recordings);
        apply::print(&applied);
    }
    let skipped = alerts.len() - rules.len();
    if skipped > 0 {
        return Err(Failure::Failed(format!(
            "{skipped} of {} alerts cannot be evaluated here; each is listed with the reason",
            alerts.len()
        )));
    }
    Ok(())
}

/// What our own checks say about a rule that came out: a contradiction of the alert itself.
fn refuse_mistakes(alert: &mut Translated) {
    let Ok(rule) = &alert.rule else { return };
    if let Err(mistakes) = rulebook::checked(std::slice::from_ref(rule)) {
        alert.rule = Err(mistakes.to_string());
    }
}

fn print(alerts: &[Translated], recordings: usize) {
    let row = |alert: &Translated| match &alert.rule {
        Ok(rule) => {
            let mut told = super::fires_when(rule);
            for note in &alert.notes {
                told += &format!("\n({note})");
            }
            vec![alert.alert.clone(), rule.name.clone(), told]
        }
        Err(why) => vec![alert.alert.clone(), "-".to_owned(), why.clone()],
    };
    output::table(&["ALERT", "RULE", "FIRES WHEN, OR WHY NOT"], alerts.iter().map(row).collect());
    let imported = alerts.iter().filter(|alert| alert.rule.is_ok()).count();
    let recorded =
        if recordings == 0 { String::new() } else { format!("; {recordings} recording rules alert nobody") };
    output::line(format!("\n{imported} of {} alerts can be evaluated here{recorded}", alerts.len()));
}
