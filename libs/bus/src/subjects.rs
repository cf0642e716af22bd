//! Subjects. docs/messages.md holds the same table for people.

/// Telemetry of a small cloud.
pub const SIM_METRICS: &str = "sim.metrics";
/// Facts about the simulated cloud.
pub const SIM_EVENTS: &str = "sim.events";
/// Heartbeat of sim-engine; plain NATS, not kept.
pub const SIM_STATE: &str = "sim.state";
/// Group of sim-engine's request/reply endpoints for steering a simulation; plain NATS.
pub const SIM_CONTROL: &str = "sim.control";
/// Group of those for creating, forking and deleting simulations. Both services have a method `Pause`.
pub const SIM_CONTROL_SIMULATION: &str = "sim.control.simulation";
/// Incidents at every transition.
pub const OPS_INCIDENTS: &str = "ops.incidents";
/// Proposals (version 0) and their life (version 1 and up).
pub const OPS_ACTIONS: &str = "ops.actions";
/// Approved actions on their way to sim-engine.
pub const OPS_COMMANDS: &str = "ops.commands";

/// Signs of life of services that automation rests on; plain NATS, not kept.
pub const OPS_HEARTBEAT: &str = "ops.heartbeat";

/// Every key of the bucket of detection rules.
pub const OPS_RULES: &str = "$KV.OPS_RULES.>";

/// Every key of the bucket of silences.
pub const OPS_SILENCES: &str = "$KV.OPS_SILENCES.>";

/// Every key of the bucket of the kill switch and the approval policies.
pub const OPS_POLICIES: &str = "$KV.OPS_POLICIES.>";

/// Telemetry of one shard of a cloud too large for one message.
pub fn sim_metrics_shard(shard: u32) -> String {
    format!("{SIM_METRICS}.{shard}")
}

/// Telemetry of one shard of a simulation other than `default`.
pub fn sim_metrics_of(simulation_id: &str, shard: u32) -> String {
    format!("{SIM_METRICS}.{simulation_id}.{shard}")
}

/// Telemetry of every shard of a simulation other than `default`.
pub fn sim_metrics_every_shard(simulation_id: &str) -> String {
    format!("{SIM_METRICS}.{simulation_id}.*")
}

/// Write-ahead logs of all simulations.
pub const SIM_JOURNALS: &str = "sim.journal.*";

/// Write-ahead log of one simulation.
pub fn sim_journal(simulation_id: &str) -> String {
    format!("sim.journal.{simulation_id}")
}

/// A part of the state of a simulation.
pub fn sim_checkpoint(simulation_id: &str, slot: u64, part: u32) -> String {
    format!("sim.checkpoint.{simulation_id}.{slot}.{part}")
}

/// Every part of the state of a simulation.
pub fn sim_checkpoints_of(simulation_id: &str) -> String {
    format!("sim.checkpoint.{simulation_id}.>")
}

/// Endpoint of a method of `sim.v1.ControlService`.
pub fn sim_control(method: &str) -> String {
    format!("{SIM_CONTROL}.{method}")
}

/// Endpoint of a method of `sim.v1.SimulationService`.
pub fn sim_control_simulation(method: &str) -> String {
    format!("{SIM_CONTROL_SIMULATION}.{method}")
}

/// Where messages of a stream go that a consumer could not handle.
pub fn dead_letters_of(stream: &str) -> String {
    format!("dlq.{stream}")
}
