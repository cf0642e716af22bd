//! `microcloud replay --branch-at`: the same run up to a moment, and another one from there.

use std::time::Duration;

use serde_json::json;
use sim::recording::{Recorder, Recording};
use sim::world::view::TopologyView;
use sim::{Act, ActionKind, Command, FaultKind, FaultSpec, Target, Workers};

use crate::cli::ReplayOptions;
use crate::folders;
use crate::output::{self, Failure};

use super::replay::{compute, differs};
use super::story::Story;
use super::{hex, seconds, ticks, write};

pub(super) fn run(
    recording: &Recording,
    at: Duration,
    options: &ReplayOptions,
    workers: &Workers,
) -> Result<(), Failure> {
    let at = if at.is_zero() { 0 } else { ticks("--branch-at", at)? };
    if at > recording.ticks {
        let end = seconds(recording.ticks);
        return Err(Failure::Usage(format!("--branch-at is after the end of the recording, {end} s")));
    }
    let end = match options.length {
        Some(length) => at + ticks("--for", length)?,
        None if at == recording.ticks => {
            return Err(Failure::Usage(
                "the branch begins at the end of the recording: say with --for how long it goes on"
                    .to_owned(),
            ));
        }
        None => recording.ticks,
    };
    let mut replay = recording.replay();
    let mut before = Story::of(replay.world());
    compute(&mut replay, at, workers, &mut before).map_err(|diverged| differs(&diverged, recording))?;

    let mut recorded = replay.clone();
    let mut as_recorded = Story::of(recorded.world());
    compute(&mut recorded, end, workers, &mut as_recorded)
        .map_err(|diverged| differs(&diverged, recording))?;

    let mut branch = replay.branch();
    change(&mut branch, options)?;
    let mut story = Story::of(branch.world());
    let mut events = Vec::new();
    while branch.world().tick() < end {
        branch.step_with(workers, &mut events);
        story.hear(branch.world(), &mut events);
    }
    story.end(branch.world());
    let branch = branch.finish();
    let written = options.out.as_deref().map(|path| write(path, &branch)).transpose()?;
    if options.compute.json {
        let mut report = story.json();
        report.insert("branch_at_tick".to_owned(), json!(at));
        report.insert("hash".to_owned(), json!(hex(&branch.hash)));
        report.insert("recorded_hash".to_owned(), json!(hex(&recording.hash)));
        report.insert("as_recorded".to_owned(), json!(as_recorded.json()));
        report.insert("out".to_owned(), json!(options.out));
        return output::json(&report);
    }
    output::line(format!("From {} s on:\n", seconds(at)));
    story.print();
    output::line(format!(
        "as recorded {:.2} % were not answered well in this time",
        as_recorded.unanswered_percent()
    ));
    output::line(format!("hash       {}", hex(&branch.hash)));
    if let (Some(path), Some(bytes)) = (&options.out, written) {
        output::line(format!("recorded   {} ({bytes} bytes)", path.display()));
    }
    Ok(())
}

/// Makes the branch different.
fn change(branch: &mut Recorder, options: &ReplayOptions) -> Result<(), Failure> {
    if let Some(name) = &options.scenario {
        let scenario = folders::scenario(name, options.compute.scenarios.as_deref())?;
        apply(branch, &Command::SetScenario(scenario))?;
    }
    if let Some(seed) = options.seed {
        branch.reseed(seed);
    }
    for text in &options.inject {
        let fault = fault(text, &branch.world().topology())?;
        apply(branch, &Command::InjectFault(fault))?;
    }
    for (position, text) in options.act.iter().enumerate() {
        let id = format!("branch-{}-{position}", branch.world().tick());
        let act = act(text, id, &branch.world().topology())?;
        apply(branch, &Command::Act(act))?;
    }
    Ok(())
}

fn apply(branch: &mut Recorder, command: &Command) -> Result<(), Failure> {
    branch.apply(command).map(drop).map_err(|error| Failure::Refused(error.to_string()))
}

/// The parts of `KIND:TARGET` or `KIND:TARGET:NUMBER`.
fn parts<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str, Option<f64>), Failure> {
    let wrong = || Failure::Usage(format!("{option} is {text:?}: write KIND:TARGET or KIND:TARGET:NUMBER"));
    let mut parts = text.splitn(3, ':');
    let (Some(kind), Some(target)) = (parts.next(), parts.next()) else { return Err(wrong()) };
    let number = parts.next().map(|number| number.parse::<f64>().map_err(|_| wrong())).transpose()?;
    Ok((kind, target, number))
}

fn fault(text: &str, topology: &TopologyView) -> Result<FaultSpec, Failure> {
    let (kind, id, severity) = parts("--inject", text)?;
    let kind = FaultKind::by_name(kind).map_err(|error| Failure::Usage(format!("--inject: {error}")))?;
    let target = target(id, topology)?;
    Ok(FaultSpec { severity: severity.unwrap_or_default(), ..FaultSpec::new(kind, target) })
}

/// A bare id names a service, a node or a zone; ids are unique across the three in a topology.
fn target(id: &str, topology: &TopologyView) -> Result<Target, Failure> {
    if topology.services.iter().any(|service| &*service.id == id) {
        Ok(Target::service(id))
    } else if topology.nodes.iter().any(|node| &*node.id == id) {
        Ok(Target::node(id))
    } else if topology.zones.iter().any(|zone| &**zone == id) {
        Ok(Target::zone(id))
    } else if id == "simulation" {
        Ok(Target::simulation())
    } else {
        let mut names: Vec<&str> = topology.services.iter().map(|service| &*service.id).collect();
        names.extend(topology.nodes.iter().map(|node| &*node.id));
        names.extend(topology.zones.iter().map(|zone| &**zone));
        Err(Failure::Usage(format!("nothing is called {id:?}: use one of {}", names.join(", "))))
    }
}

/// An action on its target as it is now.
fn act(text: &str, command_id: String, topology: &TopologyView) -> Result<Act, Failure> {
    let (kind, target, replicas) = parts("--act", text)?;
    let kind = ActionKind::by_name(&kind.to_ascii_uppercase()).ok_or_else(|| {
        let known = ActionKind::ALL.map(ActionKind::name).join(", ");
        Failure::Usage(format!("--act: there is no action {kind:?}; use one of {known}"))
    })?;
    let service = topology.services.iter().find(|service| &*service.id == target);
    let node = topology.nodes.iter().find(|node| &*node.id == target);
    let version = service.map(|service| service.version).or(node.map(|node| node.version));
    let target_version = version.ok_or_else(|| {
        let mut names: Vec<&str> = topology.services.iter().map(|service| &*service.id).collect();
        names.extend(topology.nodes.iter().map(|node| &*node.id));
        Failure::Usage(format!("--act: nothing is called {target:?}: use one of {}", names.join(", ")))
    })?;
    let replicas = replicas.unwrap_or_default() as u32;
    Ok(Act {
        action_id: command_id.clone(),
        command_id,
        kind,
        target: target.to_owned(),
        target_version,
        replicas,
    })
}
