//! Whatever the cloud and whatever is done to it: requests are conserved and no metric makes no sense.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use sim::fault::kinds;
use sim::{
    Act, ActionKind, Command, FaultId, FaultKind, FaultSpec, MetricName, Target, TargetKind, World, scenario,
};

const PROFILES: [&str; 6] =
    ["web_server", "microservice", "redis", "postgresql", "load_balancer", "message_queue"];

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) ticks: u8,
    what: u8,
    which: u8,
    severity: f64,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (1..60_u8, any::<u8>(), any::<u8>(), 0.0..1.0);
    prop::collection::vec(
        step.prop_map(|(ticks, what, which, severity)| Step { ticks, what, which, severity }),
        1..12,
    )
}

/// A random graph: service i may call only later ones.
pub(crate) fn files(
    services: &[(u8, u8, u16)],
    calls: &[(u8, u8, f64, bool)],
    rps: f64,
) -> BTreeMap<String, String> {
    let mut text = "name: any\nzones: [z0, z1]\nnodes:\n".to_owned();
    for node in 0..4 {
        writeln!(text, "  - {{id: n{node}, zone: z{}, cpu_cores: 8, memory_gb: 64}}", node % 2).unwrap();
    }
    text.push_str("services:\n");
    for (index, (profile, replicas, throughput)) in services.iter().enumerate() {
        let profile = PROFILES[usize::from(*profile) % PROFILES.len()];
        writeln!(
            text,
            "  - id: s{index}\n    profile: {profile}\n    entry: {}\n    replicas: {}",
            index == 0,
            replicas % 3 + 1
        )
        .unwrap();
        writeln!(
            text,
            "    specs: {{max_throughput: {}, cpu_cores: 1, memory_gb: 2}}\n    calls:",
            throughput % 900 + 1
        )
        .unwrap();
        let later = services.len() - index - 1;
        let mut any = false;
        for (from, to, per_request, asynchronous) in calls {
            if usize::from(*from) % services.len() == index && later > 0 {
                let callee = index + 1 + usize::from(*to) % later;
                writeln!(text, "      - {{to: s{callee}, calls_per_request: {per_request}, asynchronous: {asynchronous}, retries: {}, timeout_ms: 300}}", to % 4).unwrap();
                any = true;
            }
        }
        if !any {
            let without_calls = text.trim_end().trim_end_matches("calls:").trim_end().len();
            text.truncate(without_calls);
            text.push('\n');
        }
    }
    let main = format!(
        "description: Any.\nfamily: test\ntopology: any.yaml\ntraffic: [{{service: s0, constant: {{rps: {rps}}}, noise: 0.2}}]\n"
    );
    BTreeMap::from([("main.yaml".to_owned(), main), ("any.yaml".to_owned(), text)])
}

pub(crate) fn command(step: &Step, world: &World) -> Command {
    let topology = world.topology();
    let service = &topology.services[usize::from(step.which) % topology.services.len()];
    let node = &topology.nodes[usize::from(step.which) % topology.nodes.len()];
    if step.what < 110 {
        let info = &kinds()[usize::from(step.what) % kinds().len()];
        let target = match info.targets[usize::from(step.which) % info.targets.len()] {
            TargetKind::Service => Target::service(&*service.id),
            TargetKind::Node => Target::node(&*node.id),
            TargetKind::Zone => Target::zone(&*topology.zones[usize::from(step.which) % 2]),
            TargetKind::Simulation => Target::simulation(),
        };
        return Command::InjectFault(FaultSpec {
            severity: step.severity,
            ..FaultSpec::new(info.kind, target)
        });
    }
    if step.what < 130 {
        let id = world.faults().first().map_or_else(|| FaultId("none".to_owned()), sim::ActiveFault::id);
        return Command::ClearFault(id);
    }
    let kind = ActionKind::ALL[usize::from(step.what) % 5];
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

fn check_flows(before: &[f64], world: &World) -> Result<(), TestCaseError> {
    for (flow, held) in world.flows().iter().zip(before) {
        let ends = flow.completed + flow.failed + flow.queued + flow.in_service - held;
        let scale = flow.offered.max(*held).max(1.0);
        prop_assert!((flow.offered - ends).abs() <= 1e-9 * scale, "offered {} ends {ends}", flow.offered);
        for part in [flow.offered, flow.completed, flow.failed, flow.queued, flow.in_service] {
            prop_assert!(part.is_finite() && part >= -1e-9, "{flow:?}");
        }
    }
    Ok(())
}

fn check_sample(world: &World) -> Result<(), TestCaseError> {
    let sample = world.snapshot();
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
        let value = |metric| sample.services.value(id, metric);
        if let (Some(p50), Some(p95), Some(p99)) =
            (value(MetricName::LatencyP50), value(MetricName::LatencyP95), value(MetricName::LatencyP99))
        {
            prop_assert!(p50 <= p95 && p95 <= p99, "{id}: {p50} {p95} {p99}");
        }
        prop_assert!(value(MetricName::RequestRate).is_some() && value(MetricName::Replicas).is_some());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn requests_are_conserved_and_metrics_make_sense(
        services in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u16>()), 1..8),
        calls in prop::collection::vec((any::<u8>(), any::<u8>(), 0.0..3.0, any::<bool>()), 0..16),
        rps in 0.0..3000.0,
        seed in any::<u64>(),
        steps in steps(),
    ) {
        let scenario = scenario::load("main", &files(&services, &calls, rps));
        let scenario = scenario.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut world = World::new(scenario, seed);
        let mut events = Vec::new();
        for step in &steps {
            // Refusals are fine, panics are not.
            drop(world.apply(&command(step, &world)));
            for _ in 0..step.ticks {
                let before: Vec<f64> = world.flows().iter().map(|flow| flow.queued + flow.in_service).collect();
                world.step(&mut events);
                check_flows(&before, &world)?;
                if world.sample_due() {
                    check_sample(&world)?;
                }
            }
            let replicas = world.topology().services.iter().map(|service| service.replicas.len()).sum::<usize>();
            prop_assert_eq!(replicas, world.replica_count());
        }
    }
}

