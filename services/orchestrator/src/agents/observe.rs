//! What an agent may see: what an operator could. Faults, seeds and what a scenario has in store are in none of it.

use std::collections::BTreeMap;

use connectrpc_axum::ConnectError;
use proto::ops::v1::{Observation, Readings, StreamSnapshot};
use proto::sim::v1::{EntityColumns, MetricSnapshot, Topology};
use store::actions;

use crate::app::App;
use crate::convert;
use crate::error;
use crate::hub::Hub;

/// The stream of a simulation of which something was heard.
pub(super) fn hub(app: &App, simulation_id: &str) -> Result<Hub, ConnectError> {
    app.hubs.find(simulation_id).ok_or_else(|| {
        error::not_found(format!(
            "I have heard of no simulation {simulation_id:?}. `microcloud sim list` shows those there are; one that was just created is there within a second."
        ))
    })
}

/// How things stand, as far as they are known.
pub(crate) async fn observe(
    app: &App,
    agent: &str,
    simulation_id: &str,
) -> Result<Observation, ConnectError> {
    let snapshot = hub(app, simulation_id)?.snapshot();
    let own = async {
        let mut conn = app.store.acquire().await?;
        actions::live_by(&mut conn, simulation_id, agent).await
    };
    let own = own.await.map_err(|failure| error::database("read your actions", &failure))?;
    let StreamSnapshot { state, topology, metrics, open_incidents, pending_actions: _ } = snapshot;
    let mut observation = Observation {
        simulation_id: simulation_id.to_owned(),
        topology: topology.map(visible),
        incidents: open_incidents,
        actions: own.into_iter().map(convert::action).collect(),
        ..Observation::default()
    };
    if let Some(state) = state {
        (observation.run_id, observation.tick, observation.time) = (state.run_id, state.tick, state.time);
    }
    for MetricSnapshot { run_id, tick, time, services, nodes, .. } in metrics {
        (observation.run_id, observation.tick, observation.time) = (run_id, tick, time);
        read(&mut observation.services, services);
        read(&mut observation.nodes, nodes);
    }
    Ok(observation)
}

/// The topology, field by field: what a later version adds to it has to be looked at before agents are shown it.
fn visible(Topology { name: _, zones, nodes, services, edges }: Topology) -> Topology {
    // The name is that of a scenario file.
    Topology { name: String::new(), zones, nodes, services, edges }
}

fn read(into: &mut BTreeMap<String, Readings>, columns: Option<EntityColumns>) {
    let EntityColumns { ids, versions: _, columns } = columns.unwrap_or_default();
    for (row, id) in ids.into_iter().enumerate() {
        let readings = columns.iter().filter_map(|column| {
            let value = f64::from(*column.values.get(row)?);
            value.is_finite().then(|| (column.metric.clone(), value))
        });
        into.entry(id).or_default().values.extend(readings);
    }
}
