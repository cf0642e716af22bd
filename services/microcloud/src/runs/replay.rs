//! `microcloud replay`: computes a recorded run again and compares.

use serde_json::json;
use sim::Workers;
use sim::recording::{Diverged, Recording, Replay};

use crate::cli::ReplayOptions;
use crate::output::{self, Failure};

use super::story::Story;
use super::{branch, hex, read, seconds, workers};

pub(crate) fn run(options: &ReplayOptions) -> Result<(), Failure> {
    let workers = workers(options.compute.threads)?;
    let recording = read(&options.file)?;
    match options.branch_at {
        Some(at) => branch::run(&recording, at, options, &workers),
        None => reproduce(&recording, options, &workers),
    }
}

/// Computes some ticks of a recording again.
pub(super) fn compute(
    replay: &mut Replay<'_>,
    until_tick: u64,
    workers: &Workers,
    story: &mut Story,
) -> Result<(), Diverged> {
    let mut events = Vec::new();
    while replay.world().tick() < until_tick && !replay.is_over() {
        replay.step_with(workers, &mut events)?;
        story.hear(replay.world(), &mut events);
    }
    story.end(replay.world());
    Ok(())
}

/// A difference is an answer, and a failure.
pub(crate) fn differs(diverged: &Diverged, recording: &Recording) -> Failure {
    Failure::Failed(format!(
        "this is not the run that {} recorded: {diverged}. The model has changed without a new version, or the machine \
         computes wrong: please report it",
        recording.recorded_by
    ))
}

fn reproduce(recording: &Recording, options: &ReplayOptions, workers: &Workers) -> Result<(), Failure> {
    let mut replay = recording.replay();
    let mut story = Story::of(replay.world());
    let compared = compute(&mut replay, recording.ticks, workers, &mut story);
    let hash = hex(&replay.world().telemetry_hash());
    if options.compute.json {
        story.end(replay.world());
        let mut report = story.json();
        report.insert("scenario".to_owned(), json!(recording.scenario.name));
        report.insert("seed".to_owned(), json!(recording.seed));
        report.insert("recorded_by".to_owned(), json!(recording.recorded_by));
        report.insert("hash".to_owned(), json!(hash));
        report.insert("recorded_hash".to_owned(), json!(hex(&recording.hash)));
        report.insert("reproduced".to_owned(), json!(compared.is_ok()));
        let differs_at = compared.as_ref().err().map(|diverged| diverged.tick);
        report.insert("differs_at_tick".to_owned(), json!(differs_at));
        output::json(&report)?;
    }
    compared.map_err(|diverged| differs(&diverged, recording))?;
    if !options.compute.json {
        output::line(format!(
            "{}, seed {}, {} s, recorded by {}{}\n",
            recording.scenario.name,
            recording.seed,
            seconds(recording.ticks),
            recording.recorded_by,
            origin(recording),
        ));
        story.print();
        output::line(format!("hash       {hash}"));
        output::line(format!("reproduced: all {} samples are as recorded", recording.trail.len()));
    }
    Ok(())
}

fn origin(recording: &Recording) -> String {
    recording.origin.map_or_else(String::new, |origin| {
        format!(
            "; a branch from {} s on of the run with hash {}…",
            seconds(origin.tick),
            hex(&origin.hash[..8])
        )
    })
}
