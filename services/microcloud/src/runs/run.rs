//! `microcloud run`: computes a run, and keeps it if asked to.

use std::time::Duration;

use serde_json::json;
use sim::recording::Recorder;

use crate::cli::RunOptions;
use crate::folders;
use crate::output::{self, Failure};

use super::story::Story;
use super::{hex, seconds, ticks, workers, write};

/// Length of a run when neither the caller nor the scenario says.
const USUAL_LENGTH: Duration = Duration::from_secs(600);

pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let workers = workers(options.compute.threads)?;
    let scenario = folders::scenario(&options.scenario, options.compute.scenarios.as_deref())?;
    let seed = options.seed.unwrap_or(scenario.seed);
    let own_length = (scenario.duration_s > 0.0).then(|| Duration::from_secs_f64(scenario.duration_s));
    let length = ticks("--for", options.length.or(own_length).unwrap_or(USUAL_LENGTH))?;

    let mut recorder = Recorder::new(scenario.clone(), seed);
    let mut story = Story::of(recorder.world());
    let mut events = Vec::new();
    while recorder.world().tick() < length {
        recorder.step_with(&workers, &mut events);
        story.hear(recorder.world(), &mut events);
    }
    story.end(recorder.world());

    let recording = recorder.finish();
    let written = options.out.as_deref().map(|path| write(path, &recording)).transpose()?;
    let hash = hex(&recording.hash);
    if options.compute.json {
        let mut report = story.json();
        report.insert("scenario".to_owned(), json!(scenario.name));
        report.insert("seed".to_owned(), json!(seed));
        report.insert("threads".to_owned(), json!(workers.count()));
        report.insert("hash".to_owned(), json!(hash));
        report.insert("out".to_owned(), json!(options.out));
        return output::json(&report);
    }
    output::line(format!(
        "{}, seed {seed}, {} s: {}\n",
        scenario.name,
        seconds(length),
        scenario.description
    ));
    story.print();
    output::line(format!("hash       {hash}"));
    if let (Some(path), Some(bytes)) = (&options.out, written) {
        output::line(format!("recorded   {} ({bytes} bytes)", path.display()));
    }
    Ok(())
}
