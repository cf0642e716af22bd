//! Whatever the cloud and whatever is done to it: requests are conserved and no metric makes no sense.

use std::sync::Arc;

use proptest::prelude::*;
use sim::fault::kinds;
use sim::{
    Act, ActionKind, Command, FaultId, FaultKind, FaultSpec, MetricName, Scenario, Snapshot, Target,
    TargetKind, World,
};

use crate::random_cloud::{any_files, roomy_files};

/// A command, and how many ticks pass after it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) ticks: u8,
    what: u8,
    which: u8,
    severity: f64,
    lasts_s: f64,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Half of the faults last until they are cleared.
    let lasts_s = prop_oneof![Just(0.0), 0.05..5.0];
    let step = (1..60_u8, any::<u8>(), any::<u8>(), 0.0..=1.0, lasts_s);
    prop::collection::vec(
        step.prop_map(|(ticks, what, which, severity, lasts_s)| Step {
            ticks,
            what,
            which,
            severity,
            lasts_s,
        }),
        1..12,
    )
}

/// The command of a step, sensible or not; `other` is what the scenario may be switched to.
pub(crate) fn command(step: &Step, world: &World, other: &Arc<Scenario>) -> Command {
    let topology = world.topology();
    let service = &topology.services[usize::from(step.which) % topology.services.len()];
    let node = &topology.nodes[usize::from(step.which) % topology.nodes.len()];
    if step.what < 130 {
        let info = &kinds()[usize::from(step.what) % kinds().len()];
        let target = match info.targets[usize::from(step.which) % info.targets.len()] {
            TargetKind::Service => Target::service(&*service.id),
            TargetKind::Node => Target::node(&*node.id),
            TargetKind::Zone => Target::zone(&*topology.zones[usize::from(step.which) % 2]),
            TargetKind::Simulation => Target::simulation(),
        };
        return Command::InjectFault(FaultSpec {
            severity: step.severity,
            onset_s: step.lasts_s / 2.0,
            duration_s: step.lasts_s,
            persistent: step.which.is_multiple_of(3),
            ..FaultSpec::new(info.kind, target)
        });
    }
    if step.what < 150 {
        let id = world.faults().first().map_or_else(|| FaultId("none".to_owned()), sim::ActiveFault::id);
        return Command::ClearFault(id);
    }
    if step.what < 160 {
        let same = step.which.is_multiple_of(2);
        return Command::SetScenario(Arc::clone(if same { world.scenario() } else { other }));
    }
    if step.what < 165 {
        return Command::SetChaos(step.severity);
    }
    let kind = ActionKind::ALL[usize::from(step.what) % ActionKind::ALL.len()];
    let (target, target_version) =
        if kind == ActionKind::DrainNode { (&node.id, node.version) } else { (&service.id, service.version) };
    Command::Act(Act {
        command_id: format!("c{}", world.tick()),
        action_id: "a".to_owned(),
        kind,
        target: target.to_string(),
        target_version,
        replicas: u32::from(step.which % 4),
    })
}

/// Offered = completed + failed + growth of what is queued and in service.
fn check_flows(before: &[f64], world: &World) -> Result<(), TestCaseError> {
    for (flow, held) in world.flows().iter().zip(before) {
        let ends = flow.completed + flow.failed + flow.queued + flow.in_service - held;
        let scale = flow.offered.max(*held).max(1.0);
        prop_assert!((flow.offered - ends).abs() <= 1e-9 * scale, "offered {} ends {ends}", flow.offered);
        for part in [flow.offered, flow.completed, flow.failed, flow.queued, flow.in_service] {
            prop_assert!(part.is_finite() && part >= -1e-9 * scale, "{flow:?}");
        }
    }
    Ok(())
}

