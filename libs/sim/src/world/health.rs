//! Health of services, told from every sample.

use crate::Target;
use crate::event::EventKind;

use super::World;
use super::view::Health;

/// Past these a service counts as degraded.
const DEGRADED_ERROR_PERCENT: f32 = 5.0;
const DEGRADED_P99_MS: f32 = 500.0;

/// Clean samples in a row after which a service counts as healthy again.
const RECOVERY_SAMPLES: u32 = 3;

impl World {
    /// Tells from the sample just closed which services got worse or recovered.
    pub(super) fn judge_health(&mut self) {
        for service in 0..self.cloud.services.len() {
            let errors = self.cloud.sampler.service_value(6, service);
            let p99 = self.cloud.sampler.service_value(9, service);
            let state = &mut self.cloud.services[service];
            let seen = if state.running == 0 {
                Health::Down
            } else if errors > DEGRADED_ERROR_PERCENT
                || p99 > DEGRADED_P99_MS
                || state.running < state.desired
            {
                Health::Degraded
            } else {
                Health::Healthy
            };
            state.clean_samples = if seen == Health::Healthy { state.clean_samples + 1 } else { 0 };
            let before = state.health;
            let recovered = state.clean_samples >= RECOVERY_SAMPLES;
            if seen == before || (seen == Health::Healthy && !recovered) {
                continue;
            }
            state.health = seen;
            let target = Target::service(&*self.running.topology.services[service].id);
            let name = seen.name();
            if seen == Health::Healthy {
                self.emit(
                    EventKind::ServiceRecovered,
                    target.clone(),
                    format!("{} is healthy again", target.id),
                    &[],
                );
            } else {
                let message = format!(
                    "{} is {name}: {errors:.1} % errors, p99 {p99:.0} ms, {} of {} replicas",
                    target.id, self.cloud.services[service].running, self.cloud.services[service].desired
                );
                self.emit(EventKind::ServiceDegraded, target, message, &[("health", name)]);
            }
        }
    }
}