/// A chain of services with room for everybody, so that nothing fails: their callees by chance, any variability.
fn roomy(services: &[(u8, u16, f64)], calls: &[f64], rps: f64) -> BTreeMap<String, String> {
    let mut text =
        "name: any\nzones: [z]\nnodes: [{id: n, zone: z, cpu_cores: 400, memory_gb: 4000}]\nservices:\n"
            .to_owned();
    for (index, (replicas, throughput, cv2)) in services.iter().enumerate() {
        let (replicas, throughput) = (replicas % 3 + 1, throughput % 900 + 100);
        writeln!(
            text,
            "  - id: s{index}\n    profile: microservice\n    entry: {}\n    replicas: {replicas}\n    specs: {{max_throughput: {throughput}, min_latency_ms: 20, service_cv2: {cv2}, concurrency: 1000000, queue_limit: 1000000, base_error_ratio: 0, request_memory_kb: 0}}",
            index == 0
        )
        .unwrap();
        if index + 1 < services.len() {
            let per_request = calls[index % calls.len()];
            writeln!(
                text,
                "    calls: [{{to: s{}, calls_per_request: {per_request}, timeout_ms: 3600000, retries: 0}}]",
                index + 1
            )
            .unwrap();
        }
    }
    let main = format!(
        "description: Any.\nfamily: test\ntopology: any.yaml\ntraffic: [{{service: s0, constant: {{rps: {rps}}}, noise: 0.2}}]\n"
    );
    BTreeMap::from([("main.yaml".to_owned(), main), ("any.yaml".to_owned(), text)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn littles_law_holds_second_by_second(
        services in prop::collection::vec((any::<u8>(), any::<u16>(), 0.0..5.0), 1..6),
        calls in prop::collection::vec(0.0..2.0, 1..6),
        rps in 1.0..2000.0,
        seed in any::<u64>(),
        slow in prop::option::of(0.1..1.0),
    ) {
        let scenario = scenario::load("main", &roomy(&services, &calls, rps));
        let mut world = World::new(scenario.map_err(|error| TestCaseError::fail(error.to_string()))?, seed);
        if let Some(severity) = slow {
            let fault = FaultSpec { severity, ..FaultSpec::new(FaultKind::SlowNode, Target::node("n")) };
            world.apply(&Command::InjectFault(fault)).unwrap();
        }
        let mut events = Vec::new();
        for _ in 0..20 {
            let (mut held, mut served) = (vec![0.0; services.len()], vec![0.0; services.len()]);
            for _ in 0..20 {
                world.step(&mut events);
                for (at, flow) in world.flows().iter().enumerate() {
                    held[at] += flow.queued + flow.in_service;
                    // There is room for everybody: whoever failed was served and let down by a callee.
                    served[at] += flow.completed + flow.failed;
                }
            }
            for at in 0..services.len() {
                // Requests · ticks of 50 ms on the one side, requests · ms on the other.
                let mean_ms = world.own_latency(&format!("s{at}")).unwrap().mean_ms;
                let (number, flow) = (held[at] * 50.0, served[at] * mean_ms);
                let close = (number - flow).abs() <= 0.005 * number || number < 1e-6;
                prop_assert!(close, "s{at}: L = {number}, λW = {flow}");
            }
        }
    }
}
