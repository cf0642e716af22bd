//! Subjects. docs/messages.md holds the same table for people.

/// Telemetry of a small cloud.
pub const SIM_METRICS: &str = "sim.metrics";
/// Facts about the simulated cloud.
pub const SIM_EVENTS: &str = "sim.events";
/// Heartbeat of sim-engine; plain NATS, not kept.
pub const SIM_STATE: &str = "sim.state";
/// Group of sim-engine's request/reply endpoints; plain NATS.
pub const SIM_CONTROL: &str = "sim.control";
/// Incidents at every transition.
pub const OPS_INCIDENTS: &str = "ops.incidents";
/// Proposals (version 0) and their life (version 1 and up).
pub const OPS_ACTIONS: &str = "ops.actions";
/// Approved actions on their way to sim-engine.
pub const OPS_COMMANDS: &str = "ops.commands";

/// Telemetry of one shard of a cloud too large for one message.
pub fn sim_metrics_shard(shard: u32) -> String {
    format!("{SIM_METRICS}.{shard}")
}

/// Write-ahead log of one simulation.
pub fn sim_journal(simulation_id: &str) -> String {
    format!("sim.journal.{simulation_id}")
}

/// Endpoint of a method of `sim.v1.ControlService`.
pub fn sim_control(method: &str) -> String {
    format!("{SIM_CONTROL}.{method}")
}

/// Where messages of a stream go that a consumer could not handle.
pub fn dead_letters_of(stream: &str) -> String {
    format!("dlq.{stream}")
}
