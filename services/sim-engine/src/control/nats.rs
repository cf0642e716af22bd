//! `sim.v1.ControlService` over NATS: the same methods as request and reply on `sim.control.<Method>`.

use bus::{CallError, Calls};
use bytes::Bytes;
use connectrpc_axum::Code;
use prost::Message;

use super::Control;
use crate::refusal::Refusal;

/// The methods: all of the service but Watch, whose part `sim.state` plays, and `ops.v1.PreviewService`.
pub(crate) const METHODS: [&str; 15] = [
    "GetState",
    "GetTopology",
    "Play",
    "Pause",
    "Step",
    "SetSpeed",
    "ListScenarios",
    "GetScenario",
    "SetScenario",
    "Reset",
    "InjectFault",
    "ClearFault",
    "ListFaults",
    "SetChaos",
    "Preview",
];

impl Calls for Control {
    async fn call(&self, method: &str, payload: Bytes) -> Result<Bytes, CallError> {
        let answered = match method {
            "GetState" => encoded(self.get_state(decoded(payload)?).await),
            "GetTopology" => encoded(self.get_topology(decoded(payload)?).await),
            "Play" => encoded(self.play(decoded(payload)?).await),
            "Pause" => encoded(self.pause(decoded(payload)?).await),
            "Step" => encoded(self.step(decoded(payload)?).await),
            "SetSpeed" => encoded(self.set_speed(decoded(payload)?).await),
            "ListScenarios" => encoded(self.list_scenarios(decoded(payload)?).await),
            "GetScenario" => encoded(self.get_scenario(decoded(payload)?).await),
            "SetScenario" => encoded(self.set_scenario(decoded(payload)?).await),
            "Reset" => encoded(self.reset(decoded(payload)?).await),
            "InjectFault" => encoded(self.inject_fault(decoded(payload)?).await),
            "ClearFault" => encoded(self.clear_fault(decoded(payload)?).await),
            "ListFaults" => encoded(self.list_faults(decoded(payload)?).await),
            "Preview" => encoded(self.preview(decoded(payload)?).await),
            "SetChaos" => encoded(self.set_chaos(decoded(payload)?).await),
            _ => Err(Refusal::new(Code::Unimplemented, format!("{method} is not served over NATS"))),
        };
        answered.map_err(|refusal| CallError::new(refusal.code as i32, refusal.message))
    }
}

/// The request in a call.
pub(crate) fn decoded<M: Message + Default>(payload: Bytes) -> Result<M, CallError> {
    M::decode(payload).map_err(|error| {
        CallError::new(
            Code::InvalidArgument as i32,
            format!("the request is not the protobuf of this method: {error}"),
        )
    })
}

/// The answer to a call.
pub(crate) fn encoded<M: Message>(answer: Result<M, Refusal>) -> Result<Bytes, Refusal> {
    answer.map(|message| message.encode_to_vec().into())
}
