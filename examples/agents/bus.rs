//! An agent on the bus, as `bus.py`: restarts what an incident suspects first.
//!
//! ```sh
//! microcloud agents register healer --description "restarts the first suspect"
//! cargo run --example bus nats://127.0.0.1:4222 healer
//! ```
use bus::{Bus, BusConfig, Consumer, ConsumerSpec, Outgoing, streams, subjects};
use proto::ops::v1::{Action, ActionStatus, ActionType, Incident, SuspectKind};
use proto::sim::v1::{GetTopologyRequest, GetTopologyResponse};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [url, name] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "usage: bus URL NAME")?;
    let bus = Bus::connect(BusConfig::new(url, &name)).await?;
    // Everything that the stream keeps; the orchestrator refuses what comes too late.
    let spec = ConsumerSpec::durable(streams::OPS_INCIDENTS, &name);
    let mut incidents = Consumer::open(&bus, spec, CancellationToken::new()).await?;
    while let Some(delivery) = incidents.next().await {
        let incident: Incident = delivery.decode()?;
        let suspected = incident.suspects.first().filter(|suspect| suspect.kind() == SuspectKind::Service);
        if let Some(service) = suspected.filter(|_| !incident.resolved && incident.symptom_of.is_empty()) {
            let asked = GetTopologyRequest { simulation_id: incident.simulation_id.clone() };
            let timeout = std::time::Duration::from_secs(5);
            let answer: GetTopologyResponse =
                bus.call(&subjects::sim_control("GetTopology"), &asked, timeout).await?;
            let services = answer.topology.unwrap_or_default().services;
            let known = services.iter().find(|known| known.id == service.id).ok_or("an unknown service")?;
            let key = format!("{name}/1/RESTART_SERVICE/{}", known.id);
            let action = Action {
                // The same whenever it is sent.
                id: Uuid::new_v5(&incident.id.parse()?, key.as_bytes()).to_string(),
                simulation_id: incident.simulation_id.clone(),
                run_id: incident.run_id.clone(),
                incident_id: incident.id.clone(),
                r#type: ActionType::RestartService.into(),
                target_id: known.id.clone(),
                target_version: known.version,
                status: ActionStatus::Proposed.into(),
                reason: format!("{} is suspected: {}", known.id, incident.title),
                proposed_at_tick: incident.updated_tick,
                proposed_at: incident.updated_at,
                proposed_by: name.clone(),
                attempt: 1,
                ..Action::default()
            };
            let id = format!("{}:0", action.id);
            bus.publish(&Outgoing::message(subjects::OPS_ACTIONS, id, &action.simulation_id, &action))
                .await?;
        }
        delivery.ack().await;
    }
    Ok(())
}