/// Every value is a number at least 0, or not measured for a reason; percentages stop at 100.
fn check_sample(sample: &Snapshot) -> Result<(), TestCaseError> {
    for columns in [&sample.services, &sample.nodes] {
        for (metric, values) in &columns.columns {
            for value in values {
                prop_assert!(value.is_nan() || (value.is_finite() && *value >= 0.0), "{metric} {value}");
                let percent = matches!(
                    metric,
                    MetricName::CpuUsage
                        | MetricName::MemoryUsage
                        | MetricName::DiskUsage
                        | MetricName::ErrorRate
                );
                prop_assert!(!percent || value.is_nan() || *value <= 100.0, "{metric} {value}");
            }
        }
    }
    for id in sample.services.ids.iter() {
        check_service(id, sample)?;
    }
    for id in sample.nodes.ids.iter() {
        let measured = |metric| sample.nodes.value(id, metric).is_some();
        prop_assert!(measured(MetricName::NetworkMbps) && measured(MetricName::Replicas), "{id}");
        // A node answers for all of its machine, or for nothing.
        prop_assert_eq!(measured(MetricName::CpuUsage), measured(MetricName::MemoryUsage), "{}", id);
    }
    Ok(())
}

fn check_service(id: &str, sample: &Snapshot) -> Result<(), TestCaseError> {
    let value = |metric| sample.services.value(id, metric);
    for always in [
        MetricName::RequestRate,
        MetricName::Throughput,
        MetricName::QueueDepth,
        MetricName::ActiveConnections,
        MetricName::NetworkMbps,
        MetricName::Replicas,
    ] {
        prop_assert!(value(always).is_some(), "{id}: {always} is not measured");
    }
    prop_assert_eq!(value(MetricName::CpuUsage).is_some(), value(MetricName::MemoryUsage).is_some());
    let served = value(MetricName::Throughput) > Some(0.0);
    prop_assert!(!served || value(MetricName::ErrorRate).is_some(), "{id} serves and knows no error rate");
    match [MetricName::LatencyP50, MetricName::LatencyP95, MetricName::LatencyP99].map(value) {
        [Some(p50), Some(p95), Some(p99)] => {
            prop_assert!(p50 <= p95 && p95 <= p99, "{id}: {p50} {p95} {p99}");
        }
        measured => {
            prop_assert_eq!(measured, [None; 3], "{}: some percentiles without the others", id);
            prop_assert!(!served, "{id} serves and knows no latency");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn requests_are_conserved_and_metrics_make_sense(
        files in any_files(),
        other in any_files(),
        seed in any::<u64>(),
        steps in steps(),
    ) {
        let other = other.scenario()?;
        let mut world = World::new(files.scenario()?, seed);
        let mut events = Vec::new();
        for step in &steps {
            // Refusals are fine, panics are not.
            drop(world.apply(&command(step, &world, &other)));
            for _ in 0..step.ticks {
                let before: Vec<f64> = world.flows().iter().map(|flow| flow.queued + flow.in_service).collect();
                world.step(&mut events);
                check_flows(&before, &world)?;
                if world.sample_due() {
                    check_sample(&world.snapshot())?;
                }
            }
            let replicas = world.topology().services.iter().map(|service| service.replicas.len()).sum::<usize>();
            prop_assert_eq!(replicas, world.replica_count());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn littles_law_holds_second_by_second(
        files in roomy_files(),
        seed in any::<u64>(),
        slow in prop::option::of(0.1..1.0),
    ) {
        let mut world = World::new(files.scenario()?, seed);
        if let Some(severity) = slow {
            let fault = FaultSpec { severity, ..FaultSpec::new(FaultKind::SlowNode, Target::node("n")) };
            world.apply(&Command::InjectFault(fault)).unwrap();
        }
        let services = world.flows().len();
        let mut events = Vec::new();
        for _ in 0..20 {
            let (mut held, mut served) = (vec![0.0; services], vec![0.0; services]);
            for _ in 0..20 {
                world.step(&mut events);
                for (at, flow) in world.flows().iter().enumerate() {
                    held[at] += flow.queued + flow.in_service;
                    // There is room for everybody: whoever failed was served and let down by a callee.
                    served[at] += flow.completed + flow.failed;
                }
            }
            for at in 0..services {
                // Requests · ticks of 50 ms on the one side, requests · ms on the other.
                let mean_ms = world.own_latency(&format!("s{at}")).unwrap().mean_ms;
                let (number, flow) = (held[at] * 50.0, served[at] * mean_ms);
                let close = (number - flow).abs() <= 0.005 * number || number < 1e-6;
                prop_assert!(close, "s{at}: L = {number}, λW = {flow}");
            }
        }
    }
}
