//! What would come of a proposal, or of what could be done about an incident: the options are chosen here, sim-engine computes.

use connectrpc_axum::ConnectError;
use proto::common::v1::TargetKind;
use proto::ops::v1::{PlannedAction, Preview, PreviewRequest, PreviewResponse};
use proto::sim::v1::{Edge, GetTopologyRequest, GetTopologyResponse, Topology};
use remedy::autoscale::QUEUE;
use remedy::{NodeId, Remedy, ServiceId, Suspected, Target};
use store::actions::{ActionRow, Status};
use store::incidents::{self, IncidentRow};
use uuid::Uuid;

use crate::api::control::call;
use crate::app::App;
use crate::error;

/// Most options besides doing nothing: what a person compares at a glance, and sim-engine computes in a moment.
const MAX_OPTIONS: usize = 6;
/// Suspects whose remedies are options, the most likely first.
const SUSPECTS: usize = 2;

/// How far and how often to look ahead; 0 leaves it to sim-engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    pub(crate) futures: u32,
    pub(crate) horizon_s: u32,
}

impl Reach {
    /// As sim-engine thinks right.
    pub(crate) const DEFAULT: Self = Self { futures: 0, horizon_s: 0 };
}

/// Looks ahead at a proposal, the alternatives to it, and doing nothing.
pub(crate) async fn of_action(app: &App, action: ActionRow, reach: Reach) -> Result<Preview, ConnectError> {
    let ActionRow { id, status, action_type, target_id, replicas, incident_id, simulation_id, .. } = action;
    if status != Status::Proposed as i32 {
        return Err(error::precondition(format!(
            "Action {id} no longer waits for a decision. PreviewIncident looks ahead at what can be done now."
        )));
    }
    let proposed = PlannedAction {
        r#type: action_type,
        target_id,
        replicas: u32::try_from(replicas).unwrap_or_default(),
    };
    let suspects = match lead(app, incident_id).await? {
        Some(incident) => suspects(&incident),
        None => Vec::new(),
    };
    look(app, &simulation_id, Some(proposed), &suspects, reach).await
}

/// Looks ahead at what could be done about an open incident.
pub(crate) async fn of_incident(app: &App, id: Uuid, reach: Reach) -> Result<Preview, ConnectError> {
    let incident = lead(app, id).await?.ok_or_else(|| {
        error::not_found(format!("There is no incident {id}. IncidentService.List has the ones there are."))
    })?;
    if incident.resolved {
        return Err(error::precondition(format!(
            "Incident {} is over: there is nothing to look ahead at.",
            incident.id
        )));
    }
    look(app, &incident.simulation_id, None, &suspects(&incident), reach).await
}

/// The incident itself, or what it is a symptom of.
async fn lead(app: &App, id: Uuid) -> Result<Option<IncidentRow>, ConnectError> {
    let read = async {
        let mut conn = app.store.acquire().await?;
        match incidents::get(&mut conn, id).await? {
            Some(IncidentRow { symptom_of: Some(lead), .. }) => incidents::get(&mut conn, lead).await,
            incident => Ok(incident),
        }
    };
    read.await.map_err(|failure| error::database("read the incident", &failure))
}

async fn look(
    app: &App,
    simulation_id: &str,
    proposed: Option<PlannedAction>,
    suspects: &[Target],
    Reach { futures, horizon_s }: Reach,
) -> Result<Preview, ConnectError> {
    let request = GetTopologyRequest { simulation_id: simulation_id.to_owned() };
    let GetTopologyResponse { topology, tick: _ } = call(app, "GetTopology", &request).await?;
    let actions = options(proposed, suspects, &topology.unwrap_or_default());
    let request = PreviewRequest { simulation_id: simulation_id.to_owned(), actions, futures, horizon_s };
    let PreviewResponse { preview } = call(app, "Preview", &request).await?;
    preview.ok_or_else(|| {
        error::unavailable("sim-engine answered without a preview. Check its version and try again.")
    })
}

/// The proposal, then what could be done about the suspects, in the order of suspicion.
fn options(proposed: Option<PlannedAction>, suspects: &[Target], topology: &Topology) -> Vec<PlannedAction> {
    let mut options: Vec<PlannedAction> = proposed.into_iter().collect();
    for suspect in suspects {
        for remedy in remedies(suspect, topology) {
            let planned = wire::planned(&remedy);
            // A scale-up by another number is not another option.
            let is_there = |known: &PlannedAction| {
                (known.r#type, &known.target_id) == (planned.r#type, &planned.target_id)
            };
            if options.len() < MAX_OPTIONS && !options.iter().any(is_there) {
                options.push(planned);
            }
        }
    }
    options
}

/// What could be done about a suspect.
fn remedies(suspect: &Target, topology: &Topology) -> Vec<Remedy> {
    let service = |id: &str| topology.services.iter().find(|service| service.id == id);
    let delivers = |edge: &Edge| service(&edge.from_service_id).is_some_and(|caller| caller.profile == QUEUE);
    let consumes = topology.edges.iter().any(|edge| edge.to_service_id == suspect.id() && delivers(edge));
    let known = service(suspect.id()).map_or_else(Suspected::default, |known| Suspected {
        replicas: known.desired_replicas,
        profile: &known.profile,
        entry: known.entry,
        read_ratio: known.read_ratio,
        static_ratio: known.static_ratio,
        user_distance_ms: known.user_distance_ms,
        consumes,
    });
    remedy::options(suspect, &known)
}

/// What is suspected; the incident's own target while nothing is.
fn suspects(incident: &IncidentRow) -> Vec<Target> {
    let suspected = incident.record.suspects.iter().filter_map(|suspect| match suspect.kind.as_str() {
        "service" => Some(Target::Service(ServiceId::new(&suspect.id))),
        "node" => Some(Target::Node(NodeId::new(&suspect.id))),
        // Nothing can be done to a zone as a whole.
        _ => None,
    });
    let suspects: Vec<Target> = suspected.take(SUSPECTS).collect();
    if !suspects.is_empty() {
        return suspects;
    }
    match TargetKind::try_from(incident.target_kind) {
        Ok(TargetKind::Service) => {
            vec![Target::Service(ServiceId::new(&incident.target_id))]
        }
        Ok(TargetKind::Node) => vec![Target::Node(NodeId::new(&incident.target_id))],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proto::ops::v1::ActionType;
    use proto::sim::v1::Service;

    use super::*;

    #[test]
    fn the_proposal_comes_first_and_no_option_twice() {
        let service = |id: &str, desired_replicas| Service {
            id: id.to_owned(),
            desired_replicas,
            ..Service::default()
        };
        let topology =
            Topology { services: vec![service("cart", 4), service("db", 1)], ..Topology::default() };
        let proposed =
            PlannedAction { r#type: ActionType::ScaleUp.into(), target_id: "cart".to_owned(), replicas: 1 };
        let suspects = [Target::Service(ServiceId::new("cart")), Target::Service(ServiceId::new("db"))];
        let options = options(Some(proposed), &suspects, &topology);
        let told: Vec<_> = options
            .iter()
            .map(|option| (option.r#type().as_str_name(), &*option.target_id, option.replicas))
            .collect();
        assert_eq!(
            told,
            [
                ("ACTION_TYPE_SCALE_UP", "cart", 1),
                ("ACTION_TYPE_REBALANCE_TRAFFIC", "cart", 0),
                ("ACTION_TYPE_RESTART_SERVICE", "cart", 0),
                ("ACTION_TYPE_RESTART_SERVICE", "db", 0),
                ("ACTION_TYPE_SCALE_UP", "db", 1),
            ]
        );
    }
}
