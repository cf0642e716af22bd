//! `sim.v1.SimulationService` over NATS: the same methods as request and reply on `sim.control.simulation.<Method>`.

use bus::{CallError, Calls};
use bytes::Bytes;
use connectrpc_axum::Code;

use super::Simulations;
use crate::control::nats::{decoded, encoded};
use crate::refusal::Refusal;

/// The methods.
pub(crate) const METHODS: [&str; 13] = [
    "Create", "Validate", "Start", "Pause", "Resume", "Stop", "Get", "List", "Fork", "Replay", "Delete",
    "Save", "Restore",
];

impl Calls for Simulations {
    async fn call(&self, method: &str, payload: Bytes) -> Result<Bytes, CallError> {
        let answered = match method {
            "Create" => encoded(self.create(decoded(payload)?).await),
            "Validate" => encoded(self.validate(decoded(payload)?).await),
            "Start" => encoded(self.start(decoded(payload)?).await),
            "Pause" => encoded(self.pause(decoded(payload)?).await),
            "Resume" => encoded(self.resume(decoded(payload)?).await),
            "Stop" => encoded(self.stop(decoded(payload)?).await),
            "Get" => encoded(self.get(decoded(payload)?).await),
            "List" => encoded(self.list(decoded(payload)?).await),
            "Fork" => encoded(self.fork(decoded(payload)?).await),
            "Replay" => encoded(self.replay(decoded(payload)?).await),
            "Delete" => encoded(self.delete(decoded(payload)?).await),
            "Save" => encoded(self.save(decoded(payload)?).await),
            "Restore" => encoded(self.restore(decoded(payload)?).await),
            _ => Err(Refusal::new(Code::Unimplemented, format!("{method} is not served over NATS"))),
        };
        answered.map_err(|refusal| CallError::new(refusal.code as i32, refusal.message))
    }
}
