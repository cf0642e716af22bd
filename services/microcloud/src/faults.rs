//! `microcloud fault …` and `microcloud chaos`

use proto::common::v1::{Target as FaultTarget, TargetKind};
use proto::sim::v1::{
    ActiveFault, ClearFaultRequest, FaultSpec, GetTopologyRequest, InjectFaultRequest, ListFaultsRequest,
    SetChaosRequest, Topology,
};

use crate::cli::FaultCommand;
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::{api, status};

pub(crate) async fn run(target: &Target, command: FaultCommand) -> Result<(), Failure> {
    let client = api::control(target)?;
    match command {
        FaultCommand::Inject {
            kind,
            target: id,
            severity,
            duration_s,
            onset_s,
            persistent,
            id: fault_id,
        } => {
            let topology = client
                .get_topology(&GetTopologyRequest { simulation_id: target.simulation() })
                .await?
                .into_inner()
                .topology
                .unwrap_or_default();
            let fault = FaultSpec {
                id: fault_id.unwrap_or_default(),
                kind,
                target: Some(resolve(&topology, &id)?),
                severity: severity.unwrap_or_default(),
                duration_s: duration_s.unwrap_or_default(),
                onset_s: onset_s.unwrap_or_default(),
                persistent,
            };
            let request = InjectFaultRequest { simulation_id: target.simulation(), fault: Some(fault) };
            let fault = client.inject_fault(&request).await?.into_inner().fault.unwrap_or_default();
            output::line(format!("injected {}", describe(&fault)));
        }
        FaultCommand::List { json } => {
            let faults = client
                .list_faults(&ListFaultsRequest { simulation_id: target.simulation() })
                .await?
                .into_inner();
            if json {
                return output::json(&faults);
            }
            if faults.faults.is_empty() {
                output::line("No fault is in force.");
            }
            for fault in &faults.faults {
                output::line(describe(fault));
            }
            output::line("\nKinds that can be injected:");
            let rows = faults.kinds.into_iter().map(|kind| vec![kind.kind, kind.description]);
            output::table(&["KIND", "WHAT IT DOES"], rows.collect());
        }
        FaultCommand::Clear { id } => {
            let request = ClearFaultRequest { simulation_id: target.simulation(), fault_id: id };
            let fault = client.clear_fault(&request).await?.into_inner().fault.unwrap_or_default();
            output::line(format!("cleared {}", describe(&fault)));
        }
    }
    Ok(())
}

pub(crate) async fn set_chaos(target: &Target, level: f64) -> Result<(), Failure> {
    let request = SetChaosRequest { simulation_id: target.simulation(), level };
    let state = api::control(target)?.set_chaos(&request).await?.into_inner().state.unwrap_or_default();
    output::line(status::describe(&state));
    Ok(())
}

/// A bare id names a service, a node or a zone; ids are unique across the three in a topology.
fn resolve(topology: &Topology, id: &str) -> Result<FaultTarget, Failure> {
    let kind = if topology.services.iter().any(|service| service.id == id) {
        TargetKind::Service
    } else if topology.nodes.iter().any(|node| node.id == id) {
        TargetKind::Node
    } else if topology.zones.iter().any(|zone| zone.id == id) {
        TargetKind::Zone
    } else if id == "simulation" {
        TargetKind::Simulation
    } else {
        let names: Vec<_> = (topology.services.iter().map(|service| service.id.as_str()))
            .chain(topology.nodes.iter().map(|node| node.id.as_str()))
            .chain(topology.zones.iter().map(|zone| zone.id.as_str()))
            .collect();
        return Err(Failure::Refused(format!("nothing is called {id:?}: use one of {}", names.join(", "))));
    };
    Ok(FaultTarget { kind: kind.into(), id: id.to_owned() })
}

fn describe(fault: &ActiveFault) -> String {
    let spec = fault.spec.clone().unwrap_or_default();
    let until =
        if spec.duration_s > 0.0 { format!("for {} s", spec.duration_s) } else { "until cleared".to_owned() };
    let target = spec.target.unwrap_or_default().id;
    format!(
        "{}  {} on {target}, severity {:.2}, {until}, since tick {}",
        spec.id, spec.kind, spec.severity, fault.started_tick
    )
}
